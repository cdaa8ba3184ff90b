"""What Celery wakes. A task lost, doubled or late does no harm: each looks for what is due."""

from celery import shared_task
from django.conf import settings

from ledger import chain, checkpoints, keyfile, sequencer


@shared_task(name="ledger.tasks.sequence")
def sequence() -> None:
    """Give leaves to the events committed since the last run."""
    sequencer.sequence(chain.origin())


@shared_task(name="ledger.tasks.checkpoint")
def checkpoint() -> None:
    """Sign the log's head if it has grown, and publish it."""
    checkpoints.advance(keyfile.load(settings.KEY_FOLDER / "log.key"), settings.LOG_FOLDER)
