"""
What stands next to a record that somebody has disputed: who said what of it, and when.

The record itself is never touched (病历书写基本规范: what is corrected stays legible, and the
correction is signed and dated; the article is unconfirmed). An accepted request attaches the
doctor's amendment, a refused one that is appealed the patient's statement of disagreement, and a
refusal that the regulator turned what the patient had asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from hospital.corrections.models import Correction, State
from hospital.models import Account, SealedRecord
from hospital.units import stamp

SHOWN = (State.ACCEPTED, State.APPEALED, State.UPHELD, State.TURNED)


class Kind(StrEnum):
    """AMENDMENT is the doctor's, DECISION the regulator's, DISAGREEMENT the patient's word."""

    AMENDMENT = "amendment"
    DECISION = "decision"
    DISAGREEMENT = "disagreement"


@dataclass(frozen=True, slots=True)
class Attached:
    """A sealed record that belongs beside another, who put it there, and when."""

    kind: Kind
    record: SealedRecord
    by: Account
    at: datetime
    subject: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """What was attached, with those of its fields that the reader's look opens."""

    attached: Attached
    fields: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        """As readers get it."""
        one = self.attached
        return {
            "kind": one.kind.value,
            "subject": one.subject,
            "at": stamp(one.at),
            "by": str(one.by.id),
            "role": one.by.role,
            "organisation": one.by.actor.organisation,
            "fields": self.fields,
        }


def to(disputed: Sequence[SealedRecord]) -> dict[UUID, list[Attached]]:
    """
    Record's id → what is attached to it, the oldest first.

    One query; none if nothing is asked for. Only where something is attached, some more, as many
    for a page as for one record: joins would make every look pay for what hardly ever is there.
    """
    found: dict[UUID, list[Attached]] = defaultdict(list)
    if not disputed:
        return found
    rows = Correction.objects.filter(of__in=[one.id for one in disputed], state__in=SHOWN)
    people = ("answerer__organisation", "decider__organisation", "patient")
    for one in rows.prefetch_related("request", "answer", "appeal", *people):
        found[one.of_id].append(_attached(one))
    return {of: sorted(every, key=lambda one: one.at) for of, every in found.items()}


def _attached(one: Correction) -> Attached:
    kind, record, by, at = {
        State.ACCEPTED: (Kind.AMENDMENT, one.answer, one.answerer, one.answered_at),
        State.TURNED: (Kind.DECISION, one.request, one.decider, one.decided_at),
    }.get(State(one.state), (Kind.DISAGREEMENT, one.appeal, one.patient, one.appealed_at))
    assert record is not None, "the database sees to it"
    assert by is not None, "the same"
    assert at is not None, "the same"
    return Attached(kind, record, by, at, one.subject)
