"""A patient has so many consultations at a time and no more; two asks at once do not pass."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from hospital.client import Problem
from hospital.consultations import queries
from hospital.consultations.models import Consultation
from tests.journeys.watching import at_once, count_entries, drawn, everything, outcomes

MOST = 2
TOO_MANY = "consultation.too_many_open"


@pytest.fixture(autouse=True)
def few():
    with override_settings(CONSULTATIONS_MOST=MOST):
        yield


def talk(consultation, verb):
    return f"/api/consultations/{consultation}/{verb}"


def going_on(patient) -> int:
    return queries.going_on(patient.account, timezone.now())


def ready(world, patient, count):
    """Calls that ask, each of them drawn while there was room."""
    asks = []
    for _ in range(count):
        path = talk(world.written(patient), "ask")
        body = drawn(patient.client, path, {})
        asks.append(lambda path=path, body=body: patient.client.write(path, body))
    return asks


def test_one_more_is_refused_before_it_is_signed_and_when_it_is(world, patient):
    late = ready(world, patient, 1)[0]
    world.consulted(patient)
    world.asked(patient)
    written = world.written(patient)
    before = everything()
    for call in (late, lambda: patient.client.command(talk(written, "ask"))):
        with pytest.raises(Problem) as problem:
            call()
        assert (problem.value.status, problem.value.code) == (409, TOO_MANY)
        assert problem.value.body["most"] == MOST
    assert everything() == before


def test_writing_is_not_asking(world, patient):
    """A draft takes nobody's time."""
    for _ in range(MOST + 2):
        world.written(patient)
    assert going_on(patient) == 0
    world.asked(patient)


@pytest.mark.parametrize("end", ["withdraw", "decline", "close"])
def test_what_has_ended_makes_room(world, patient, end):
    world.asked(patient)
    open_one = world.answered(patient)
    by = patient.client if end == "withdraw" else world.doctor
    by.command(talk(open_one, end), {"reason": "other"} if end == "decline" else {})
    world.asked(patient)
    assert going_on(patient) == MOST


@pytest.mark.parametrize("make", ["asked", "consulted"])
def test_what_has_run_out_makes_room_at_that_moment(world, patient, make):
    """By the clock, and not when the task comes by."""
    one = Consultation.objects.get(id=getattr(world, make)(patient))
    end = one.accept_until if make == "asked" else one.close_until
    moment = timedelta(microseconds=1)
    assert [queries.going_on(one.patient_id, at) for at in (end - moment, end)] == [1, 0]


def test_others_are_not_in_the_way(world, patient):
    for _ in range(MOST):
        world.asked(patient)
    world.asked(world.a_patient())


@pytest.mark.parametrize("turn", range(3))
def test_asking_at_one_moment_does_not_pass_the_limit(world, patient, turn):
    """Real threads: five statements drawn while there was room for two."""
    asks = ready(world, patient, 5)
    entries = count_entries(kind="consultation.ask")

    results = at_once(*asks)

    assert outcomes(results) == [TOO_MANY] * 3 + ["done"] * MOST
    assert going_on(patient) == MOST
    assert count_entries(kind="consultation.ask") == entries + MOST
