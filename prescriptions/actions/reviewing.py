"""
Review: a pharmacist of the hospital approves a prescription, or sends it back, before it counts.

What is written on the form of narcotics, of psychotropics of class I or of toxic medicines takes
two: the first checks, another confirms, and either may send it back. Who approves says so in the
same words; which of the moves that is, form and state decide.

Source: Measures for the Administration of Prescriptions (MoH Order 53, 2007), art. 34 to 36; two
reviewers for controlled medicines: regulations of 2005, art. 40 (双人复核, unconfirmed).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle
from prescriptions.facts import TWO_REVIEWERS
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription, Review, Status


class Decision(models.TextChoices):
    """What a reviewing pharmacist answers, or a doctor who is asked to countersign."""

    APPROVE = "approve"
    RETURN = "return"


class Reason(models.TextChoices):
    """Why it goes back: the points of the suitability review (Order 53, art. 35), or its form."""

    NONE = "none"
    ALLERGY_TEST = "allergy_test"
    DIAGNOSIS_MISMATCH = "diagnosis_mismatch"
    DOSE = "dose"
    ROUTE_OR_FORM = "route_or_form"
    DUPLICATION = "duplication"
    INTERACTION = "interaction"
    FORMAT = "format"
    OTHER = "other"


def draw(
    prescription_id: UUID, decision: str, reason: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement by which a reviewer decides. Raises what ``review`` raises."""
    prescription = lifecycle.find(prescription_id)
    move, facts, _ = decided(prescription, decision, reason, by)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def review(
    prescription_id: UUID, decision: str, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Approve or send back under the reviewing pharmacist's signature.

    Raises what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    move, facts, columns = decided(prescription, decision, reason, by)
    entry = lifecycle.advance(
        prescription, move, by=by, at=at, signed=signed, facts=facts, **columns
    )
    count([reviewed(prescription, move, reason, at)])
    return prescription, entry


def decided(
    prescription: Prescription, decision: str, reason: str, by: Actor
) -> tuple[Move, dict[str, Any], dict[str, Any]]:
    """The move that a reviewer's decision is, what its entry says, what is stored with it."""
    facts = {"decision": decision, "reason": reason}
    if decision == Decision.RETURN:
        return lifecycle.SEND_BACK, facts, {}
    if prescription.status == Status.CHECKED:
        return lifecycle.CONFIRM, facts, {"confirmer_id": by.person}
    if prescription.form in TWO_REVIEWERS:
        return lifecycle.CHECK, facts, {"checker_id": by.person}
    return lifecycle.APPROVE, facts, {}


def reviewed(prescription: Prescription, move: Move, reason: str, at: datetime) -> Review:
    """The row by which a decision is counted; another server's clock may be a little ahead."""
    since = prescription.awaits_since
    assert since is not None, "only what has waited is reviewed"
    return Review(
        prescription=prescription,
        hospital_id=prescription.hospital_id,
        move=move.name,
        reason=reason,
        warnings=prescription.warnings,
        awaited_since=min(since, at),
        reviewed_at=at,
    )


def count(rows: Sequence[Review]) -> None:
    """Store them, in the transaction of the decisions."""
    Review.objects.bulk_create(rows)


SAID = {
    lifecycle.APPROVE.name: "审核通过",
    lifecycle.CHECK.name: "审核通过，尚须另一名药师复核",
    lifecycle.CONFIRM.name: "复核通过",
}


def in_words(statement: Statement) -> str:
    """What the reviewer reads above the signature."""
    return SAID.get(statement.facts["move"]) or f"退回处方：{statement.facts['reason']}"
