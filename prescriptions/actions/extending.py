"""
Extend a prescription: it stays valid longer, to the end of the third day at most.

Source: Measures for the Administration of Prescriptions (MoH Order 53, 2007), art. 18.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle, rules
from prescriptions.models import Prescription


class BadExtension(errors.Invalid):
    """An extension ends later than before, and by 24:00 of the third day from the day of issue."""

    code = "prescription.bad_extension"


def draw(
    prescription_id: UUID, valid_until: datetime, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement that moves the end. Raises what ``extend`` raises."""
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.EXTEND, by=by, at=at)
    facts = _facts(prescription, valid_until)
    return lifecycle.propose(prescription, lifecycle.EXTEND, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def extend(
    prescription_id: UUID, valid_until: datetime, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Let the prescription end at ``valid_until`` (exclusive), under the doctor's signature.

    What a patient has granted ends when it was to end before; the code on the patient's phone opens
    the prescription at the counter, as always.

    Raises ``BadExtension`` and what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.EXTEND, by=by, at=at)
    entry = lifecycle.advance(
        prescription,
        lifecycle.EXTEND,
        by=by,
        at=at,
        signed=signed,
        facts=_facts(prescription, valid_until),
        valid_until=valid_until,
    )
    return prescription, entry


def _facts(prescription: Prescription, valid_until: datetime) -> dict[str, str]:
    latest = rules.valid_until(prescription.created_at, rules.VALID_DAYS_MAX)
    if not prescription.valid_until < valid_until <= latest:
        raise BadExtension(field="valid_until", latest=stamp(latest))
    return {"valid_until": stamp(valid_until)}
