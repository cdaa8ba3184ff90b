"""
What the board's tasks do: count what is new, look how the ledger is, forget what is old.

Counting holds one row, so two tasks at a time count nothing twice; the position moves with what was
counted, in one transaction, so a crash counts nothing twice either.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from insurance.board import alarms, counting, health, tallying
from insurance.board.models import Rolled
from ledger import tailing

MOST = 500
"""Entries of each log in one transaction."""
ROUNDS = 20


def roll(*, at: datetime) -> int:
    """
    Count the entries that have come; how many. The first time it only marks where to begin.
    """
    counted = 0
    for _ in range(ROUNDS):
        some = _roll_some(at)
        counted += some
        if some < MOST:
            break
    return counted


@transaction.atomic
def _roll_some(at: datetime) -> int:
    row = Rolled.objects.select_for_update(skip_locked=True).first()
    if row is None:
        here = Rolled(position=tailing.written(tailing.ends()))
        Rolled.objects.bulk_create([here], ignore_conflicts=True)
        return 0
    position = tailing.position_of(row.position)
    entries = tailing.after(position, MOST)
    if not entries:
        return 0
    counting.add(counting.figures_of(entries, counting.chains(entries)))
    marks = tallying.marks(entries)
    tallying.add(marks)
    alarms.note(tallying.met(marks), at=at)
    row.position = tailing.written(tailing.moved(position, entries))
    row.save(update_fields=["position"])
    return len(entries)


def watch(*, at: datetime) -> int:
    """Look how the ledger is, and close what is over; how many of its alarms stand."""
    found = health.alarming(health.logs(at=at))
    with transaction.atomic():
        alarms.note(found, at=at)
        alarms.close_over(found, at=at)
        alarms.close_quiet(at=at)
    return len(found)


def forget(*, at: datetime) -> int:
    """Delete figures and tallies that nobody asks for any more; how many rows."""
    return counting.forget(at) + tallying.forget(at)
