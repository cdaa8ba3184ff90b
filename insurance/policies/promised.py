"""
A promise that holds for a while: which policies count, in which editions, for one patient.

Who was told an own share while a doctor prescribed, or while a pharmacy was chosen, can have the
terms of that moment at the checkout, though a policy has ended since or another edition came into
force. What is promised are terms: neither the pharmacy's price nor what is left of the year, which
others may use meanwhile. The promise is sealed and in nobody's table; it names no medicine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hospital import errors, paging
from hospital.units import stamp
from insurance.policies.covers import InForce
from insurance.policies.models import Edition

HOLDS = timedelta(minutes=15)


class NoPromise(errors.Invalid):
    """That is no promise to this patient."""

    code = "promise.unknown"


class PromiseOver(errors.Gone):
    """The promise has ended; ask again what applies now."""

    code = "promise.over"


@dataclass(frozen=True, slots=True)
class Promised:
    """What the patient shows at the checkout, and until when it is good."""

    text: str
    until: datetime

    def shown(self) -> dict[str, str]:
        return {"promise": self.text, "holds_until": stamp(self.until)}


def make(patient: UUID, found: Sequence[InForce], *, at: datetime) -> Promised:
    """Promise the patient that these policies count as they do now."""
    until = at + HOLDS
    said = [until.isoformat(), [one.said() for one in found]]
    return Promised(paging.packed(json.dumps(said), _about(patient)), until)


def kept(text: str, patient: UUID, *, at: datetime) -> list[dict[str, Any]]:
    """
    What was promised, as ``covers.in_order`` reads it.

    Raises ``NoPromise``, ``PromiseOver``.
    """
    try:
        until, said = json.loads(paging.unpacked(text, _about(patient)))
    except paging.BadCursor as fault:
        raise NoPromise(field="promise") from fault
    if at >= datetime.fromisoformat(until):
        raise PromiseOver(until=until)
    editions = Edition.objects.in_bulk([one["edition"] for one in said])
    return [{**one, "terms": editions[one["edition"]].terms} for one in said]


def _about(patient: UUID) -> str:
    return f"promise/{patient.hex}"
