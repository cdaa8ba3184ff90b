"""What the clock does to prescriptions. Each task asks the database what is due."""

from celery import shared_task
from django.utils import timezone

from prescriptions.actions import expiring, issuing, rekeying


@shared_task(name="prescriptions.expire_lapsed")
def expire_lapsed() -> int:
    return issuing.expire_lapsed(at=timezone.now())


@shared_task(name="prescriptions.forget_drafts")
def forget_drafts() -> int:
    return issuing.forget_drafts(at=timezone.now())


@shared_task(name="prescriptions.warn_expiring")
def warn_expiring() -> int:
    return expiring.warn(at=timezone.now())


@shared_task(name="prescriptions.rekey_withdrawn")
def rekey_withdrawn() -> int:
    return rekeying.rekey_withdrawn()
