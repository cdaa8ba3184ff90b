"""
A patient brings medicines back: the pharmacist signs, and in one transaction they are put aside,
the bill is reckoned again for what the patient keeps, and what follows is requested.

Requested, and worked off later from rows of the same transaction: the refund, by the task that
asks WeChat Pay for whatever is owed back; each payer's reversal, by the payer's own agent.

Source: 医疗机构药事管理规定 (2011), art. 28, from memory, unconfirmed;
docs/decisions/0050-returns-and-recalls.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from hospital import errors
from hospital.roles import Actor
from insurance import queries, queries_claims, turns
from insurance.actions import billing, owing_back, reducing
from insurance.journal import post
from insurance.models import (
    Bill,
    Claim,
    Payment,
    Pending,
    Reckoning,
    ReckoningShare,
    Refund,
    Reversal,
)
from insurance.policies import bills
from ledger import chain
from ledger.entry import Statement
from pharmacy import quarantine, queries_recalls
from pharmacy.actions.lots import LotsMissing
from pharmacy.models import Dispensing, Reservation, Return
from pharmacy.returns import WITHIN, Reason
from prescriptions import lifecycle, permissions
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription


class MoreThanGiven(errors.Invalid):
    """The patient does not have so much of this line."""

    code = "return.more_than_given"


class TooLateToReturn(errors.Gone):
    """For this reason it is not taken back any more."""

    code = "return.too_late"


class NotRecalled(errors.Conflict):
    """Nothing of what comes back is recalled."""

    code = "return.not_recalled"


@dataclass(frozen=True, slots=True)
class Brought:
    """
    What comes back: line number → units, and of which lots (id → units), as the boxes say.

    Of narcotics the lots are named; of all else what is not named is what expires first.
    """

    lines: Mapping[str, int]
    reason: str
    lots: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Plan:
    move: Move
    facts: dict[str, Any]
    units: quarantine.Units
    bill: Bill
    kept: billing.Quote
    owed: owing_back.Owed
    back: list[Reversal]


def draw(
    prescription_id: UUID, brought: Brought, *, by: Actor, key: str, at: datetime
) -> tuple[Statement, int]:
    """The return to sign, and the fen that the patient gets back. Raises as ``take_back``."""
    prescription = lifecycle.find(prescription_id)
    plan = _plan(prescription, brought, by, at)
    statement = lifecycle.propose(prescription, plan.move, by=by, key=key, at=at, facts=plan.facts)
    return statement, plan.owed.patient_fen


@transaction.atomic(savepoint=False)
def take_back(
    prescription_id: UUID, brought: Brought, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended, int]:
    """
    Take medicines back under the pharmacist's signature; with the last of them it is taken back.

    What remains with the patient may come back later, as another return.

    Raises:
        MoreThanGiven, TooLateToReturn, NotRecalled: see each.
        reducing.OldBill, permissions.OwnPrescription, quarantine.NotOfThisLot,
        quarantine.WrongLots, LotsMissing, and what ``lifecycle.advance`` raises.
    """
    decided = Claim.objects.filter(bill__prescription_id=prescription_id)
    turns.in_turn_of(*set(decided.values_list("payer_id", flat=True)))  # nothing is just paid
    prescription = lifecycle.lock(prescription_id)
    plan = _plan(prescription, brought, by, at)
    entry = lifecycle.advance(
        prescription, plan.move, by=by, at=at, signed=signed, facts=plan.facts
    )
    quarantine.take_in(prescription, entry, by=by, at=at, units=plan.units)
    made = Return.objects.create(
        prescription=prescription,
        reason=brought.reason,
        lines=dict(brought.lines),
        lots={str(lot.id): some for lot, some in plan.units},
        by_id=by.account,
        at=at,
        entry=entry.leaf,
    )
    post.returned(plan.bill, plan.kept, made, plan.back, at=at)
    _reckon(plan, made)
    _leave_open(plan, at)
    for reversal in plan.back:
        reversal.returned = made
        reversal.save(force_insert=True)
    if plan.owed != owing_back.NOTHING:
        paid = Payment.objects.filter(bill=plan.bill, state=Payment.State.PAID)
        payment = paid.exclude(refunds__cause=Refund.Cause.VOID).get()  # not what came too late
        owing_back.returned(payment, made, plan.owed, at=at)
    return prescription, entry, plan.owed.patient_fen


def _plan(prescription: Prescription, brought: Brought, by: Actor, at: datetime) -> _Plan:
    lifecycle.check(prescription, lifecycle.RETURN, by=by, at=at)
    permissions.check_four_eyes(prescription, by)
    given = Dispensing.objects.get(prescription=prescription)
    if at > given.dispensed_at + WITHIN[Reason(brought.reason)]:
        raise TooLateToReturn(days=WITHIN[Reason(brought.reason)].days)
    left = _left(prescription, given, brought)
    units = _units(prescription, brought)
    bill = queries.live_bill(prescription)
    models.prefetch_related_objects([bill], "claims__payer", "claims__reversals")
    standing = queries.reckoned(bill)
    kept = reducing.kept(bill, left, standing)
    owed = owing_back.Owed.between(bill, standing, kept)
    back = _back(bill, kept)
    waiting = queries_claims.to_decide(bill, kept)
    lots = {lot.commitment: some for lot, some in units}
    facts = {
        "pharmacy": by.organisation,
        "lines": dict(brought.lines),
        "reason": brought.reason,
        "bill": {
            "total_fen": kept.total_fen,
            "patient_fen": kept.patient_fen,
            "payers": queries.shares(bill, kept),
            **({"at_payment": with_it} if (with_it := queries.at_payment(bill, kept)) else {}),
        },
        "refund_fen": owed.patient_fen,
        "waiting": waiting,
        "back": _by_payer(back),
        **({"lots": lots} if prescription.form in TWO_PHARMACISTS else {}),
    }
    move = lifecycle.RETURN_PART if any(left.values()) else lifecycle.RETURN
    return _Plan(move, facts, units, bill, kept, owed, back)


def _left(prescription: Prescription, given: Dispensing, brought: Brought) -> dict[str, int]:
    """Line number → units that the patient keeps. Raises ``MoreThanGiven``."""
    left = dict(given.lines)
    earlier = Return.objects.filter(prescription=prescription).values_list("lines", flat=True)
    for lines in (*earlier, brought.lines):
        for line, units in lines.items():
            left[line] = left.get(line, 0) - units
            if left[line] < 0:
                raise MoreThanGiven(field="lines", line=line)
    return left


def _units(prescription: Prescription, brought: Brought) -> quarantine.Units:
    if prescription.form in TWO_PHARMACISTS and not brought.lots:
        raise LotsMissing(field="lots")
    medicines = _medicines(prescription, brought.lines)
    wanted: dict[str, int] = {}
    for line, units in brought.lines.items():
        wanted[medicines[line]] = wanted.get(medicines[line], 0) + units
    units_of = quarantine.chosen(quarantine.with_patient(prescription), wanted, brought.lots)
    if brought.reason == Reason.RECALL and not queries_recalls.was_any_recalled(
        [lot for lot, _ in units_of]
    ):
        raise NotRecalled
    return units_of


def _medicines(prescription: Prescription, lines: Mapping[str, int]) -> dict[str, str]:
    """Line number → the medicine that was given for it: what was agreed on, if anything was."""
    taken = Reservation.objects.filter(prescription=prescription, state=Reservation.State.TAKEN)
    given = {
        line: one.item.medicine_id for one in taken.select_related("item") for line in one.lines
    }
    if lines.keys() <= given.keys():
        return given
    return {line: code for line, (code, _) in billing.wanted(prescription, lines).items()}


def _back(bill: Bill, kept: billing.Quote) -> list[Reversal]:
    """
    What each payer that has approved more than its share of what is kept gets back, of what it
    approved last first.
    """
    over = Counter({payer: -fen for payer, fen in queries.shares(bill, kept).items()})
    claims = sorted(bill.claims.all(), key=lambda one: (-one.number, one.id))
    for claim in claims:
        over[claim.payer.slug] += queries_claims.standing(claim)
    found = []
    for claim in claims:
        fen = min(over[claim.payer.slug], queries_claims.standing(claim))
        if fen > 0:
            over[claim.payer.slug] -= fen
            found.append(Reversal(claim=claim, fen=fen))
    return found


def _by_payer(back: Sequence[Reversal]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in back:
        found[one.claim.payer.slug] += one.fen
    return dict(found)


def _leave_open(plan: _Plan, at: datetime) -> None:
    """Of what was appealed against or reopened, what is kept; nobody decides about nothing."""
    waiting: Mapping[str, int] = plan.facts["waiting"]
    for claim in plan.bill.claims.all():
        if claim.rest_fen:
            claim.rest_fen = waiting.get(claim.payer.slug, 0)
            claim.save(update_fields=["rest_fen"])
    open_still = Pending.objects.filter(bill=plan.bill, closed_at=None)
    open_still.exclude(payer__slug__in=waiting).update(closed_at=at)


def _reckon(plan: _Plan, made: Return) -> None:
    reckoning = Reckoning.objects.create(
        returned=made,
        bill=plan.bill,
        number=1 + plan.bill.reckonings.count(),
        total_fen=plan.kept.total_fen,
        patient_fen=plan.kept.patient_fen,
    )
    ReckoningShare.objects.bulk_create(
        ReckoningShare(reckoning=reckoning, share=share, fen=fen)
        for share, fen in zip(plan.bill.in_order, plan.kept.fens, strict=True)
    )
    bills.restate_use(plan.bill, plan.kept.reckoned)
