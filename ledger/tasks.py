"""
What Celery wakes. A task lost, doubled or late does no harm: each looks for what is due.

Each line of logs has ticks of its own (``config.celery``), so that lines do not wait for each
other. A log that has been closed is still served until its successor is open.
"""

from contextlib import suppress

from celery import shared_task

from ledger import (
    alarms,
    chain,
    checkpoints,
    feeding,
    national,
    network,
    patientlists,
    places,
    queries,
    sequencer,
)
from ledger.models import Log
from ledger.policy import BadPolicy
from ledger.publication import Refused

SEQUENCER, SIGNER, FEEDER = "sequencer.contradiction", "signer.refused", "policy.unusable"
LISTS = "patients.refused"


@shared_task(name="ledger.tasks.sequence")
def sequence(line: str = "") -> None:
    """Give leaves to the events committed since the last run."""
    origin = network.newest(line)
    with alarms.watching(origin, SEQUENCER, sequencer.Contradiction):
        sequencer.sequence(origin)


@shared_task(name="ledger.tasks.checkpoint")
def checkpoint(line: str = "") -> None:
    """Sign the log's head if it has grown, publish it, and show it to the witnesses."""
    origin = network.newest(line)
    with alarms.watching(origin, SIGNER, Refused):
        signer, second = places.signer(origin), places.second_signer(origin)
        checkpoints.advance(signer, places.published(origin), second=second)
    feed(line)


@shared_task(name="ledger.tasks.advance")
def advance(line: str = "") -> None:
    """Both of it, in one tick."""
    sequence(line)
    checkpoint(line)


@shared_task(name="ledger.tasks.feed")
def feed(line: str = "") -> None:
    """Show the newest checkpoint to the witnesses that are due; publish what is final."""
    log = Log.objects.get(id=network.log_id(network.newest(line)))
    folder = places.published(log.origin)
    with alarms.watching(log.origin, FEEDER, BadPolicy):
        feeding.feed(log, folder)
        checkpoints.publish_final(log, folder)


@shared_task(name="ledger.tasks.anchor")
def anchor() -> None:
    """Enter the logs' newest final checkpoints in the national log."""
    with suppress(network.Turning, chain.Turned):  # the next time, in the next log
        national.anchor(network.national())


@shared_task(name="ledger.tasks.patients")
def patients(line: str = "") -> None:
    """
    Bring the patients' lists to the newest final checkpoint; publish them when cosigned.

    Those of the log before too until they reach its end: it may have turned in between.
    """
    newest = network.newest(line)
    for origin in queries.logs_of(network.line_of(newest))[-2:]:
        if origin != newest and patientlists.is_whole(origin):
            continue
        with alarms.watching(origin, LISTS, Refused):
            signer, second = places.signer(origin), places.second_signer(origin)
            patientlists.advance(signer, places.published(origin), second=second)
