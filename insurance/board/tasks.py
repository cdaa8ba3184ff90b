"""Counting, watching and forgetting wake; what they find says what is to be done."""

from celery import shared_task
from django.utils import timezone

from insurance.board import actions


@shared_task(name="board.roll")
def roll() -> int:
    return actions.roll(at=timezone.now())


@shared_task(name="board.watch")
def watch() -> int:
    return actions.watch(at=timezone.now())


@shared_task(name="board.forget")
def forget() -> int:
    return actions.forget(at=timezone.now())
