"""
Countersign: what an assistant doctor or a trainee prescribes counts when another doctor signs it.

Until then it is pending and nobody reviews it. Who countersigns is a doctor of the same hospital,
needs no countersignature, and may prescribe every medicine of it: the rules look at the content
again as if it were that doctor's own.

Source: Measures for the Administration of Prescriptions (MoH Order 53, 2007), art. 9 and 12.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, errors
from hospital.models import Account
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from prescriptions import content, lifecycle, queries, rules
from prescriptions.actions import judging, viewing
from prescriptions.actions.reviewing import Decision
from prescriptions.actions.viewing import Opened
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription


class NotEntitled(errors.Forbidden):
    """Who needs a countersignature gives none."""

    code = "countersign.not_entitled"


def draw(
    prescription_id: UUID, decision: str, reason: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement by which the other doctor decides. Raises what ``countersign`` raises."""
    prescription = lifecycle.find(prescription_id)
    move, facts, _ = _decided(prescription, decision, reason, by, at)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def countersign(
    prescription_id: UUID, decision: str, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Make the prescription count, or send it back, under the other doctor's signature.

    Raises:
        NotEntitled: see there.
        judging.RuleBroken: that doctor may not prescribe it either.
        and what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    move, facts, columns = _decided(prescription, decision, reason, by, at)
    entry = lifecycle.advance(
        prescription, move, by=by, at=at, signed=signed, facts=facts, **columns
    )
    return prescription, entry


def view(prescription_id: UUID, *, by: Actor, at: datetime) -> Opened:
    """
    What awaits the caller's countersignature, in full; the look is recorded first.

    Raises ``NotEntitled`` and what ``lifecycle.check`` raises.
    """
    with transaction.atomic():
        prescription = queries.with_record(prescription_id)
        lifecycle.check(prescription, lifecycle.COUNTERSIGN, by=by, at=at)
        _entitled(by)
        looked = access.view(
            by=by,
            at=at,
            purpose="countersign",
            basis="countersign",
            of=[prescription.record],
            about=prescription.subject,
            fields=content.EVERYTHING,
            patient=prescription.patient.person,
        )
    return viewing.opened(prescription, looked)


def in_words(statement: Statement) -> str:
    """What the other doctor reads above the signature."""
    if statement.facts["move"] == lifecycle.COUNTERSIGN.name:
        return "会签同事开具的处方"
    return f"退回同事开具的处方：{statement.facts['reason']}"


def _decided(
    prescription: Prescription, decision: str, reason: str, by: Actor, at: datetime
) -> tuple[Move, dict[str, Any], dict[str, Any]]:
    """The move that the decision is, what its entry says, what is stored with it."""
    move = lifecycle.REFUSE if decision == Decision.RETURN else lifecycle.COUNTERSIGN
    lifecycle.check(prescription, move, by=by, at=at)
    doctor = _entitled(by)
    facts = {"decision": decision, "reason": reason}
    if move is lifecycle.REFUSE:
        return move, facts, {}
    judging.again(prescription, prescription.consultation, at=at, doctor=doctor)
    return move, facts, {"countersigner_id": by.person}


def _entitled(by: Actor) -> Account:
    """The caller's account. Raises ``NotEntitled``."""
    doctor = Account.objects.select_related("organisation", "department").get(id=by.account)
    if doctor.person_id is None or rules.countersigned(doctor.rights):
        raise NotEntitled
    return doctor
