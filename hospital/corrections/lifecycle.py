"""
The life of a correction: its lawful moves, who may make them, and the one way to make them.

No other code writes ``Correction.state``. ``begin`` and ``advance`` check the move against
``MOVES``, have the signed statement judged, append it and write the new state, all in the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hospital import access, errors, http, signing
from hospital.corrections import permissions
from hospital.corrections.models import START, Correction, State
from hospital.roles import Actor, Role
from hospital.units import stamp
from ledger import chain

ANSWERING = timedelta(days=30)
"""
So long a hospital may take for its answer (GB/T 35273-2020, 8.7; unconfirmed). A later one still
counts; until it comes, the regulator sees that it is late.
"""
APPEALING = timedelta(days=60)
"""So long after a refusal the patient may appeal (as in 行政复议法, art. 20; unconfirmed)."""
OPEN_MAX = 10
"""So many open corrections of one patient at most."""


@dataclass(frozen=True, slots=True)
class Move:
    """``by`` may take a correction from one of ``sources`` to ``target`` by an entry ``kind``."""

    name: str
    kind: str
    sources: tuple[str, ...]
    target: State
    by: Role


S, R = State, Role
# fmt: off
ASK       = Move("ask",       "correction.ask",       (START,),              S.ASKED,     R.PATIENT)
TAKE_BACK = Move("take_back", "correction.take_back", (S.ASKED, S.APPEALED), S.WITHDRAWN, R.PATIENT)
ACCEPT    = Move("accept",    "correction.accept",    (S.ASKED,),            S.ACCEPTED,  R.DOCTOR)
REFUSE    = Move("refuse",    "correction.refuse",    (S.ASKED,),            S.REFUSED,   R.DOCTOR)
APPEAL    = Move("appeal",    "correction.appeal",    (S.REFUSED,),          S.APPEALED,  R.PATIENT)
UPHOLD    = Move("uphold",    "correction.decide",    (S.APPEALED,),         S.UPHELD,  R.REGULATOR)
TURN      = Move("turn",      "correction.decide",    (S.APPEALED,),         S.TURNED,  R.REGULATOR)
# fmt: on

OVER = (S.WITHDRAWN, S.ACCEPTED, S.UPHELD, S.TURNED)
MOVES = (ASK, TAKE_BACK, ACCEPT, REFUSE, APPEAL, UPHOLD, TURN)


class UnknownCorrection(errors.NotFound):
    """There is no such correction."""

    code = "correction.unknown"


class WrongState(errors.Conflict):
    """The correction is not in a state that allows this."""

    code = "correction.wrong_state"


class OutOfTime(errors.Gone):
    """The time for an appeal is over."""

    code = "correction.out_of_time"


def find(correction_id: UUID, *, lock: bool = False) -> Correction:
    """The correction, its row locked if wished. Raises ``UnknownCorrection``."""
    rows = Correction.objects.select_related("patient__person", "hospital", "of", "request")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(id=correction_id).first()
    if found is None:
        raise UnknownCorrection
    return found


def check(correction: Correction, move: Move, *, by: Actor, at: datetime) -> None:
    """
    May ``by`` make this move now?

    Raises:
        http.WrongRole, permissions.Wrong…, permissions.OwnCorrection: not by you.
        WrongState: the state is not among the move's sources.
        OutOfTime: an appeal comes before ``appeal_until``.
    """
    if by.role is not move.by:
        raise http.WrongRole(move=move.name, role=by.role.value)
    permissions.check_party(correction, by)
    if correction.state not in move.sources:
        raise WrongState(move=move.name, state=correction.state)
    until = correction.appeal_until if move is APPEAL else None
    if until is not None and at >= until:
        raise OutOfTime(move=move.name, until=stamp(until))


def draft(
    correction: Correction, move: Move, facts: Mapping[str, Any], commitment: bytes = b""
) -> signing.Draft:
    """What the statement of this move says, beside version and ``prev``."""
    person = correction.patient.person
    assert person is not None, "only an identified patient has records"
    source = START if move is ASK else correction.state
    return signing.Draft(
        kind=move.kind,
        subject=correction.subject,
        patient=access.patient_tag(person),
        facts={"move": move.name, "from": str(source), "to": move.target.value, **facts},
        commitment=commitment,
        line=access.line_of(person),
    )


def advance(
    correction: Correction,
    move: Move,
    *,
    by: Actor,
    at: datetime,
    signed: str,
    facts: Mapping[str, Any],
    commitment: bytes = b"",
) -> chain.Appended:
    """
    Make ``move`` on a locked correction and record it, together or not at all.

    Columns that change with it the caller sets and saves. Raises what ``check`` and
    ``signing.append`` raise.
    """
    check(correction, move, by=by, at=at)
    drawn = draft(correction, move, facts, commitment)
    appended = signing.append(drawn, signed, by=by, at=at)
    correction.state = move.target
    return appended
