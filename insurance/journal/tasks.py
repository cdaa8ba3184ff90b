"""Add up what was posted, so that balances stay cheap to read."""

from celery import shared_task

from insurance.journal import folding


@shared_task(name="journal.fold")
def fold() -> int:
    return folding.fold()
