"""All issues of a long-term prescription at once: all or none, whoever else is at work."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from hospital.client import Client
from ledger import note
from ledger.entry import Statement
from prescriptions.models import Prescription
from tests import lawfulness, planned
from tests.journeys import series, writes
from tests.journeys.series import LINES, MOMENT, authorize, path, travelling
from tests.journeys.watching import at_once, drawn, everything, kinds, outcomes, raw
from tests.journeys.writes import of
from tests.world import Patient, World

rounds = pytest.mark.parametrize(
    "turn", [1, 2, *[pytest.param(turn, marks=pytest.mark.slow) for turn in range(3, 9)]]
)
together = pytest.mark.parametrize("make", writes.OF_SERIES, ids=writes.named)
REASON = {"reason": "clinical"}


@pytest.fixture
def all_paid(world: World, patient: Patient) -> None:
    world.covers(patient, fund_bp=10_000)


def notes_of(body: writes.Body) -> list[str]:
    return [body["note"], *body["more"]]


def with_notes(body: writes.Body, notes: list[str]) -> writes.Body:
    return {**body, "note": notes[0], "more": notes[1:]}


def refuses(ready: writes.Write, notes: list[str], status: int, code: str) -> None:
    before = everything()
    answer = raw(ready.by, "POST", ready.path, body=with_notes(ready.body, notes))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert everything() == before


def resigned(by: Client, text: str, **changes: Any) -> str:
    """The statement of a note with these facts changed, signed again."""
    statement = Statement.parse(note.parse(text.encode()).text)
    altered = replace(statement, facts={**statement.facts, **changes})
    return by.sign(altered.text().decode())


@together
def test_one_bad_signature_of_several_and_nothing_is_done(world, patient, make):
    """K2, K3: forged, altered, missing, doubled, exchanged or another's; whichever of them."""
    ready = make(world, patient)
    good = notes_of(ready.body)
    stranger = note.Signer(ready.by.key_name, uuid4().bytes * 2)
    for number, text in enumerate(good):
        before, after = good[:number], good[number + 1 :]
        parsed = note.parse(text.encode()).text
        forged = note.sign(parsed, stranger).decode()
        refuses(ready, [*before, forged, *after], 403, "signature.invalid")
        altered = resigned(ready.by, text, more=1)
        refuses(ready, [*before, altered, *after], 422, "statement.altered")
        refuses(ready, [*before, "x", *after], 422, "note.malformed")
        refuses(ready, [*before, *after], 422, "series.not_every_issue")
        refuses(ready, [*before, text, text, *after], 422, "series.not_every_issue")
    refuses(ready, good[::-1], 422, "series.not_every_issue")
    another = notes_of(make(world, patient).body)
    refuses(ready, [*good[:-1], another[-1]], 422, "statement.altered")

    answer = raw(ready.by, "POST", ready.path, body=ready.body)
    assert answer.status_code == 200, answer.text
    assert len({one["status"] for one in answer.json()["prescriptions"]}) == 1
    assert len(answer.json()["prescriptions"]) == len(good) == 3


@together
def test_the_same_signed_notes_twice_at_once(world, patient, make):
    """R2, K3: under two Idempotency-Keys; one entry for each issue."""
    ready = make(world, patient)
    id = UUID(ready.path.split("/")[3])
    rx = [str(one) for one in Prescription.objects.filter(series=id).values_list("id", flat=True)]
    before = sum(len(kinds(one)) for one in rx)

    results = at_once(*[lambda: ready.by.write(ready.path, ready.body)] * 2)

    assert outcomes(results).count("done") == 1
    assert sum(len(kinds(one)) for one in rx) == before + 3


@together
def test_another_party_of_the_same_role(world, patient, make):
    """Z1: refused before anything is said of the issues."""
    ready = make(world, patient)
    other, code = {
        "doctor": (world.other_doctor, "access.wrong_doctor"),
        "reviewer": (world.foreign_reviewer, "access.wrong_hospital"),
        "patient": (world.other_patient.client, "access.wrong_patient"),
    }["patient" if ready.by is patient.client else ready.by.key_name.split("/")[1]]
    body = {**ready.input, "key": other.key_name}
    answer = raw(other, "POST", f"{ready.path}/statement", body=body)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    answer = raw(other, "POST", ready.path, body=ready.body)
    assert (answer.status_code, answer.json()["code"]) == (403, code)


@rounds
@pytest.mark.usefixtures("all_paid")
def test_two_phones_authorize_two_issues(world, patient, turn):
    """R5, R14: only the one that is open."""
    long_term = series.approved(world, patient)
    world.choice(patient)

    results = at_once(*[lambda rx=rx: authorize(world, patient, rx) for rx in long_term.rx[:2]])

    assert outcomes(results) == ["done", "prescription.too_early"]
    assert long_term.states() == ["paid", "approved", "approved"]


@rounds
@pytest.mark.usefixtures("all_paid")
def test_two_phones_authorize_two_issues_as_the_window_changes(world, patient, turn):
    """F11: at this microsecond one has ended and the next has opened."""
    long_term = series.approved(world, patient)
    with travelling(world, patient, long_term.opens_at(2)):
        results = at_once(*[lambda rx=rx: authorize(world, patient, rx) for rx in long_term.rx[:2]])
    assert outcomes(results) == ["done", "prescription.out_of_time"]
    assert long_term.states() == ["approved", "paid", "approved"]


@pytest.mark.usefixtures("all_paid")
def test_one_pick_up_more_than_there_are_issues(world, patient):
    """R14: in every window all issues, and the open one twice, at once: n are accepted in all."""
    long_term = series.approved(world, patient, issues=3, interval_days=7)
    accepted = []
    for number, rx in enumerate(long_term.rx, 1):
        moment = long_term.row(number).valid_until - timedelta(hours=1)
        with travelling(world, patient, moment):
            results = at_once(
                *[lambda rx=rx: authorize(world, patient, rx) for rx in [*long_term.rx, rx]]
            )
            accepted += [code for code in outcomes(results) if code == "done"]
            series.give_out(world, patient, rx)
    assert len(accepted) == 3
    assert long_term.states() == ["delivered"] * 3
    assert lawfulness.faults() == []
    assert list(planned.faults()) == []


@rounds
@pytest.mark.usefixtures("all_paid")
def test_stop_against_authorize(world, patient, turn):
    """R4: either nothing is left to authorize, or the doctor is told and stops it then."""
    long_term = series.approved(world, patient)
    stopping = path(long_term.id, "stop")
    body = drawn(world.doctor, stopping, REASON)
    choice = drawn(patient.client, of(long_term.rx[0], "authorize"), world.choice(patient))

    stopped, authorized = at_once(
        lambda: world.doctor.write(stopping, body),
        lambda: patient.client.write(of(long_term.rx[0], "authorize"), choice),
    )

    if isinstance(stopped, dict):
        assert outcomes([authorized]) == ["prescription.wrong_state"]
        assert long_term.states() == ["cancelled"] * 3
    else:
        assert outcomes([stopped, authorized]) == ["done", "statement.stale"]
        assert long_term.states() == ["paid", "approved", "approved"]
        world.doctor.command(stopping, REASON)
        assert long_term.states() == ["cancelled"] * 3


@rounds
@pytest.mark.usefixtures("all_paid")
def test_stop_against_dispense(world, patient, turn):
    """R4: what was given out stays, the rest can still be stopped; nobody waits in a circle."""
    long_term = series.approved(world, patient)
    rx, stopping = long_term.rx[0], path(long_term.id, "stop")
    with travelling(world, patient, long_term.row(1).valid_until - MOMENT):
        authorize(world, patient, rx)
        world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
        dispense = drawn(world.pharmacist, of(rx, "dispense"), LINES)
        body = drawn(world.doctor, stopping, REASON)

        stopped, dispensed = at_once(
            lambda: world.doctor.write(stopping, body),
            lambda: world.pharmacist.write(of(rx, "dispense"), dispense),
        )

        if isinstance(stopped, dict):
            assert outcomes([dispensed]) == ["prescription.wrong_state"]
            assert long_term.states() == ["cancelled"] * 3
        else:
            assert outcomes([stopped, dispensed]) == ["done", "statement.stale"]
            world.doctor.command(stopping, REASON)
            assert long_term.states() == ["dispensed", "cancelled", "cancelled"]


@pytest.mark.parametrize(
    "half",
    [
        *[{name: None} for name in ("series", "issue_number", "issues", "opens_at")],
        {"interval_days": None},
        {"issue_number": 0},
        {"issue_number": 4},
        {"issues": 1, "issue_number": 1},
        {"issues": 5},
    ],
    ids=str,
)
def test_the_database_knows_no_half_an_issue(world, patient, half):
    """Wholly or not at all, 1 … n of 2 … 4; past all code of ours."""
    long_term = series.drafted(world, patient)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Prescription.objects.filter(id=long_term.rx[2]).update(**half)
    name = refused.value.__cause__.diag.constraint_name  # type: ignore[union-attr]
    assert name == "alone_or_an_issue_of_a_series"
