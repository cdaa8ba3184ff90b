"""Reconciliation wakes; the database says which days are due."""

from celery import shared_task
from django.utils import timezone

from insurance.reconciliation import actions


@shared_task(name="reconciliation.reconcile")
def reconcile() -> int:
    return actions.reconcile(at=timezone.now())
