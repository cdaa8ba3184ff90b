"""What is swept up regularly."""

from celery import shared_task
from django.utils import timezone

from hospital import idempotency, records
from hospital.actions import login
from hospital.faces import actions as faces


@shared_task(name="hospital.forget_old")
def forget_old() -> None:
    now = timezone.now()
    records.forget_kept(at=now)
    idempotency.forget_old(at=now)
    login.forget_old(at=now)
    faces.forget_old(at=now)
