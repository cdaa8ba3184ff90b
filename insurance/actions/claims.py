"""
Claims: a payer decides on its share of a delivered bill; what it pays of them, ``settling`` does.

A claim is nothing that anybody files: it follows from the signed events. The payer's agent reads
them, decides, signs; the decision is an entry of the prescription.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from hospital import errors
from hospital.roles import Actor
from insurance import queries
from insurance.actions import scheduling
from insurance.actions.settling import SETTLED_AT_ONCE as SETTLED_AT_ONCE
from insurance.journal import post
from insurance.models import Bill, Claim
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


def share_of(bill: Bill, payer: int) -> int:
    """Fen of ``bill``, as it is now, that this payer promised; raises ``WrongInsurer`` if none."""
    fen = _shares(bill).get(payer, 0)
    if fen == 0:
        raise WrongInsurer
    return fen


def has_share(bill: Bill, payer: int) -> bool:
    """Not any more, where what it paid for came back."""
    return _shares(bill).get(payer, 0) > 0


def _shares(bill: Bill) -> dict[int, int]:
    """Payer → fen of what the patient keeps."""
    fens = queries.reckoned(bill).fens
    return {share.payer_id: fen for share, fen in zip(bill.in_order, fens, strict=True)}


def draw_decision(
    prescription_id: UUID, ruling: Ruling, *, by: Actor, key: str, at: datetime
) -> Statement:
    prescription = lifecycle.find(prescription_id)
    move, facts, _ = _decision(prescription, ruling, by)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def decide(
    prescription_id: UUID, ruling: Ruling, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Decide under the payer's signature. With the last payer's decision the prescription is claimed.

    Raises:
        WrongInsurer, AlreadyDecided, BadDecision: see each; and what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    move, facts, bill = _decision(prescription, ruling, by)
    entry = lifecycle.advance(prescription, move, by=by, at=at, signed=signed, facts=facts)
    claim = Claim.objects.create(
        bill=bill,
        payer_id=by.organisation_id,
        claimed_fen=share_of(bill, by.organisation_id),
        approved_fen=ruling.approved_fen,
        decision=ruling.decision,
        reason=ruling.reason,
        decided_at=at,
        at_once=scheduling.waits_for_nothing(by.organisation_id, ruling.approved_fen),
    )
    post.decided(claim, bill.pharmacy.slug, at=at)
    return prescription, entry


def _decision(
    prescription: Prescription, ruling: Ruling, by: Actor
) -> tuple[Move, dict[str, Any], Bill]:
    bill = _bill(prescription)
    claimed = share_of(bill, by.organisation_id)
    if prescription.status not in (Status.DELIVERED, Status.CLAIMED):
        raise lifecycle.WrongState(move="claim", status=prescription.status)
    decided = set(Claim.objects.filter(bill=bill).values_list("payer_id", flat=True))
    if by.organisation_id in decided:
        raise AlreadyDecided
    _check(ruling, claimed)
    waiting = {payer for payer, fen in _shares(bill).items() if fen > 0} - decided
    move = lifecycle.CLAIM if waiting == {by.organisation_id} else lifecycle.DECIDE
    facts = {
        "payer": by.organisation,
        "claimed_fen": claimed,
        "approved_fen": ruling.approved_fen,
        "decision": ruling.decision,
        "reason": ruling.reason,
    }
    return move, facts, bill


def _bill(prescription: Prescription) -> Bill:
    """The live bill; without one nobody is a payer, and whoever asks learns no more."""
    try:
        return queries.live_bill(prescription)
    except queries.NoBill as fault:
        raise WrongInsurer from fault


def _check(ruling: Ruling, claimed: int) -> None:
    fits = {
        Decision.APPROVE: ruling.approved_fen == claimed and ruling.reason == "none",
        Decision.PART: 0 < ruling.approved_fen < claimed and ruling.reason != "none",
        Decision.REFUSE: ruling.approved_fen == 0 and ruling.reason != "none",
    }
    if not fits[Decision(ruling.decision)]:
        raise BadDecision(field="approved_fen", claimed_fen=claimed)
