"""Money that nobody answered for, and money that is owed back."""

from celery import shared_task
from django.utils import timezone

from insurance.actions import erasing, paying, rewarding, scheduling


@shared_task(name="insurance.ask_about_payments")
def ask_about_payments() -> int:
    return paying.ask_about_payments(at=timezone.now())


@shared_task(name="insurance.refund_owed")
def refund_owed() -> int:
    return paying.refund_owed(at=timezone.now())


@shared_task(name="insurance.sweep_erased")
def sweep_erased() -> int:
    return erasing.sweep(at=timezone.now())


@shared_task(name="insurance.pay_rewards")
def pay_rewards() -> int:
    return rewarding.pay_rewards(at=timezone.now())


@shared_task(name="insurance.prepare_due")
def prepare_due() -> int:
    return scheduling.prepare_due(at=timezone.now())
