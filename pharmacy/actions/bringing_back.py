"""
Before the door in vain: a courier tries twice, then the parcel goes back, and its pharmacy takes it
into quarantine. The bill follows by itself: ``insurance.tasks`` voids what has no pharmacy any more
and pays back what was paid; a claim there is of nothing that was not delivered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from pharmacy import coldchain, parcels, quarantine, queries_parcels
from pharmacy.models import Attempt
from pharmacy.parcels import Reason
from prescriptions import lifecycle
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription


class NotCold(errors.Invalid):
    """Nothing in this parcel is kept cold."""

    code = "delivery.not_cold"


def draw_attempt(
    prescription_id: UUID, reason: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement that it could not be handed over. Raises what ``attempt`` raises."""
    prescription = lifecycle.find(prescription_id)
    move, facts = _attempt(prescription, reason, by, at)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def attempt(
    prescription_id: UUID, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    It could not be handed over: the courier tries once more, or, after the second time and where
    that helps nobody, brings it back.

    Raises:
        NotCold: it is said to have become too warm.
        coldchain.TooLongAway: another reason than that is given of what has been away too long.
        And what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    move, facts = _attempt(prescription, reason, by, at)
    entry = lifecycle.advance(prescription, move, by=by, at=at, signed=signed, facts=facts)
    Attempt.objects.create(
        prescription=prescription,
        number=_failed(prescription) + 1,
        reason=reason,
        by_id=by.account,
        at=at,
    )
    return prescription, entry


def draw_take_back(prescription_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that the pharmacy has it again."""
    prescription = lifecycle.find(prescription_id)
    return lifecycle.propose(prescription, lifecycle.TAKE_BACK, by=by, key=key, at=at, facts={})


@transaction.atomic(savepoint=False)
def take_back(
    prescription_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """The pharmacist takes the parcel from the courier; what is in it lies in quarantine."""
    prescription = lifecycle.lock(prescription_id)
    entry = lifecycle.advance(
        prescription, lifecycle.TAKE_BACK, by=by, at=at, signed=signed, facts={}
    )
    quarantine.take_in(prescription, entry, by=by, at=at)
    return prescription, entry


def _attempt(
    prescription: Prescription, reason: str, by: Actor, at: datetime
) -> tuple[Move, dict[str, Any]]:
    lifecycle.check(prescription, lifecycle.FAIL, by=by, at=at)
    if reason == Reason.COLD_CHAIN:
        if not queries_parcels.is_cold(prescription):
            raise NotCold(field="reason")
    else:
        coldchain.check(prescription, at)
    last = reason in parcels.FINAL or _failed(prescription) + 1 >= parcels.ATTEMPTS
    move = lifecycle.TURN_BACK if last else lifecycle.FAIL
    return move, {"reason": parcels.said(reason)}


def _failed(prescription: Prescription) -> int:
    return queries_parcels.attempts_at(prescription).count()
