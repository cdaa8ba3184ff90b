"""
Whoever received something of a recall is told, and who guards them: each once for a recall.

A task takes a recall batch by batch; how far it has come is stored with each batch, so a task that
was killed goes on where it stopped. What was given out is complete when the recall is committed,
and nothing is added to it later. The notice names no medicine; it leads to ``GET /api/me/recalls``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from hospital.guardians import queries as guardians
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from pharmacy import queries_recalls
from pharmacy.recalls import Recall

BATCH: Final = 5_000
"""Movements of which the recipients are told in one transaction: a fraction of a second."""
BATCHES: Final = 40
"""How many batches one wake-up does at most."""


def warn_due(*, at: datetime, batch: int = BATCH, batches: int = BATCHES) -> int:
    """Tell of the recalls that are due, the oldest first; how many patients were told."""
    told = 0
    for _ in range(batches):
        done = warn(at=at, batch=batch)
        if done is None:
            break
        told += done
    return told


@transaction.atomic(savepoint=False)
def warn(*, at: datetime, batch: int = BATCH) -> int | None:
    """
    Tell the next batch of the oldest recall that nobody else has in hand; None if none is due.
    """
    due = Recall.objects.select_for_update(of=("self",), skip_locked=True)
    rows = due.filter(state=Recall.State.IN_FORCE, told_at__isnull=True)
    recall = rows.order_by("created_at").first()
    if recall is None:
        return None
    given = queries_recalls.batch(recall, batch)
    told = _tell(recall, given.patients, at) if given else 0
    if given:
        recall.lot, recall.movement = given.lot, given.movement
    if given is None or given.many < batch:
        recall.told_at = at
    recall.told += told
    recall.save(update_fields=["lot", "movement", "told", "told_at"])
    return told


def _tell(recall: Recall, patients: Sequence[str], at: datetime) -> int:
    """How many patients are told now; who was told in an earlier batch is not counted again."""
    told = notices.tell_each(patients, Kind.RECALLED, recall.subject, at=at)
    guards = guardians.guarding_any(patients, at=at)
    notices.tell_each(guards, Kind.WARD_RECALLED, recall.subject, at=at)
    return told
