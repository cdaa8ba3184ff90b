"""
A payer's agent accepts what comes back to it, and takes back from pharmacies what was paid.

Each return requests it with rows of its own (``Reversal``). Accepting is an entry of the
prescription: what was not paid yet is owed less; what was paid, the pharmacy owes back, until a
clawback, an entry of its own, takes it, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from hospital import errors, signing
from hospital.feeds import publishing
from hospital.models import Organisation
from hospital.roles import Actor
from insurance import queries, turns
from insurance.actions import scheduling, settling
from insurance.actions.claims import WrongInsurer
from insurance.journal import post
from insurance.models import Claim, Clawback, Reversal
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription


class NothingToReverse(errors.Conflict):
    """Nothing of this prescription comes back to you, or you have accepted it before."""

    code = "reversal.none"


class SettleFirst(errors.Conflict):
    """Some of what comes back was paid and some was not: pay what is owed, then take all back."""

    code = "reversal.settle_first"


class UnknownReversal(errors.Invalid):
    """Not an accepted reversal of yours that this pharmacy owes."""

    code = "reversal.unknown"


class SeveralLines(errors.Invalid):
    """The reversals are entered in several lines of logs; take back those of each by themselves."""

    code = "clawback.several_lines"


def draw_reversal(prescription_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The acceptance to sign. Raises what ``accept`` raises."""
    prescription = lifecycle.find(prescription_id)
    move, facts, _ = _reversal(prescription, by, lock=False)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def accept(
    prescription_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Accept, under the payer's signature, all that comes back to it of one prescription.

    Raises ``WrongInsurer``, ``NothingToReverse``, ``SettleFirst`` and what ``lifecycle.advance``
    raises.
    """
    turns.in_turn(by)
    prescription = lifecycle.lock(prescription_id)
    move, facts, due = _reversal(prescription, by, lock=True)
    entry = lifecycle.advance(prescription, move, by=by, at=at, signed=signed, facts=facts)
    is_paid = move is lifecycle.CLAW_BACK
    state = Reversal.State.OWED if is_paid else Reversal.State.REDUCED
    rows = Reversal.objects.filter(id__in=[one.id for one in due])
    rows.update(state=state, accepted_at=at)
    if not is_paid:
        claims = Claim.objects.filter(id=due[0].claim_id)
        claims.update(reversed_fen=F("reversed_fen") + facts["reversed_fen"])
        if facts["left_fen"] == 0:
            bill = due[0].claim.bill
            scheduling.leave_batch(due[0].claim.payer_id, bill.pharmacy_id, [due[0].claim_id])
    post.reversed_(due, by.organisation, settled=is_paid, at=at)
    return prescription, entry


def draw_clawback(
    pharmacy: Organisation, reversals: Sequence[UUID], *, by: Actor, key: str, at: datetime
) -> Statement:
    """The clawback to sign. Raises what ``claw_back`` raises."""
    found = _owed(pharmacy, reversals, by, lock=False)
    return signing.draw(_clawback(pharmacy, found, by), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def claw_back(
    pharmacy: Organisation, reversals: Sequence[UUID], signed: str, *, by: Actor, at: datetime
) -> tuple[Clawback, chain.Appended]:
    """
    Take back from a pharmacy what was paid for medicines that came back, each reversal once.

    Raises ``UnknownReversal``, ``SeveralLines``.
    """
    turns.in_turn(by)
    found = _owed(pharmacy, reversals, by, lock=True)
    entry = signing.append(_clawback(pharmacy, found, by), signed, by=by, at=at)
    made = Clawback.objects.create(
        payer_id=by.organisation_id,
        pharmacy=pharmacy,
        total_fen=sum(one.fen for one in found),
        at=at,
    )
    rows = Reversal.objects.filter(id__in=[one.id for one in found])
    rows.update(state=Reversal.State.TAKEN, clawback=made)
    post.clawed_back(made, at=at)
    told = {pharmacy.id, made.payer_id}
    publishing.publish(told, entry, kind="insurance.clawback", move="claw_back", state="paid")
    return made, entry


def _reversal(
    prescription: Prescription, by: Actor, *, lock: bool
) -> tuple[Move, dict[str, Any], list[Reversal]]:
    rows = queries.reversals_in(by.organisation_id, Reversal.State.DUE).filter(
        claim__bill__prescription_id=prescription.id
    )
    due = list(rows.select_for_update(of=("self", "claim")) if lock else rows)
    if not due and not _decided(prescription, by):
        raise WrongInsurer
    if not due:
        raise NothingToReverse
    fen = sum(one.fen for one in due)
    facts: dict[str, Any] = {"payer": by.organisation, "reversed_fen": fen}
    unpaid = _unpaid(prescription, by)
    if unpaid is None:
        return lifecycle.CLAW_BACK, facts, due
    if any(one.claim_id != unpaid.id for one in due):
        raise SettleFirst
    return lifecycle.REVERSE, {**facts, "left_fen": unpaid.owed_fen - fen}, due


def _unpaid(prescription: Prescription, by: Actor) -> Claim | None:
    """What is approved and not paid; of one payer there is one such row at most."""
    mine = Claim.objects.filter(payer_id=by.organisation_id, settlement=None)
    owed = mine.filter(approved_fen__gt=F("reversed_fen"))
    return owed.filter(bill__prescription_id=prescription.id).first()


def _decided(prescription: Prescription, by: Actor) -> bool:
    mine = Claim.objects.filter(payer_id=by.organisation_id)
    return mine.filter(bill__prescription_id=prescription.id).exists()


def _owed(
    pharmacy: Organisation, reversals: Sequence[UUID], by: Actor, *, lock: bool
) -> list[Reversal]:
    """
    All that is owed of each prescription named: the ledger takes them by the prescription.
    """
    rows = queries.reversals_in(by.organisation_id, Reversal.State.OWED).filter(
        claim__bill__pharmacy=pharmacy
    )
    found = list(rows.select_for_update(of=("self",)) if lock else rows)
    named = set(reversals)
    bills = {one.claim.bill_id for one in found if one.id in named}
    whole = [one for one in found if one.claim.bill_id in bills]
    if {one.id for one in whole} != named:
        raise UnknownReversal(field="reversals")
    return whole


def _clawback(pharmacy: Organisation, found: Sequence[Reversal], by: Actor) -> signing.Draft:
    """By prescriptions, each of which owes back all its reversals together."""
    lines = {queries.line_of(one.claim) for one in found}
    if len(lines) != 1:
        raise SeveralLines(field="reversals", lines=sorted(lines))
    draft = settling.taking(
        "insurance.clawback",
        "clawback",
        sorted(one.id.hex for one in found),
        pharmacy,
        by,
        claims=sorted({one.claim.bill.prescription.subject for one in found}),
        total_fen=sum(one.fen for one in found),
    )
    return replace(draft, line=lines.pop())
