"""What the clock does to consultations. Each task asks the database what is due."""

from celery import shared_task
from django.utils import timezone

from hospital.consultations.actions import asking, ending


@shared_task(name="consultations.lapse_due")
def lapse_due() -> int:
    return ending.lapse_due(at=timezone.now())


@shared_task(name="consultations.forget_drafts")
def forget_drafts() -> int:
    return asking.forget_drafts(at=timezone.now())
