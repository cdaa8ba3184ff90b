"""
What comes before another decision: a claim is left to a person, an officer asks the patient for a
field or reopens what was decided, the patient withholds the field or appeals.

Each is an entry of the prescription, signed by who does it. The patient's "yes" to a field is a
grant like any other (``hospital.actions.consents``), with which the officer reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import errors, signing
from hospital.consents import Purpose
from hospital.models import Organisation
from hospital.roles import Actor, Role
from hospital.units import stamp
from insurance import queries, queries_claims, turns
from insurance.actions import scheduling
from insurance.actions.claims import AlreadyDecided, bill_of, lock_claims
from insurance.journal import post
from insurance.models import Bill, Claim, Pending
from insurance.pending import ANSWERING, APPEALING, DECIDING, Cause
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle
from prescriptions.lifecycle import APPEAL, ASK_FIELD, PEND, REOPEN, WITHHOLD, Move
from prescriptions.models import Prescription


class NotDecided(errors.Conflict):
    """The payer has still to decide; nothing can be reopened or appealed against yet."""

    code = "claim.not_decided"


class AlreadyAsked(errors.Conflict):
    """The patient was asked for a field of this claim and has not answered."""

    code = "claim.already_asked"


class NothingAsked(errors.Conflict):
    """This payer has asked for no field, or for another one."""

    code = "claim.nothing_asked"


class AlreadyPaid(errors.Conflict):
    """It was paid, or some of it comes back: the decision stands, and is not undone."""

    code = "claim.already_paid"


class NothingRefused(errors.Conflict):
    """The payer has approved its whole share."""

    code = "claim.nothing_refused"


class AlreadyAppealed(errors.Conflict):
    """You have appealed against this payer's decision before."""

    code = "claim.already_appealed"


class TooLateToAppeal(errors.Gone):
    """The time for an appeal is over."""

    code = "claim.too_late"


@dataclass(frozen=True, slots=True)
class Step:
    """
    One of the moves, and what it is about: a reason, or a field; for a patient, the payer.

    ``signals`` are stored beside the entry, and not in it: everybody reads entries.
    """

    move: Move
    reason: str = ""
    field: str = ""
    payer: str = ""
    signals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plan:
    facts: dict[str, Any]
    bill: Bill
    payer: str
    claim: Claim | None = None


def draw(prescription_id: UUID, step: Step, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement of a step. Raises what ``take`` raises."""
    prescription = lifecycle.find(prescription_id)
    plan = _plan(prescription, step, by, drawn_at=at, at=at)
    return lifecycle.propose(prescription, step.move, by=by, key=key, at=at, facts=plan.facts)


@transaction.atomic(savepoint=False)
def take(
    prescription_id: UUID, step: Step, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Take a step under the signature of who takes it.

    Raises:
        WrongInsurer, AlreadyDecided: see ``actions.claims``.
        NotDecided, AlreadyAsked, NothingAsked, AlreadyPaid, NothingRefused, AlreadyAppealed,
        TooLateToAppeal: see each; and what ``lifecycle.advance`` raises.
    """
    if step.move is REOPEN:
        turns.in_turn(by)
    prescription = lifecycle.lock(prescription_id)
    if step.move in (REOPEN, APPEAL):
        lock_claims(prescription, step.payer or by.organisation)
    _, claimed = signing.read(signed)
    signing.check_fresh(claimed, at)
    plan = _plan(prescription, step, by, drawn_at=claimed.at, at=at)
    entry = lifecycle.advance(
        prescription, step.move, by=by, at=at, signed=signed, facts=plan.facts
    )
    _STORED[step.move](plan, step, by, claimed.at)
    return prescription, entry


def _plan(
    prescription: Prescription, step: Step, by: Actor, *, drawn_at: datetime, at: datetime
) -> _Plan:
    if by.role is Role.PATIENT:
        lifecycle.check(prescription, step.move, by=by, at=at)
    payer = step.payer or by.organisation
    bill = bill_of(prescription, payer)
    lifecycle.check(prescription, step.move, by=by, at=at)
    if step.move in (PEND, ASK_FIELD, WITHHOLD):
        if payer not in queries_claims.to_decide(bill):
            raise AlreadyDecided
        return _PLANNED[step.move](bill, step, payer, drawn_at)
    mine = [one for one in bill.claims.all() if one.payer.slug == payer]
    if not mine or payer in queries_claims.to_decide(bill):
        raise NotDecided
    last = max(mine, key=lambda one: one.number)
    left = queries.shares(bill, queries.reckoned(bill))[payer] - sum(
        map(queries_claims.standing, mine)
    )
    if step.move is REOPEN:
        return _reopening(bill, step, payer, last)
    return _appealing(bill, step, payer, last, left, at)


def _pending(bill: Bill, step: Step, payer: str, drawn_at: datetime) -> _Plan:
    return _Plan({"payer": payer, "reason": step.reason}, bill, payer)


def _asking(bill: Bill, step: Step, payer: str, drawn_at: datetime) -> _Plan:
    if _open(bill, payer).filter(withheld_at=None).exclude(field="").exists():
        raise AlreadyAsked
    facts = {
        "payer": payer,
        "field": step.field,
        "purpose": Purpose.CLAIM.value,
        "until": stamp(drawn_at + ANSWERING),
    }
    return _Plan(facts, bill, payer)


def _withholding(bill: Bill, step: Step, payer: str, drawn_at: datetime) -> _Plan:
    if not _open(bill, payer).filter(withheld_at=None, field=step.field).exists():
        raise NothingAsked
    return _Plan({"payer": payer, "field": step.field}, bill, payer)


def _reopening(bill: Bill, step: Step, payer: str, last: Claim) -> _Plan:
    coming = any(one.state == one.State.DUE for one in last.reversals.all())
    if last.settlement_id is not None or last.number > 1 or coming:
        raise AlreadyPaid
    fen = queries.shares(bill, queries.reckoned(bill))[payer]
    return _Plan({"payer": payer, "fen": fen, "reason": step.reason}, bill, payer, last)


def _appealing(bill: Bill, step: Step, payer: str, last: Claim, left: int, at: datetime) -> _Plan:
    if left <= 0:
        raise NothingRefused
    if Pending.objects.filter(bill=bill, payer__slug=payer, cause=Cause.APPEALED).exists():
        raise AlreadyAppealed
    if at >= last.decided_at + APPEALING:
        raise TooLateToAppeal(until=stamp(last.decided_at + APPEALING))
    return _Plan({"payer": payer, "fen": left, "reason": step.reason}, bill, payer, last)


def _pend(plan: _Plan, step: Step, by: Actor, at: datetime) -> None:
    """Referred again, it waits as before, and one person more has had a hand in it."""
    is_officer = by.role is Role.OFFICER
    found = _open(plan.bill, plan.payer).first()
    if found is None:
        persons = [] if by.person is None else [by.person]
        _make(
            plan, by, at, cause=Cause.PENDED, signals=list(step.signals), reason=step.reason,
            barred=persons, seconded=is_officer,
        )  # fmt: skip
        return
    if by.person is not None:
        found.barred = sorted({*found.barred, by.person})
    found.seconded = found.seconded or is_officer
    found.signals = sorted({*found.signals, *step.signals})
    found.save(update_fields=["barred", "seconded", "signals"])


def _ask(plan: _Plan, step: Step, by: Actor, at: datetime) -> None:
    wanted = {"field": step.field, "field_until": at + ANSWERING, "withheld_at": None}
    if not _open(plan.bill, plan.payer).update(**wanted):
        _make(plan, by, at, cause=Cause.ASKED, reason="", **wanted)


def _withhold(plan: _Plan, step: Step, by: Actor, at: datetime) -> None:
    _open(plan.bill, plan.payer).update(withheld_at=at)


def _reopen(plan: _Plan, step: Step, by: Actor, at: datetime) -> None:
    assert plan.claim is not None
    post.undecided(plan.claim, plan.bill, plan.facts["fen"], plan.claim.owed_fen, at=at)
    rows = Claim.objects.filter(id=plan.claim.id)
    rows.update(approved_fen=plan.claim.reversed_fen, rest_fen=plan.facts["fen"])
    if plan.claim.owed_fen > 0:
        scheduling.leave_batch(plan.claim.payer_id, plan.bill.pharmacy_id, [plan.claim.id])
    _make(plan, by, at, cause=Cause.REOPENED, reason=step.reason, barred=[by.person], seconded=True)


def _appeal(plan: _Plan, step: Step, by: Actor, at: datetime) -> None:
    assert plan.claim is not None
    post.undecided(plan.claim, plan.bill, plan.facts["fen"], 0, at=at)
    Claim.objects.filter(id=plan.claim.id).update(rest_fen=plan.facts["fen"])
    decider = plan.claim.decided_by
    person = decider.person_id if decider else None
    _make(
        plan, by, at, cause=Cause.APPEALED, reason=step.reason,
        barred=[] if person is None else [person],
        seconded=decider is not None and decider.role == Role.OFFICER,
        answer_until=at + DECIDING,
    )  # fmt: skip


def _open(bill: Bill, payer: str) -> Any:
    return Pending.objects.filter(bill=bill, payer__slug=payer, closed_at=None)


def _make(plan: _Plan, by: Actor, at: datetime, **columns: Any) -> None:
    payer = Organisation.objects.get(slug=plan.payer)
    Pending.objects.create(bill=plan.bill, payer=payer, by_id=by.account, created_at=at, **columns)


_PLANNED: dict[Move, Callable[[Bill, Step, str, datetime], _Plan]] = {
    PEND: _pending,
    ASK_FIELD: _asking,
    WITHHOLD: _withholding,
}
_STORED: dict[Move, Callable[[_Plan, Step, Actor, datetime], None]] = {
    PEND: _pend,
    ASK_FIELD: _ask,
    WITHHOLD: _withhold,
    REOPEN: _reopen,
    APPEAL: _appeal,
}
