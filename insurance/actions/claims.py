"""
Claims: a payer decides on its share of a delivered bill; what it pays of them, ``settling`` does.

A claim is nothing that anybody files: it follows from the signed events. The payer's agent reads
them, decides, signs, or leaves it to an officer (``actions.pending``); the decision is an entry of
the prescription.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from hospital import errors
from hospital.roles import Actor, Role
from insurance import queries, queries_claims, turns
from insurance.actions import handling, scheduling
from insurance.actions.settling import SETTLED_AT_ONCE as SETTLED_AT_ONCE
from insurance.journal import post
from insurance.models import Bill, Claim, Pending
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription, Status


class Decision(models.TextChoices):
    APPROVE = "approve"
    PART = "part"
    REFUSE = "refuse"


class ClaimReason(models.TextChoices):
    """Why a payer pays less than its share."""

    NONE = "none"
    EVIDENCE_MISSING = "evidence_missing"
    QUANTITY_DIFFERS = "quantity_differs"
    ABOVE_CEILING = "above_ceiling"
    NOT_COVERED = "not_covered"
    FIELD_MISSING = "field_missing"
    FRAUD = "fraud"
    OTHER = "other"


class WrongInsurer(errors.Forbidden):
    """You pay nothing of this prescription."""

    code = "access.wrong_insurer"


class AlreadyDecided(errors.Conflict):
    """You have decided on this claim before."""

    code = "claim.decided"


class BadDecision(errors.Invalid):
    """Approve pays all, refuse nothing, part something between; the last two give a reason."""

    code = "claim.bad_decision"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a payer decides. ``approved_fen`` of its share."""

    decision: str
    approved_fen: int
    reason: str


def draw_decision(
    prescription_id: UUID, ruling: Ruling, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The decision to sign. Raises what ``decide`` raises."""
    prescription = lifecycle.find(prescription_id)
    move, facts, _ = _decision(prescription, ruling, by, at)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def decide(
    prescription_id: UUID, ruling: Ruling, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Decide under the payer's signature. With the last payer's decision the prescription is claimed.

    Raises:
        WrongInsurer, AlreadyDecided, BadDecision: see each; what ``handling.check`` and
        ``lifecycle.advance`` raise.
    """
    if by.role is Role.OFFICER:
        turns.in_turn(by)  # of what was approved before some may just be paid
    prescription = lifecycle.lock(prescription_id)
    lock_claims(prescription, by.organisation)
    move, facts, bill = _decision(prescription, ruling, by, at)
    entry = lifecycle.advance(prescription, move, by=by, at=at, signed=signed, facts=facts)
    claim = _store(bill, ruling, facts["claimed_fen"], by, at)
    Pending.objects.filter(bill=bill, payer_id=by.organisation_id, closed_at=None).update(
        closed_at=at
    )
    post.decided(claim, bill, facts["claimed_fen"], ruling.approved_fen, at=at)
    return prescription, entry


def _decision(
    prescription: Prescription, ruling: Ruling, by: Actor, at: datetime
) -> tuple[Move, dict[str, Any], Bill]:
    bill = bill_of(prescription, by.organisation)
    if prescription.status not in (Status.DELIVERED, Status.CLAIMED):
        raise lifecycle.WrongState(move="claim", status=prescription.status)
    waiting = queries_claims.to_decide(bill)
    if by.organisation not in waiting:
        raise AlreadyDecided
    claimed = waiting[by.organisation]
    _check(ruling, claimed)
    handling.check(bill, ruling, by, at)
    move = lifecycle.CLAIM if len(waiting) == 1 else lifecycle.DECIDE
    facts = {
        "payer": by.organisation,
        "claimed_fen": claimed,
        "approved_fen": ruling.approved_fen,
        "decision": ruling.decision,
        "reason": ruling.reason,
    }
    return move, facts, bill


def lock_claims(prescription: Prescription, payer: str) -> None:
    """Wait until nobody pays what this payer has decided, or gets it back; then nobody does."""
    rows = Claim.objects.filter(bill__prescription_id=prescription.id, payer__slug=payer)
    list(rows.select_for_update(of=("self",)).order_by("id").values_list("id"))


def bill_of(prescription: Prescription, payer: str) -> Bill:
    """
    The live bill, of which this payer has a share, with what was decided on it.

    Without one nobody is a payer, and whoever asks learns no more. Raises ``WrongInsurer``.
    """
    try:
        bill = queries.live_bill(prescription)
    except queries.NoBill as fault:
        raise WrongInsurer from fault
    models.prefetch_related_objects(
        [bill], "reckonings__shares", "claims__payer", "claims__reversals"
    )
    if queries.shares(bill, queries.reckoned(bill)).get(payer, 0) == 0:
        raise WrongInsurer
    return bill


def _store(bill: Bill, ruling: Ruling, claimed: int, by: Actor, at: datetime) -> Claim:
    """
    A row for the first decision; what is approved of the rest is added to it, or, if it was paid,
    is a second one.
    """
    said = {
        "decision": ruling.decision,
        "reason": ruling.reason,
        "decided_at": at,
        "decided_by_id": by.account,
    }
    mine = [one for one in bill.claims.all() if one.payer_id == by.organisation_id]
    found = max(mine, key=lambda one: one.number, default=None)
    if found is not None and found.settlement_id is None:
        return _add(found, ruling, said)
    if found is not None:
        Claim.objects.filter(id=found.id).update(rest_fen=0)
    return Claim.objects.create(
        bill=bill,
        payer_id=by.organisation_id,
        number=found.number + 1 if found else 1,
        claimed_fen=claimed,
        approved_fen=ruling.approved_fen,
        at_once=scheduling.waits_for_nothing(by.organisation_id, ruling.approved_fen),
        **said,
    )


def _add(found: Claim, ruling: Ruling, said: dict[str, Any]) -> Claim:
    """No batch has counted what was not owed: it is due at once. What was owed waits as it did."""
    rows = Claim.objects.filter(id=found.id)
    rows.update(
        rest_fen=0,
        approved_fen=found.approved_fen + ruling.approved_fen,
        at_once=found.at_once or found.owed_fen == 0,
        **said,
    )
    return found


def _check(ruling: Ruling, claimed: int) -> None:
    fits = {
        Decision.APPROVE: ruling.approved_fen == claimed and ruling.reason == "none",
        Decision.PART: 0 < ruling.approved_fen < claimed and ruling.reason != "none",
        Decision.REFUSE: ruling.approved_fen == 0 and ruling.reason != "none",
    }
    if not fits[Decision(ruling.decision)]:
        raise BadDecision(field="approved_fen", claimed_fen=claimed)
