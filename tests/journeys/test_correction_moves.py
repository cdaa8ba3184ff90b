"""The table of a correction's moves, written a second time by hand; every cell of it tried."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from hospital import http
from hospital.corrections import attached, lifecycle, permissions
from hospital.corrections.models import OPEN, START, Correction, State
from hospital.models import Account
from hospital.roles import Actor, Role

S, R = State, Role
NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
LAW: dict[str, tuple[set[str], State, Role, str]] = {
    "ask": ({"unknown"}, S.ASKED, R.PATIENT, "correction.ask"),
    "take_back": ({S.ASKED, S.APPEALED}, S.WITHDRAWN, R.PATIENT, "correction.take_back"),
    "accept": ({S.ASKED}, S.ACCEPTED, R.DOCTOR, "correction.accept"),
    "refuse": ({S.ASKED}, S.REFUSED, R.DOCTOR, "correction.refuse"),
    "appeal": ({S.REFUSED}, S.APPEALED, R.PATIENT, "correction.appeal"),
    "uphold": ({S.APPEALED}, S.UPHELD, R.REGULATOR, "correction.decide"),
    "turn": ({S.APPEALED}, S.TURNED, R.REGULATOR, "correction.decide"),
}
PEOPLE = {R.PATIENT: 1, R.DOCTOR: 2, R.REGULATOR: 3}
every_move = pytest.mark.parametrize("move", lifecycle.MOVES, ids=lambda move: move.name)


def a_correction(state: str) -> Correction:
    """Not stored; the doctor with the person 4 has refused it."""
    return Correction(
        state=state,
        patient=Account(id=uuid4(), person_id=1),
        hospital_id=10,
        author=Account(id=uuid4(), person_id=2),
        answerer=Account(id=uuid4(), person_id=4),
        answer_until=NOON,
        appeal_until=NOON,
    )


def a_party(correction: Correction, role: Role, **changes: Any) -> Actor:
    values = {
        "account": correction.patient_id if role is R.PATIENT else uuid4(),
        "role": role,
        "organisation_id": 10 if role is R.DOCTOR else 0,
        "person": PEOPLE.get(role, 99),
    }
    return Actor(**{**values, **changes})


def test_the_table_is_what_we_wrote_down():
    """R9"""
    table = {
        move.name: (set(move.sources), move.target, move.by, move.kind) for move in lifecycle.MOVES
    }
    assert table == LAW
    assert (lifecycle.ANSWERING.days, lifecycle.APPEALING.days) == (30, 60)


@every_move
def test_every_state_and_role(move):
    """R9: every cell of (state, move, role), computed; nothing else is lawful."""
    sources, _, role_of, _ = LAW[move.name]
    for state in (START, *State):
        for role in Role:
            correction = a_correction(state)
            by, at = a_party(correction, role), NOON - MOMENT
            if role is not role_of:
                with pytest.raises(http.WrongRole):
                    lifecycle.check(correction, move, by=by, at=at)
            elif state not in sources:
                with pytest.raises(lifecycle.WrongState):
                    lifecycle.check(correction, move, by=by, at=at)
            else:
                lifecycle.check(correction, move, by=by, at=at)


@every_move
def test_no_stranger_in_any_state(move):
    """Z1, K8: whose it is comes before what state it is in."""
    strangers: dict[Role, list[tuple[dict[str, Any], type[Exception]]]] = {
        R.PATIENT: [({"account": uuid4()}, permissions.WrongPatient)],
        R.DOCTOR: [
            ({"organisation_id": 11}, permissions.WrongHospital),
            ({"person": 1}, permissions.OwnCorrection),
        ],
        R.REGULATOR: [
            ({"person": 1}, permissions.OwnCorrection),
            ({"person": 4}, permissions.OwnCorrection),
        ],
    }
    for state in State:
        correction = a_correction(state)
        for changes, refusal in strangers[move.by]:
            by = a_party(correction, move.by, **changes)
            with pytest.raises(refusal):
                lifecycle.check(correction, move, by=by, at=NOON - MOMENT)


@every_move
def test_only_an_appeal_is_ever_too_late(move):
    """F11: to the microsecond; what a hospital answers after its term still counts."""
    correction = a_correction(move.sources[0])
    by = a_party(correction, move.by)
    if move is lifecycle.APPEAL:
        with pytest.raises(lifecycle.OutOfTime):
            lifecycle.check(correction, move, by=by, at=NOON)
    else:
        lifecycle.check(correction, move, by=by, at=NOON + timedelta(days=999))


def test_what_is_over_stays_so_and_the_rest_can_end():
    """R9: nobody waits for ever for somebody who may not answer."""
    sources = {source for move in lifecycle.MOVES for source in move.sources}
    assert sources == {START, *State} - set(lifecycle.OVER)
    assert {move.target for move in lifecycle.MOVES} == set(State)
    by_the_patient = {one for move in (lifecycle.TAKE_BACK,) for one in move.sources}
    assert by_the_patient == set(OPEN)


def test_something_stands_beside_the_record_exactly_when_somebodys_word_counts():
    """Not while it is asked, nor of a refusal that the patient leaves at that."""
    assert set(attached.SHOWN) == set(State) - {S.ASKED, S.REFUSED, S.WITHDRAWN}


def test_the_state_is_not_editable():
    assert not Correction._meta.get_field("state").editable
