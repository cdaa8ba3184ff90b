"""
The life of a prescription: its lawful moves, who may make them, and the one way to make them.

No other code writes ``Prescription.status``. ``advance`` works on a locked row, checks the move
against ``MOVES``, has the signed statement judged, appends it and writes the new status, all in
the caller's transaction: a status without its entry, or an entry without its status, cannot exist.

``docs/prescription-states.md`` is drawn from ``MOVES``; a test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from hospital import access, errors, http, services, signing
from hospital.roles import Actor, Role
from hospital.units import stamp
from ledger import chain, network
from ledger.entry import Statement
from prescriptions import permissions
from prescriptions.models import Prescription, Status


@dataclass(frozen=True, slots=True)
class Move:
    """
    ``by`` may take a prescription from any of ``sources`` to ``target``.

    ``kind`` names the entry. A move that is ``in_time`` is lawful only before ``valid_until``;
    what was dispensed can be delivered and claimed later. ``four_eyes``: not by who prescribed
    it or will receive it.
    """

    name: str
    kind: str
    sources: tuple[Status, ...]
    target: Status
    by: tuple[Role, ...]
    in_time: bool = True
    four_eyes: bool = False


S, R = Status, Role
OPEN = (S.ISSUED, S.RETURNED, S.APPROVED, S.AUTHORIZED, S.PAID)
"""Nothing was dispensed yet, and time is running."""

# fmt: off
ISSUE     = Move("issue",     "prescription.issue",     (S.DRAFT,),      S.ISSUED,     (R.DOCTOR,))
APPROVE   = Move("approve",   "prescription.review",    (S.ISSUED,),     S.APPROVED,   (R.REVIEWER,), four_eyes=True)
SEND_BACK = Move("send_back", "prescription.review",    (S.ISSUED,),     S.RETURNED,   (R.REVIEWER,), four_eyes=True)
AUTHORIZE = Move("authorize", "prescription.authorize", (S.APPROVED,),   S.AUTHORIZED, (R.PATIENT,))
WITHDRAW  = Move("withdraw",  "prescription.withdraw",  (S.AUTHORIZED, S.PAID), S.APPROVED, (R.PATIENT,))
PAY       = Move("pay",       "insurance.pay",          (S.AUTHORIZED,), S.PAID,       (R.CASHIER,))
DISPENSE  = Move("dispense",  "pharmacy.dispense",      (S.PAID,),       S.DISPENSED,  (R.PHARMACIST,), four_eyes=True)
SHIP      = Move("ship",      "pharmacy.ship",          (S.DISPENSED,),  S.IN_TRANSIT, (R.COURIER,), in_time=False)
RECEIVE   = Move("receive",   "pharmacy.deliver",       (S.DISPENSED, S.IN_TRANSIT), S.DELIVERED, (R.PATIENT,), in_time=False)
HAND_OUT  = Move("hand_out",  "pharmacy.deliver",       (S.DISPENSED,),  S.DELIVERED,  (R.PHARMACIST,), in_time=False)
HAND_OVER = Move("hand_over", "pharmacy.deliver",       (S.IN_TRANSIT,), S.DELIVERED,  (R.COURIER,), in_time=False)
DECIDE    = Move("decide",    "insurance.claim",        (S.DELIVERED,),  S.DELIVERED,  (R.AGENT,), in_time=False)
CLAIM     = Move("claim",     "insurance.claim",        (S.DELIVERED,),  S.CLAIMED,    (R.AGENT,), in_time=False)
CANCEL    = Move("cancel",    "prescription.cancel",    OPEN,            S.CANCELLED,  (R.DOCTOR,))
GIVE_UP   = Move("give_up",   "prescription.cancel",    (S.APPROVED, S.AUTHORIZED), S.CANCELLED, (R.PATIENT,))
EXPIRE    = Move("expire",    "prescription.expire",    OPEN,            S.EXPIRED,    (R.CLOCK,))
# fmt: on

MOVES = (
    ISSUE,
    APPROVE,
    SEND_BACK,
    AUTHORIZE,
    WITHDRAW,
    PAY,
    DISPENSE,
    SHIP,
    RECEIVE,
    HAND_OUT,
    HAND_OVER,
    DECIDE,
    CLAIM,
    CANCEL,
    GIVE_UP,
    EXPIRE,
)


class UnknownPrescription(errors.NotFound):
    """There is no such prescription."""

    code = "prescription.unknown"


class WrongState(errors.Conflict):
    """The prescription is not in a state that allows this move."""

    code = "prescription.wrong_state"


class OutOfTime(errors.Gone):
    """The move is too late, or, for EXPIRE, too early."""

    code = "prescription.out_of_time"


def find(prescription_id: UUID) -> Prescription:
    """The prescription, for drawing a statement. Raises ``UnknownPrescription``."""
    return _first(_with_parties(Prescription.objects.all()), prescription_id)


def lock(prescription_id: UUID) -> Prescription:
    """
    The prescription, its row locked: the first thing that every command does.

    Event ids are drawn while this lock is held, so they rise per prescription.
    Raises ``UnknownPrescription``.
    """
    rows = _with_parties(Prescription.objects.select_for_update(of=("self",)))
    return _first(rows, prescription_id)


def check(prescription: Prescription, move: Move, *, by: Actor, at: datetime) -> None:
    """
    May ``by`` make this move now?

    Raises:
        http.WrongRole: the role does not make this move.
        permissions.Wrong…: it is not the caller's prescription; ``permissions.OwnPrescription``.
        WrongState: the status is not among ``move.sources``.
        OutOfTime: from ``valid_until`` on EXPIRE is the only lawful move out of ``OPEN``; before
            it, EXPIRE is the only unlawful one.

    Source: Measures for the Administration of Prescriptions (MoH Order 53, 2007), art. 18.
    """
    if by.role not in move.by:
        raise http.WrongRole(move=move.name, role=by.role.value)
    permissions.check_party(prescription, by)
    if move.four_eyes:
        permissions.check_four_eyes(prescription, by)
    if prescription.status not in move.sources:
        raise WrongState(move=move.name, status=prescription.status)
    if move.in_time and (at >= prescription.valid_until) != (move is EXPIRE):
        raise OutOfTime(move=move.name, valid_until=stamp(prescription.valid_until))


def propose(
    prescription: Prescription,
    move: Move,
    *,
    by: Actor,
    key: str,
    at: datetime,
    facts: Mapping[str, Any],
) -> Statement:
    """The statement to sign for this move; ``check`` and ``signing.draw`` say what they refuse."""
    check(prescription, move, by=by, at=at)
    return signing.draw(_draft(prescription, move, facts), by=by, key=key, at=at)


def advance(
    prescription: Prescription,
    move: Move,
    *,
    by: Actor,
    at: datetime,
    signed: str,
    facts: Mapping[str, Any],
    **changes: Any,
) -> chain.Appended:
    """
    Make ``move`` on a locked prescription and record it, together or not at all.

    ``at`` is the moment of the move: aware, read from the clock by the caller. ``facts`` are what
    the statement must say; ``changes`` are other columns that change with the status.
    Raises what ``check`` and ``signing.append`` raise.
    """
    check(prescription, move, by=by, at=at)
    appended = signing.append(_draft(prescription, move, facts), signed, by=by, at=at)
    _save(prescription, move, changes)
    return appended


def advance_as_server(
    prescription: Prescription,
    move: Move,
    *,
    by: Actor,
    service: str,
    at: datetime,
    facts: Mapping[str, Any],
) -> chain.Appended:
    """Make a move of one of the server's own roles (clock, cashier), signed with its key."""
    check(prescription, move, by=by, at=at)
    draft = _draft(prescription, move, facts)
    by_key = services.key_name(service, network.origin(draft.line))
    statement = draft.statement(by=by_key, at=at)
    appended = chain.append(services.sign(service, statement), drawn=statement)
    _save(prescription, move, {})
    return appended


def _draft(prescription: Prescription, move: Move, facts: Mapping[str, Any]) -> signing.Draft:
    person = prescription.patient.person
    assert person is not None, "only an identified patient has prescriptions"
    return signing.Draft(
        kind=move.kind,
        subject=prescription.subject,
        patient=access.patient_tag(person),
        facts={"move": move.name, "from": prescription.status, "to": move.target.value, **facts},
        commitment=bytes(prescription.record.commitment),
        line=access.line_of(person),
    )


def _save(prescription: Prescription, move: Move, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(prescription, name, value)
    prescription.status = move.target.value
    prescription.save(update_fields=["status", *changes])


def _with_parties(rows: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """With what a move asks of them, and no more: planning a join costs more than doing it."""
    return rows.select_related("patient__person", "doctor", "hospital", "record").only(
        *(field.name for field in Prescription._meta.concrete_fields),
        *("patient__person__handle", "patient__person__tag_key", "doctor__person"),
        *("hospital__slug", "record__commitment"),
    )


def _first(rows: QuerySet[Prescription], prescription_id: UUID) -> Prescription:
    try:
        return rows.get(id=prescription_id)
    except Prescription.DoesNotExist:
        raise UnknownPrescription from None
