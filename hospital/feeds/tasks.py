"""Numbering, sending and forgetting wake; the database says what is due."""

from celery import shared_task
from django.utils import timezone

from hospital.feeds import forgetting, numbering, sending


@shared_task(name="feeds.number")
def number() -> int:
    return numbering.number_all(at=timezone.now())


@shared_task(name="feeds.send_due")
def send_due() -> int:
    return sending.send_due(at=timezone.now())


@shared_task(name="feeds.forget_old")
def forget_old() -> int:
    return forgetting.forget_old(at=timezone.now())
