"""What the clock does for appraisal. The task asks the database and the logs what is due."""

from celery import shared_task
from django.utils import timezone

from prescriptions.appraisal.actions import sampling


@shared_task(name="appraisal.draw_due")
def draw_due() -> int:
    return sampling.draw_due(at=timezone.now())
