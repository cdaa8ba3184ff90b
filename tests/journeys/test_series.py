"""Long-term prescriptions in several issues, told over the twelve weeks that they last."""

from datetime import timedelta

import pytest

from hospital.calendar import begins, legal_day
from prescriptions import plan
from tests import lawfulness
from tests.journeys import series
from tests.journeys.series import DAY, MOMENT, authorize, fetch, path, refused, travelling
from tests.journeys.watching import everything, kinds, raw
from tests.journeys.writes import of
from tests.world import Patient, World

pytestmark = pytest.mark.usefixtures("all_paid")


@pytest.fixture
def all_paid(world: World, patient: Patient) -> None:
    world.covers(patient, fund_bp=10_000)


def plan_of(patient: Patient, id: str) -> list[tuple[str, bool]]:
    found = patient.client.get(path(id))["prescriptions"]
    return [(one["status"], one["can_be_fetched"]) for one in found]


def test_twelve_weeks_at_two_pharmacies(world: World, patient: Patient):
    """R14: three issues, each fetched in its window, the second at another pharmacy."""
    long_term = series.approved(world, patient, issues=3, interval_days=28)
    assert plan_of(patient, long_term.id) == [
        ("approved", True),
        ("approved", False),
        ("approved", False),
    ]
    fetch(world, patient, long_term.rx[0])

    elsewhere = world.other_pharmacist
    with travelling(world, patient, long_term.opens_at(2)):
        elsewhere.enter_with_key()
        assert plan_of(patient, long_term.id) == [
            ("delivered", False),
            ("approved", True),
            ("approved", False),
        ]
        fetch(world, patient, long_term.rx[1], elsewhere, world.other_pharmacy.slug)
    elsewhere.enter_with_key()
    with travelling(world, patient, long_term.row(3).valid_until - MOMENT):
        fetch(world, patient, long_term.rx[2])

    way = [
        *("prescription.issue", "prescription.review", "prescription.authorize", "insurance.pay"),
        *("pharmacy.dispense", "pharmacy.deliver"),
    ]
    assert [kinds(rx) for rx in long_term.rx] == [way] * 3
    assert lawfulness.faults() == []


def test_the_windows_begin_with_the_day_of_issue(world: World, patient: Patient):
    """Issue k opens (k - 1) intervals after 00:00 Asia/Shanghai of the day of issue."""
    long_term = series.issued(world, patient, issues=4, interval_days=21)
    first = long_term.row(1)
    day = legal_day(first.created_at)
    rows = [long_term.row(number) for number in (1, 2, 3, 4)]

    assert [row.opens_at for row in rows] == [begins(day + n * 21 * DAY) for n in range(4)]
    assert [row.valid_until for row in rows] == [begins(day + n * 21 * DAY) for n in range(1, 5)]
    assert len({bytes(row.record.commitment) for row in rows}) == 4


@pytest.mark.parametrize(
    ("offset", "outcome"), [(-MOMENT, "prescription.too_early"), (timedelta(0), "")]
)
def test_nothing_is_fetched_before_its_day(world, patient, offset, outcome):
    """F11: to the microsecond; the refusal says when to come again."""
    long_term = series.approved(world, patient)
    opens_at = long_term.opens_at(2)
    with travelling(world, patient, opens_at + offset):
        assert plan_of(patient, long_term.id)[1] == ("approved", outcome == "")
        if not outcome:
            authorize(world, patient, long_term.rx[1])
            return
        before = everything()
        answer = raw(
            patient.client,
            "POST",
            of(long_term.rx[1], "authorize/statement"),
            body={**world.choice(patient), "key": patient.client.key_name},
        )
        assert (answer.status_code, answer.json()["code"]) == (409, outcome)
        assert answer.json()["opens_at"] == f"{opens_at:%Y-%m-%dT%H:%M:%S.%fZ}"
        assert everything() == before


def test_who_signs_cannot_date_it_before_the_issue_opens(world: World, patient: Patient):
    """K3: otherwise validators would stop at an entry that an honest server let pass."""
    from tests.journeys.test_dates_of_statements import dated

    long_term = series.approved(world, patient)
    with travelling(world, patient, long_term.opens_at(2) + timedelta(seconds=30)):
        authorizing = of(long_term.rx[1], "authorize")
        choice = world.choice(patient)
        with refused("prescription.too_early"):
            dated(patient.client, authorizing, timedelta(seconds=30) + MOMENT, **choice)
        dated(patient.client, authorizing, timedelta(seconds=30), **choice)
    assert lawfulness.faults() == []


def test_an_issue_at_a_pharmacy_keeps_the_next_one_waiting(world: World, patient: Patient):
    """Its window is over, but stock and bill are held until the clock has expired it."""
    long_term = series.approved(world, patient)
    authorize(world, patient, long_term.rx[0])
    with travelling(world, patient, long_term.opens_at(2)):
        before = everything()
        with refused("prescription.former_issue_open"):
            authorize(world, patient, long_term.rx[1])
        assert everything() == before
        assert series.expire(long_term.rx[0]) == [True]
        authorize(world, patient, long_term.rx[1])
    assert long_term.states() == ["expired", "paid", "approved"]


def test_who_came_late_waits_for_the_next_one(world: World, patient: Patient):
    """Fetched on the last day of its window, the next opens an interval less seven days later."""
    long_term = series.approved(world, patient, issues=3, interval_days=28)
    planned = [long_term.opens_at(number) for number in (1, 2, 3)]
    with travelling(world, patient, planned[1] - MOMENT):
        fetch(world, patient, long_term.rx[0])

    later = planned[1] + (28 - plan.GRACE_DAYS - 1) * DAY
    assert [long_term.opens_at(number) for number in (2, 3)] == [later, planned[2]]
    with travelling(world, patient, later - MOMENT), refused("prescription.too_early"):
        authorize(world, patient, long_term.rx[1])
    with travelling(world, patient, later):
        fetch(world, patient, long_term.rx[1])
    assert lawfulness.faults() == []


def test_who_comes_in_time_waits_for_nothing(world: World, patient: Patient):
    long_term = series.approved(world, patient, issues=2, interval_days=28)
    planned = long_term.opens_at(2)
    with travelling(world, patient, long_term.opens_at(1) + plan.GRACE_DAYS * DAY - MOMENT):
        fetch(world, patient, long_term.rx[0])
    assert long_term.opens_at(2) == planned


def test_a_lapsed_issue_ends_alone(world: World, patient: Patient):
    """F11: at its own end, and the series goes on."""
    long_term = series.approved(world, patient)
    opens_at = long_term.opens_at(2)
    with travelling(world, patient, opens_at - MOMENT), refused("prescription.too_early"):
        authorize(world, patient, long_term.rx[1])
    with travelling(world, patient, opens_at):
        assert plan_of(patient, long_term.id)[0] == ("approved", False)
        with refused("prescription.out_of_time"):
            authorize(world, patient, long_term.rx[0])
        assert series.expire(long_term.rx[0]) == [True]
        fetch(world, patient, long_term.rx[1])
    assert long_term.states() == ["expired", "delivered", "approved"]
    assert lawfulness.faults() == []


def test_the_doctor_stops_what_is_left(world: World, patient: Patient):
    """What was given out stays; what is paid at a pharmacy is stopped with the rest."""
    long_term = series.approved(world, patient)
    fetch(world, patient, long_term.rx[0])
    with travelling(world, patient, long_term.opens_at(2)):
        authorize(world, patient, long_term.rx[1])
        done = world.doctor.command(path(long_term.id, "stop"), {"reason": "clinical"})

        assert [one["status"] for one in done["prescriptions"]] == ["cancelled", "cancelled"]
        assert long_term.states() == ["delivered", "cancelled", "cancelled"]
        with refused("series.nothing_left"):
            world.doctor.command(path(long_term.id, "stop"), {"reason": "clinical"})
    assert lawfulness.faults() == []


def test_the_patient_gives_up_what_is_left(world: World, patient: Patient):
    """A paid one is taken back first; until then all or nothing."""
    long_term = series.approved(world, patient)
    authorize(world, patient, long_term.rx[0])
    reason = {"reason": "patient_request"}
    before = everything()
    with refused("cancel.with_dispenser"):
        patient.client.command(path(long_term.id, "stop"), reason)
    assert everything() == before

    patient.client.command(of(long_term.rx[0], "withdraw"))
    patient.client.command(path(long_term.id, "stop"), reason)
    assert long_term.states() == ["cancelled"] * 3


def test_one_issue_is_cancelled_alone(world: World, patient: Patient):
    long_term = series.issued(world, patient)
    world.doctor.command(of(long_term.rx[1], "cancel"), {"reason": "clinical"})
    world.reviewer.command(path(long_term.id, "review"), {"decision": "approve"})
    assert long_term.states() == ["approved", "cancelled", "approved"]


def test_all_issues_are_returned_together(world: World, patient: Patient):
    long_term = series.issued(world, patient)
    world.reviewer.command(path(long_term.id, "review"), {"decision": "return", "reason": "dose"})
    assert long_term.states() == ["returned"] * 3
    assert lawfulness.faults() == []


def test_no_issue_is_issued_alone(world: World, patient: Patient):
    """The plan is signed as a whole or not at all."""
    long_term = series.drafted(world, patient)
    with refused("prescription.signed_together"):
        world.doctor.command(of(long_term.rx[0], "issue"))
    assert long_term.states() == ["draft"] * 3


def test_the_patient_sees_what_opens_when(world: World, patient: Patient):
    """In the list and in the plan; each look is one entry with the number of records."""
    long_term = series.approved(world, patient)
    listed = patient.client.get("/api/prescriptions")["prescriptions"]
    by_number = sorted(listed, key=lambda one: one["issue"]["number"])

    assert [one["can_be_fetched"] for one in by_number] == [True, False, False]
    assert [one["issue"] for one in by_number] == [
        {
            "series": long_term.id,
            "number": number,
            "of": 3,
            "interval_days": 28,
            "opens_at": f"{long_term.opens_at(number):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        for number in (1, 2, 3)
    ]
    assert patient.client.get(of(long_term.rx[1], "").rstrip("/"))["issue"]["number"] == 2


def test_an_ordinary_prescription_is_no_issue(world: World, patient: Patient):
    found = patient.client.get(f"/api/prescriptions/{world.approved(patient)}")
    assert (found["issue"], found["can_be_fetched"]) == (None, True)


def test_nobody_else_sees_or_ends_a_plan(world: World, patient: Patient):
    """Z1: not another patient, not another doctor, and not before it is signed."""
    long_term = series.drafted(world, patient)
    with refused("access.no_basis"):
        patient.client.get(path(long_term.id))
    world.doctor.command(path(long_term.id, "issue"))

    strangers = [
        (world.other_patient.client, "access.wrong_patient"),
        (world.other_doctor, "access.wrong_doctor"),
    ]
    elsewhere = world.foreign_reviewer
    before = everything()
    for stranger, refusal in strangers:
        with refused(refusal):
            stranger.get(path(long_term.id))
        with refused(refusal):
            stranger.command(path(long_term.id, "stop"), {"reason": "other"})
    with refused("access.wrong_hospital"):
        elsewhere.command(path(long_term.id, "review"), {"decision": "approve"})
    assert everything() == before
    assert len(patient.client.get(path(long_term.id))["prescriptions"]) == 3

    world.doctor.command(path(long_term.id, "stop"), {"reason": "other"})
    for stranger, refusal in strangers:
        with refused(refusal):
            stranger.command(path(long_term.id, "stop"), {"reason": "other"})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"issues": 5, "interval_days": 7}, "rx.long_term_issues"),
        ({"issues": 2, "interval_days": 7, "long_term": False}, "rx.long_term_issues"),
        ({"issues": 2, "interval_days": None}, "rx.long_term_interval"),
        ({"issues": 2, "interval_days": 6}, "rx.long_term_interval"),
        ({"issues": 4, "interval_days": 22}, "rx.long_term_in_all"),
        ({"issues": None, "interval_days": 7}, "rx.long_term_interval"),
    ],
)
def test_a_plan_that_breaks_a_rule_is_not_stored(world, patient, changes, rule):
    """The refusal names the article; nothing is stored."""
    planned = {**series.planned(world, patient, 2, 7), **changes}
    body = {name: value for name, value in planned.items() if value is not None}
    doctor, before = world.doctor, everything()
    answer = raw(doctor, "POST", "/api/prescriptions", body=body)
    found = [one for one in answer.json()["findings"] if one["rule"] == rule]
    assert (answer.status_code, answer.json()["code"]) == (422, "prescription.rule_broken")
    assert found[0]["instrument"] == "长期处方管理规范（试行）"
    assert found[0]["article"]
    assert everything() == before


def test_the_check_while_writing_knows_the_plan(world: World, patient: Patient):
    body = series.planned(world, patient, 4, 22)
    found = world.doctor.post("/api/prescriptions/check", body)["findings"]
    assert {one["rule"] for one in found} == {"rx.long_term_days", "rx.long_term_in_all"}


def test_a_plan_has_no_end_of_its_own(world: World, patient: Patient):
    body = series.planned(world, patient, 2, 7)
    ending = {**body, "valid_until": (series.midnight_after(1) - MOMENT).isoformat()}
    answer = raw(world.doctor, "POST", "/api/prescriptions", body=ending)
    assert (answer.status_code, answer.json()["code"]) == (422, "prescription.bad_validity")
