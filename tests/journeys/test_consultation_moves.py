"""The table of a consultation's moves, written a second time by hand; every cell of it tried."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from hospital import http
from hospital.consultations import lifecycle, permissions
from hospital.consultations.models import Consultation, State
from hospital.models import Account
from hospital.roles import SERVER, Actor, Role

S, R = State, Role
NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
ACCEPT_UNTIL, CLOSE_UNTIL = NOON + timedelta(hours=24), NOON + timedelta(hours=72)
LAW = {
    "ask": (S.DRAFT, S.ASKED, R.PATIENT, "consultation.ask", ACCEPT_UNTIL),
    "accept": (S.ASKED, S.OPEN, R.DOCTOR, "consultation.accept", ACCEPT_UNTIL),
    "decline": (S.ASKED, S.DECLINED, R.DOCTOR, "consultation.decline", ACCEPT_UNTIL),
    "retract": (S.ASKED, S.WITHDRAWN, R.PATIENT, "consultation.withdraw", ACCEPT_UNTIL),
    "lapse": (S.ASKED, S.LAPSED, R.CLOCK, "consultation.lapse", ACCEPT_UNTIL),
    "close": (S.OPEN, S.CLOSED, R.DOCTOR, "consultation.close", CLOSE_UNTIL),
    "refer": (S.OPEN, S.DECLINED, R.DOCTOR, "consultation.decline", CLOSE_UNTIL),
    "leave": (S.OPEN, S.WITHDRAWN, R.PATIENT, "consultation.withdraw", CLOSE_UNTIL),
    "run_out": (S.OPEN, S.LAPSED, R.CLOCK, "consultation.lapse", CLOSE_UNTIL),
}
ENDED = {S.CLOSED, S.WITHDRAWN, S.DECLINED, S.LAPSED}
MOMENT = timedelta(microseconds=1)
every_move = pytest.mark.parametrize("move", lifecycle.MOVES, ids=lambda move: move.name)


def a_consultation(state: State) -> Consultation:
    """Not stored; each party has an id of its own."""
    accepted = state in (S.OPEN, S.CLOSED)
    return Consultation(
        state=state,
        patient=Account(id=uuid4(), person_id=1),
        doctor=Account(id=uuid4(), person_id=2) if accepted else None,
        hospital_id=10,
        department_id=20,
        created_at=NOON,
        accept_until=ACCEPT_UNTIL,
        close_until=CLOSE_UNTIL,
    )


def a_party(consultation: Consultation, role: Role, **changes: Any) -> Actor:
    """The party to this consultation that has the role."""
    ids = {
        R.PATIENT: consultation.patient_id,
        R.DOCTOR: consultation.doctor_id or uuid4(),
        R.CLOCK: SERVER,
    }
    values = {
        "account": ids.get(role, uuid4()),
        "role": role,
        "organisation_id": 10 if role is R.DOCTOR else 0,
        "person": {R.PATIENT: 1, R.DOCTOR: 2}.get(role, 99),
    }
    return Actor(**{**values, **changes})


def lawful_at(move: lifecycle.Move) -> datetime:
    until = LAW[move.name][4]
    return until if move.by is R.CLOCK else until - MOMENT


def test_the_table_is_what_we_wrote_down():
    """R9"""
    ends = {"accept_until": ACCEPT_UNTIL, "close_until": CLOSE_UNTIL}
    table = {
        move.name: (move.source, move.target, move.by, move.kind, ends[move.until])
        for move in lifecycle.MOVES
    }
    assert table == LAW
    assert timedelta(hours=24) == lifecycle.ASKING
    assert timedelta(hours=72) == lifecycle.TALKING


@every_move
def test_every_state_and_role(move):
    """R9: every cell of (state, move, role), computed; nothing else is lawful."""
    source, _, role_of, _, _ = LAW[move.name]
    for state in State:
        for role in Role:
            consultation = a_consultation(state)
            by, at = a_party(consultation, role), lawful_at(move)
            if role is not role_of:
                with pytest.raises(http.WrongRole):
                    lifecycle.check(consultation, move, by=by, at=at)
            elif state is not source:
                with pytest.raises(lifecycle.WrongState):
                    lifecycle.check(consultation, move, by=by, at=at)
            else:
                lifecycle.check(consultation, move, by=by, at=at)


@every_move
def test_no_stranger_in_any_state(move):
    """Z1: whose it is comes before what state it is in."""
    for state in State:
        consultation = a_consultation(state)
        if move.by is R.PATIENT:
            stranger = a_party(consultation, R.PATIENT, account=uuid4())
            with pytest.raises(permissions.WrongPatient):
                lifecycle.check(consultation, move, by=stranger, at=NOON)
        if move.by is R.DOCTOR:
            foreign = a_party(consultation, R.DOCTOR, organisation_id=11)
            with pytest.raises(permissions.WrongHospital):
                lifecycle.check(consultation, move, by=foreign, at=NOON)
            colleague = a_party(consultation, R.DOCTOR, account=uuid4(), person=3)
            if consultation.doctor_id is not None:
                with pytest.raises(permissions.WrongDoctor):
                    lifecycle.check(consultation, move, by=colleague, at=NOON)


@pytest.mark.parametrize("move", [one for one in lifecycle.MOVES if one.by is R.DOCTOR])
def test_nobody_answers_the_own_question(move):
    """K8"""
    consultation = a_consultation(move.source)
    own = a_party(consultation, R.DOCTOR, person=1)
    with pytest.raises(permissions.OwnConsultation):
        lifecycle.check(consultation, move, by=own, at=NOON)


@every_move
def test_hands_over_to_the_clock_at_exactly_its_end(move):
    """F11: to the microsecond."""
    consultation = a_consultation(move.source)
    by, until = a_party(consultation, move.by), LAW[move.name][4]
    for at, early in ((until - MOMENT, True), (until, False)):
        if early != (move.by is R.CLOCK):
            lifecycle.check(consultation, move, by=by, at=at)
        else:
            with pytest.raises(lifecycle.OutOfTime):
                lifecycle.check(consultation, move, by=by, at=at)


def test_every_state_can_be_reached_and_none_is_a_trap():
    """R9: whatever was asked ends by itself; what has ended stays so."""
    assert {move.target for move in lifecycle.MOVES} | {S.DRAFT} == set(State)
    by_clock = {move.source for move in lifecycle.MOVES if move.by is R.CLOCK}
    assert by_clock == {S.ASKED, S.OPEN}
    assert {move.source for move in lifecycle.MOVES} == set(State) - ENDED


def test_the_state_is_not_editable():
    assert not Consultation._meta.get_field("state").editable
