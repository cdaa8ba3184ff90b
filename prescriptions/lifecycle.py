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

from hospital import access, http, services, signing
from hospital.models import SealedRecord
from hospital.roles import Actor, Role
from hospital.units import stamp
from ledger import chain, network
from ledger.entry import Statement
from prescriptions import concern, permissions, telling, waiting
from prescriptions.locking import find as find
from prescriptions.locking import lock as lock
from prescriptions.locking import with_parties as with_parties
from prescriptions.models import OPEN, Prescription, Status
from prescriptions.refused import OutOfTime as OutOfTime
from prescriptions.refused import TooEarly as TooEarly
from prescriptions.refused import UnknownPrescription as UnknownPrescription
from prescriptions.refused import WrongState as WrongState


@dataclass(frozen=True, slots=True)
class Move:
    """
    ``by`` may take a prescription from any of ``sources`` to ``target``.

    A move without a target leaves it where it is. ``kind`` names the entry. A move that is
    ``in_time`` is lawful only before ``valid_until``; what was dispensed can be delivered and
    claimed later. ``four_eyes``: not by who prescribed or countersigned it or will receive it.
    ``colleague``: by another doctor of the hospital, whoever of them. ``formerly``: by who was a
    party to it once; who offers the move asks whether.
    """

    name: str
    kind: str
    sources: tuple[Status, ...]
    target: Status | None
    by: tuple[Role, ...]
    in_time: bool = True
    four_eyes: bool = False
    colleague: bool = False
    formerly: bool = False

    def leads_to(self, status: str) -> str:
        """The state after this move, made from ``status``."""
        return status if self.target is None else self.target.value


S, R = Status, Role
BEFORE_PAYING = OPEN[:-1]
AT_PHARMACY = (S.AUTHORIZED, S.PAID)
"""The patient has chosen a pharmacy, which has not dispensed yet."""
AT_PATIENT = (S.DELIVERED, S.CLAIMED)
"""The patient has the medicines, or some of them."""
CLAIMABLE = (*AT_PATIENT, S.TAKEN_BACK)
"""A payer may have approved its share."""
OF_PAYER = (R.AGENT, R.OFFICER)
"""Its program, or a person there."""
ENTERED = tuple(one for one in S if one is not S.DRAFT)

# fmt: off
ISSUE     = Move("issue",     "prescription.issue",     (S.DRAFT,),      S.ISSUED,     (R.DOCTOR,))
SUBMIT    = Move("submit",    "prescription.issue",     (S.DRAFT,),      S.PENDING,    (R.DOCTOR,))
COUNTERSIGN = Move("countersign", "prescription.countersign", (S.PENDING,), S.ISSUED,  (R.DOCTOR,), four_eyes=True, colleague=True)
REFUSE    = Move("refuse",    "prescription.countersign", (S.PENDING,),  S.RETURNED,   (R.DOCTOR,), four_eyes=True, colleague=True)
UPLOAD    = Move("upload",    "prescription.upload",    (S.DRAFT,),      S.ISSUED,     (R.SYSTEM,))
UPLOAD_REVIEWED = Move("upload_reviewed", "prescription.upload", (S.DRAFT,), S.APPROVED, (R.SYSTEM,))
APPROVE   = Move("approve",   "prescription.review",    (S.ISSUED,),     S.APPROVED,   (R.REVIEWER,), four_eyes=True)
CHECK     = Move("check",     "prescription.review",    (S.ISSUED,),     S.CHECKED,    (R.REVIEWER,), four_eyes=True)
CONFIRM   = Move("confirm",   "prescription.review",    (S.CHECKED,),    S.APPROVED,   (R.REVIEWER,), four_eyes=True)
SEND_BACK = Move("send_back", "prescription.review",    (S.ISSUED, S.CHECKED), S.RETURNED, (R.REVIEWER,), four_eyes=True)
AUTHORIZE = Move("authorize", "prescription.authorize", (S.APPROVED,),   S.AUTHORIZED, (R.PATIENT,))
WITHDRAW  = Move("withdraw",  "prescription.withdraw",  (S.AUTHORIZED, S.PAID), S.APPROVED, (R.PATIENT,))
PAY       = Move("pay",       "insurance.pay",          (S.AUTHORIZED,), S.PAID,       (R.CASHIER,))
DOUBLE_CHECK = Move("double_check", "pharmacy.double_check", (S.PAID,), None,           (R.PHARMACIST,), four_eyes=True)
DISPENSE  = Move("dispense",  "pharmacy.dispense",      (S.PAID,),       S.DISPENSED,  (R.PHARMACIST,), four_eyes=True)
DISPENSE_PART = Move("dispense_part", "pharmacy.dispense", (S.PAID,), S.DISPENSED, (R.PHARMACIST,), four_eyes=True)
COLLIDE   = Move("collide",   "pharmacy.collide",       ENTERED,         None,         (R.PHARMACIST,), in_time=False, formerly=True)
OWE       = Move("owe",       "prescription.owe",       (S.DRAFT,),      S.APPROVED,   (R.CASHIER,), in_time=False)
DECLINE   = Move("decline",   "pharmacy.decline",       AT_PHARMACY,     S.APPROVED,   (R.PHARMACIST,))
SUBSTITUTE = Move("substitute", "pharmacy.substitute",  AT_PHARMACY,     None,         (R.PHARMACIST,), four_eyes=True)
AGREE     = Move("agree",     "prescription.agree",     AT_PHARMACY,     S.AUTHORIZED, (R.PATIENT,))
DISAGREE  = Move("disagree",  "prescription.disagree",  AT_PHARMACY,     None,         (R.PATIENT,))
SHIP      = Move("ship",      "pharmacy.ship",          (S.DISPENSED,),  S.IN_TRANSIT, (R.COURIER,), in_time=False)
RECEIVE   = Move("receive",   "pharmacy.deliver",       (S.DISPENSED, S.IN_TRANSIT), S.DELIVERED, (R.PATIENT,), in_time=False)
HAND_OUT  = Move("hand_out",  "pharmacy.deliver",       (S.DISPENSED,),  S.DELIVERED,  (R.PHARMACIST,), in_time=False)
HAND_OVER = Move("hand_over", "pharmacy.deliver",       (S.IN_TRANSIT,), S.DELIVERED,  (R.COURIER,), in_time=False)
FAIL      = Move("fail",      "pharmacy.attempt",       (S.IN_TRANSIT,), None,         (R.COURIER,), in_time=False)
TURN_BACK = Move("turn_back", "pharmacy.attempt",       (S.IN_TRANSIT,), S.RETURNING,  (R.COURIER,), in_time=False)
TAKE_BACK = Move("take_back", "pharmacy.take_back",     (S.RETURNING,),  S.UNDELIVERED, (R.PHARMACIST,), in_time=False)
DECIDE    = Move("decide",    "insurance.claim",        (S.DELIVERED,),  S.DELIVERED,  OF_PAYER, in_time=False)
CLAIM     = Move("claim",     "insurance.claim",        (S.DELIVERED,),  S.CLAIMED,    OF_PAYER, in_time=False)
PEND      = Move("pend",      "insurance.pend",         (S.DELIVERED,),  None,         OF_PAYER, in_time=False)
ASK_FIELD = Move("ask_field", "insurance.pend",         (S.DELIVERED,),  None,         (R.OFFICER,), in_time=False)
WITHHOLD  = Move("withhold",  "insurance.withhold",     (S.DELIVERED,),  None,         (R.PATIENT,), in_time=False)
REOPEN    = Move("reopen",    "insurance.reopen",       AT_PATIENT,      S.DELIVERED,  (R.OFFICER,), in_time=False)
APPEAL    = Move("appeal",    "insurance.appeal",       AT_PATIENT,      S.DELIVERED,  (R.PATIENT,), in_time=False)
RETURN_PART = Move("return_part", "pharmacy.return",    AT_PATIENT,      None,         (R.PHARMACIST,), in_time=False)
RETURN    = Move("return",    "pharmacy.return",        AT_PATIENT,      S.TAKEN_BACK, (R.PHARMACIST,), in_time=False)
REVERSE   = Move("reverse",   "insurance.reverse",      CLAIMABLE,       None,         (R.AGENT,), in_time=False)
CLAW_BACK = Move("claw_back", "insurance.reverse",      CLAIMABLE,       None,         (R.AGENT,), in_time=False)
CANCEL    = Move("cancel",    "prescription.cancel",    OPEN,            S.CANCELLED,  (R.DOCTOR,))
GIVE_UP   = Move("give_up",   "prescription.cancel",    BEFORE_PAYING,   S.CANCELLED,  (R.PATIENT,))
VOID      = Move("void",      "prescription.cancel",    (S.DRAFT,),      S.CANCELLED,  (R.DOCTOR, R.SYSTEM), in_time=False)
UNDO      = Move("undo",      "prescription.cancel",    OPEN,            S.CANCELLED,  (R.SYSTEM,))
ASK_CHANGE = Move("ask_change", "prescription.change_request", AT_PHARMACY, None,      (R.PHARMACIST,), four_eyes=True)
KEEP      = Move("keep",      "prescription.keep",      AT_PHARMACY,     None,         (R.DOCTOR,))
CHANGE    = Move("change",    "prescription.change",    OPEN,            S.ISSUED,     (R.DOCTOR,))
RESUBMIT  = Move("resubmit",  "prescription.change",    OPEN,            S.PENDING,    (R.DOCTOR,))
EXTEND    = Move("extend",    "prescription.extend",    OPEN,            None,         (R.DOCTOR,))
EXPIRE    = Move("expire",    "prescription.expire",    OPEN,            S.EXPIRED,    (R.CLOCK,))
# fmt: on

MOVES = (
    *(ISSUE, SUBMIT, COUNTERSIGN, REFUSE, UPLOAD, UPLOAD_REVIEWED),
    *(APPROVE, CHECK, CONFIRM, SEND_BACK),
    *(AUTHORIZE, WITHDRAW, PAY, DOUBLE_CHECK, DISPENSE, DISPENSE_PART, OWE),
    *(COLLIDE, DECLINE, SUBSTITUTE, AGREE, DISAGREE),
    *(SHIP, RECEIVE, HAND_OUT, HAND_OVER, FAIL, TURN_BACK, TAKE_BACK, DECIDE, CLAIM),
    *(PEND, ASK_FIELD, WITHHOLD, REOPEN, APPEAL),
    *(RETURN_PART, RETURN, REVERSE, CLAW_BACK),
    *(CANCEL, GIVE_UP, VOID, UNDO, ASK_CHANGE, KEEP, CHANGE, RESUBMIT, EXTEND, EXPIRE),
)


def check(prescription: Prescription, move: Move, *, by: Actor, at: datetime) -> None:
    """
    May ``by`` make this move now?

    Raises:
        http.WrongRole: the role does not make this move.
        permissions.Wrong…: it is not the caller's prescription; ``permissions.OwnPrescription``,
            ``permissions.SameReviewer``, ``permissions.SamePharmacist``.
        WrongState: the status is not among ``move.sources``.
        OutOfTime: from ``valid_until`` on EXPIRE is the only lawful move out of ``OPEN``; before
            it, EXPIRE is the only unlawful one.
        TooEarly: the patient chooses a pharmacy for an issue that is not open yet.
        waiting.InHand: another reviewer has it in hand.

    Source: Measures for the Administration of Prescriptions (MoH Order 53, 2007), art. 18.
    """
    if by.role not in move.by:
        raise http.WrongRole(move=move.name, role=by.role.value)
    _check_party(prescription, move, by)
    if move.four_eyes:
        permissions.check_four_eyes(prescription, by)
    if move is CONFIRM:
        permissions.check_second_reviewer(prescription, by)
    if move is DISPENSE:
        permissions.check_second_pharmacist(prescription, by)
    if prescription.status not in move.sources:
        raise WrongState(move=move.name, status=prescription.status)
    if move.in_time and (at >= prescription.valid_until) != (move is EXPIRE):
        raise OutOfTime(move=move.name, valid_until=stamp(prescription.valid_until))
    if move is AUTHORIZE:
        _check_opened(prescription, at)
    if by.role is Role.REVIEWER:
        waiting.check_in_hand(prescription, by, at)


def propose(
    prescription: Prescription,
    move: Move,
    *,
    by: Actor,
    key: str,
    at: datetime,
    facts: Mapping[str, Any],
    record: SealedRecord | None = None,
) -> Statement:
    """
    The statement to sign for this move, which brings another content if there is a ``record``;
    ``check`` and ``signing.draw`` say what they refuse.
    """
    check(prescription, move, by=by, at=at)
    return signing.draw(_draft(prescription, move, facts, record), by=by, key=key, at=at)


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

    ``at`` is the moment of the move, aware. ``facts`` are what the statement must say; ``changes``
    are other columns that change with the status, the record of another content among them.
    Raises what ``check`` and ``signing.append`` raise.
    """
    check(prescription, move, by=by, at=at)
    if move is AUTHORIZE and prescription.opens_at is not None:
        _check_opened(prescription, signing.read(signed)[1].at)  # who signs chooses the date
    draft = _draft(prescription, move, facts, changes.get("record"))
    appended = signing.append(draft, signed, by=by, at=at)
    with concern.told(prescription, move.kind, move.name, appended):
        _save(prescription, move, changes, at)
    telling.tell(prescription, move.name, appended, at)
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
    with concern.told(prescription, move.kind, move.name, appended):
        _save(prescription, move, {}, at)
    return appended


def _check_party(prescription: Prescription, move: Move, by: Actor) -> None:
    if move.colleague:
        permissions.check_colleague(prescription, by)
    elif not move.formerly:
        permissions.check_party(prescription, by)


def _check_opened(prescription: Prescription, at: datetime) -> None:
    if prescription.opens_at is not None and at < prescription.opens_at:
        raise TooEarly(opens_at=stamp(prescription.opens_at))


def _draft(
    prescription: Prescription,
    move: Move,
    facts: Mapping[str, Any],
    record: SealedRecord | None = None,
) -> signing.Draft:
    person = prescription.patient.person
    assert person is not None, "only an identified patient has prescriptions"
    return signing.Draft(
        kind=move.kind,
        subject=prescription.subject,
        patient=access.patient_tag(person),
        facts={
            "move": move.name,
            "from": prescription.status,
            "to": move.leads_to(prescription.status),
            **facts,
        },
        commitment=bytes((record or prescription.record).commitment),
        line=access.line_of(person),
    )


def _save(prescription: Prescription, move: Move, changes: Mapping[str, Any], at: datetime) -> None:
    columns = {**changes, **waiting.after(move.target, at)}
    for name, value in columns.items():
        setattr(prescription, name, value)
    prescription.status = move.leads_to(prescription.status)
    prescription.save(update_fields=["status", *columns])
