"""The sender wakes; the database says what is due."""

from celery import shared_task
from django.utils import timezone

from hospital.notices import sending


@shared_task(name="notices.send_due")
def send_due() -> int:
    return sending.send_due(at=timezone.now())
