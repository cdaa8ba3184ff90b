"""A doctor lets a prescription end later: by 24:00 of the third day, to the microsecond."""

from datetime import UTC, datetime, timedelta
from unittest.mock import Mock
from uuid import UUID

import pytest

from hospital.client import Problem
from prescriptions import lifecycle, rules
from prescriptions.actions import extending, issuing
from prescriptions.models import Prescription
from tests.journeys import writes
from tests.journeys.watching import account, everything, kinds, raw

MOMENT = timedelta(microseconds=1)


def rx_of(text: str) -> Prescription:
    return Prescription.objects.get(id=text)


def latest(text: str) -> datetime:
    return rules.valid_until(rx_of(text).created_at, 3)


@pytest.mark.parametrize("state", ["issued", "approved", "authorized", "paid", "scanned"])
def test_it_ends_later_and_stands_where_it_stood(world, patient, state):
    """F11: what was chosen and paid stays; the old end is no end any more."""
    rx = getattr(world, state)(patient, valid_days=1)
    before = rx_of(rx)
    body = {"valid_until": latest(rx).isoformat()}

    done = world.doctor.command(writes.of(rx, "extend"), body)

    after = rx_of(rx)
    assert datetime.fromisoformat(done["valid_until"]) == after.valid_until == latest(rx)
    assert (after.status, after.pharmacy_id) == (before.status, before.pharmacy_id)
    assert kinds(rx)[-1] == "prescription.extend"
    assert issuing._expire(UUID(rx), before.valid_until) is False
    assert issuing._expire(UUID(rx), after.valid_until - MOMENT) is False
    assert issuing._expire(UUID(rx), after.valid_until) is True
    assert rx_of(rx).status == "expired"


def test_a_returned_one_too_and_more_than_once(world, patient):
    rx = world.issued(patient, valid_days=1)
    back = {"decision": "return", "reason": "dose"}
    world.reviewer.command(writes.of(rx, "review"), back)
    for days in (2, 3):
        end = rules.valid_until(rx_of(rx).created_at, days)
        world.doctor.command(writes.of(rx, "extend"), {"valid_until": end.isoformat()})
        assert (rx_of(rx).status, rx_of(rx).valid_until) == ("returned", end)


def test_at_both_sides_of_each_limit(world, patient):
    """F11: not earlier, not the same, not into the fourth day; nothing changes."""
    rx = world.issued(patient, valid_days=1)
    present = rx_of(rx).valid_until
    before = everything()
    for end, lawful in (
        (present - MOMENT, False),
        (present, False),
        (present + MOMENT, True),
        (latest(rx), True),
        (latest(rx) + MOMENT, False),
    ):
        body = {"valid_until": end.isoformat(), "key": world.doctor.key_name}
        answer = raw(world.doctor, "POST", writes.of(rx, "extend/statement"), body=body)
        if lawful:
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json()["code"]) == (
                422,
                "prescription.bad_extension",
            )
            assert datetime.fromisoformat(answer.json()["latest"]) == latest(rx)
    assert everything() == before


@pytest.mark.parametrize(
    ("issued", "end"),
    [
        ("2028-02-27T15:59:59.999999", "2028-02-29T16:00:00"),  # a leap year's 29 February counts
        ("2028-02-27T16:00:00", "2028-03-01T16:00:00"),
        ("2026-12-30T01:00:00", "2027-01-01T16:00:00"),
    ],
)
def test_the_third_day_is_counted_from_the_day_of_issue_in_shanghai(issued, end):
    """F11: midnights of Shanghai, leap days, New Year."""
    rx = Mock(
        created_at=datetime.fromisoformat(issued).replace(tzinfo=UTC),
        valid_until=datetime.fromisoformat(issued).replace(tzinfo=UTC) + MOMENT,
    )
    last = datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert extending._facts(rx, last)
    with pytest.raises(extending.BadExtension):
        extending._facts(rx, last + MOMENT)


@pytest.mark.parametrize(("offset", "early"), [(-MOMENT, True), (timedelta(0), False)])
def test_not_when_the_time_is_up(world, patient, offset, early):
    """F11"""
    rx = world.issued(patient, valid_days=1)
    by = world.doctor
    call = {"by": account(by).actor, "key": by.key_name}
    at = rx_of(rx).valid_until + offset
    if early:
        assert extending.draw(UUID(rx), latest(rx), at=at, **call)
    else:
        with pytest.raises(lifecycle.OutOfTime):
            extending.draw(UUID(rx), latest(rx), at=at, **call)


def test_only_its_doctor_extends(world, patient):
    """Z1"""
    rx = world.issued(patient, valid_days=1)
    body = {"valid_until": latest(rx).isoformat()}
    for by, code in (
        (world.other_doctor, "access.wrong_doctor"),
        (world.reviewer, "access.wrong_role"),
        (patient.client, "access.wrong_role"),
    ):
        with pytest.raises(Problem) as refused:
            by.command(writes.of(rx, "extend"), body)
        assert refused.value.code == code
    assert kinds(rx) == ["prescription.issue"]


def test_what_ended_is_not_woken(world, patient):
    """R8: cancelled and dispensed stay so."""
    dispensed = world.dispensed(patient, valid_days=1)
    cancelled = world.issued(patient, valid_days=1)
    world.doctor.command(writes.of(cancelled, "cancel"), {"reason": "clinical"})
    for rx in (dispensed, cancelled):
        with pytest.raises(Problem) as refused:
            world.doctor.command(writes.of(rx, "extend"), {"valid_until": latest(rx).isoformat()})
        assert refused.value.code == "prescription.wrong_state"
