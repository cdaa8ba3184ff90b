"""
The life of a consultation: its lawful moves, who may make them, and the one way to make them.

No other code writes ``Consultation.state``. ``advance`` works on a locked row, checks the move
against ``MOVES``, has the signed statement judged, appends it and writes the new state, all in the
caller's transaction. ``docs/consultation-states.md`` is drawn from ``MOVES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from hospital import access, errors, http, services, signing
from hospital.consultations import permissions
from hospital.consultations.models import Consultation, State
from hospital.roles import Actor, Role
from hospital.units import stamp
from ledger import chain, network

ASKING = timedelta(hours=24)
"""So long after it was written a question may wait for a doctor."""
TALKING = timedelta(hours=72)
"""So long after it was written the consultation ends, closed or not."""


@dataclass(frozen=True, slots=True)
class Move:
    """
    ``by`` may take a consultation from ``source`` to ``target``; ``kind`` names the entry.

    ``until`` is the column with the moment before which the move is lawful; for a move of the
    clock, from which on it is.
    """

    name: str
    kind: str
    source: State
    target: State
    by: Role
    until: str

    @property
    def in_order(self) -> bool:
        """Made by a person, before the time is up."""
        return self.by is not Role.CLOCK


S, R = State, Role
# fmt: off
ASK     = Move("ask",     "consultation.ask",      S.DRAFT, S.ASKED,     R.PATIENT, "accept_until")
ACCEPT  = Move("accept",  "consultation.accept",   S.ASKED, S.OPEN,      R.DOCTOR,  "accept_until")
DECLINE = Move("decline", "consultation.decline",  S.ASKED, S.DECLINED,  R.DOCTOR,  "accept_until")
RETRACT = Move("retract", "consultation.withdraw", S.ASKED, S.WITHDRAWN, R.PATIENT, "accept_until")
LAPSE   = Move("lapse",   "consultation.lapse",    S.ASKED, S.LAPSED,    R.CLOCK,   "accept_until")
CLOSE   = Move("close",   "consultation.close",    S.OPEN,  S.CLOSED,    R.DOCTOR,  "close_until")
REFER   = Move("refer",   "consultation.decline",  S.OPEN,  S.DECLINED,  R.DOCTOR,  "close_until")
LEAVE   = Move("leave",   "consultation.withdraw", S.OPEN,  S.WITHDRAWN, R.PATIENT, "close_until")
RUN_OUT = Move("run_out", "consultation.lapse",    S.OPEN,  S.LAPSED,    R.CLOCK,   "close_until")
# fmt: on

MOVES = (ASK, ACCEPT, DECLINE, RETRACT, LAPSE, CLOSE, REFER, LEAVE, RUN_OUT)


class UnknownConsultation(errors.NotFound):
    """There is no such consultation."""

    code = "consultation.unknown"


class WrongState(errors.Conflict):
    """The consultation is not in a state that allows this."""

    code = "consultation.wrong_state"


class OutOfTime(errors.Gone):
    """It is too late, or, for the clock, too early."""

    code = "consultation.out_of_time"


def find(consultation_id: UUID) -> Consultation:
    """The consultation, for drawing a statement. Raises ``UnknownConsultation``."""
    return _first(_with_parties(Consultation.objects.all()), consultation_id)


def lock(consultation_id: UUID) -> Consultation:
    """The consultation, its row locked. Raises ``UnknownConsultation``."""
    rows = _with_parties(Consultation.objects.select_for_update(of=("self",)))
    return _first(rows, consultation_id)


def check(consultation: Consultation, move: Move, *, by: Actor, at: datetime) -> None:
    """
    May ``by`` make this move now?

    Raises:
        http.WrongRole, permissions.Wrong…, permissions.OwnConsultation: not by you.
        WrongState: the state is not the move's source.
        OutOfTime: the clock's moves are lawful from their moment on, all others before it.
    """
    if by.role is not move.by:
        raise http.WrongRole(move=move.name, role=by.role.value)
    permissions.check_party(consultation, by)
    if consultation.state != move.source:
        raise WrongState(move=move.name, state=consultation.state)
    until = ends(consultation)[move.until]
    if (at < until) != move.in_order:
        raise OutOfTime(move=move.name, until=stamp(until))


def check_open(consultation: Consultation, *, at: datetime) -> None:
    """It is open: messages may be written, a prescription may come of it.

    Raises ``WrongState``, ``OutOfTime``.
    """
    if consultation.state != State.OPEN:
        raise WrongState(state=consultation.state)
    if at >= consultation.close_until:
        raise OutOfTime(until=stamp(consultation.close_until))


def ends(consultation: Consultation) -> dict[str, datetime]:
    """The moments that a move's ``until`` names."""
    return {
        "accept_until": consultation.accept_until,
        "close_until": consultation.close_until,
    }


def draft(consultation: Consultation, move: Move, facts: Mapping[str, Any]) -> signing.Draft:
    """What the statement of this move says, beside version and ``prev``."""
    person = consultation.patient.person
    assert person is not None, "only an identified patient consults"
    return signing.Draft(
        kind=move.kind,
        subject=consultation.subject,
        patient=access.patient_tag(person),
        facts={"move": move.name, "from": move.source.value, "to": move.target.value, **facts},
        commitment=bytes(consultation.record.commitment),
        line=access.line_of(person),
    )


def advance(
    consultation: Consultation,
    move: Move,
    *,
    by: Actor,
    at: datetime,
    signed: str,
    facts: Mapping[str, Any],
) -> chain.Appended:
    """
    Make ``move`` on a locked consultation and record it, together or not at all.

    Columns that change with it the caller has set. Raises what ``check`` and ``signing.append``
    raise.
    """
    check(consultation, move, by=by, at=at)
    appended = signing.append(draft(consultation, move, facts), signed, by=by, at=at)
    _save(consultation, move)
    return appended


def advance_by_clock(
    consultation: Consultation, move: Move, *, at: datetime, facts: Mapping[str, Any]
) -> chain.Appended:
    """Make a move of the clock, signed with the server's key for it."""
    check(consultation, move, by=services.CLOCK, at=at)
    drawn = draft(consultation, move, facts)
    by = services.key_name("clock", network.origin(drawn.line))
    statement = drawn.statement(by=by, at=at)
    appended = chain.append(services.sign("clock", statement), drawn=statement)
    _save(consultation, move)
    return appended


def _save(consultation: Consultation, move: Move) -> None:
    consultation.state = move.target
    consultation.save(update_fields=["state", "doctor", "follow_up", "guardian"])


def _with_parties(rows: QuerySet[Consultation]) -> QuerySet[Consultation]:
    return rows.select_related("patient__person", "hospital", "record").only(
        *(field.name for field in Consultation._meta.concrete_fields),
        *("patient__person__handle", "patient__person__tag_key", "patient__person__id_number"),
        *("hospital__slug", "record__commitment"),
    )


def _first(rows: QuerySet[Consultation], consultation_id: UUID) -> Consultation:
    try:
        return rows.get(id=consultation_id)
    except Consultation.DoesNotExist:
        raise UnknownConsultation from None
