"""How a hospital's reviews went in a month, counted from what was decided, to the microsecond."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from ledger import queries as ledger
from ledger.entry import Statement
from ledger.note import parse
from prescriptions.appraisal import months, reviews
from prescriptions.reviews import Review
from tests import reviewed
from tests.journeys import series
from tests.journeys.test_query_counts import queries_of
from tests.journeys.watching import raw
from tests.journeys.writes import of
from tests.ledger.logs import rolled_back
from tests.world import World

STATISTICS = "/api/reviews/statistics"
APPROVE = {"decision": "approve"}
MONTH = months.parse("2020-02")


@pytest.fixture
def hospital(world) -> Iterator[World]:
    """A hospital of its own, so that nobody else's reviews are counted."""
    made = World(world.wechat)
    _ = made.reviewer, made.second_reviewer
    yield made
    Review.objects.filter(reviewed_at__lte=MONTH.until).delete()  # what ``waited`` made up


def this_month() -> str:
    return str(months.of(timezone.now()))


def returns(hospital, rx, reason):
    hospital.reviewer.command(of(rx, "review"), {"decision": "return", "reason": reason})


def waited(*minutes, ends=MONTH.begins_at, rules=(), move="approve", reason="none"):
    """Reviews in the first moment of the month, like one that is there, after such waits."""

    def store(like: Review):
        Review.objects.bulk_create(
            Review(
                prescription=like.prescription,
                hospital=like.hospital,
                move=move,
                reason=reason,
                warnings=list(rules),
                awaited_since=ends - timedelta(minutes=one),
                reviewed_at=ends,
            )
            for one in minutes
        )

    return store


def a_review(hospital) -> Review:
    return Review.objects.get(prescription=hospital.approved(hospital.patient))


def test_decisions_are_counted_by_reason(hospital):
    """Two reviewers' check is no end of the review; every issue of a series is one."""
    patient = hospital.patient
    hospital.approved(patient)
    for reason in ("dose", "dose", "interaction"):
        returns(hospital, hospital.issued(patient), reason)
    confirmed = hospital.checked(patient)
    hospital.second_reviewer.command(of(confirmed, "review"), APPROVE)
    hospital.checked(patient)
    series.approved(hospital, patient, 3, 7)

    found = hospital.reviewer.get(STATISTICS, month=this_month())

    assert {name: found[name] for name in ("reviewed", "approved", "returned", "checked")} == {
        "reviewed": 8,
        "approved": 5,
        "returned": {"dose": 2, "interaction": 1},
        "checked": 2,
    }
    assert found["overdue"] == 0
    assert found["waited_median_s"] <= found["waited_p95_s"] < 60


def test_warnings_are_counted_by_rule(hospital):
    like = a_review(hospital)
    waited(1, 1, rules=["rx.a", "rx.b"])(like)
    waited(1, rules=["rx.a"], move="send_back", reason="dose")(like)
    waited(1, rules=["rx.a"], move="check")(like)
    found = reviews.of(hospital.hospital, MONTH)
    assert found.rules == {"rx.a": reviews.OfRule(3, 1), "rx.b": reviews.OfRule(2, 0)}


@override_settings(REVIEW_TIMEOUT_MIN=19)
def test_the_median_and_the_95th_percentile_are_times_that_somebody_waited(hospital):
    """Of one to twenty minutes: the tenth and the nineteenth; the nineteenth was overdue, too."""
    waited(*range(1, 21))(a_review(hospital))
    found = reviews.of(hospital.hospital, MONTH)
    assert found.median == timedelta(minutes=10)
    assert found.p95 == timedelta(minutes=19)
    assert found.overdue == 2


def test_a_month_is_shanghais_and_ends_before_the_next_begins(hospital):
    like, moment = a_review(hospital), timedelta(microseconds=1)
    for ends in (MONTH.begins_at - moment, MONTH.begins_at, MONTH.until - moment, MONTH.until):
        waited(1, ends=ends)(like)
    assert reviews.of(hospital.hospital, MONTH).reviewed == 2


def test_a_month_without_reviews_has_no_median(hospital):
    found = hospital.reviewer.get(STATISTICS, month="2019-01")
    assert (found["reviewed"], found["waited_median_s"], found["waited_p95_s"]) == (0, None, None)
    assert (found["returned"], found["rules"], found["overdue"]) == ({}, {}, 0)


def test_what_the_row_says_is_what_the_content_bore(hospital):
    """The warnings as they stood, and since when it waited; not who decided."""
    review = a_review(hospital)
    assert review.warnings == review.prescription.warnings
    assert review.awaited_since == review.prescription.awaits_since
    assert not {"reviewer", "by", "patient", "doctor"} & {
        field.name for field in Review._meta.get_fields()
    }


def test_the_invariants_hold_rows_and_entries_together(hospital):
    """A decision that was not counted, one counted twice, and one for another reason."""
    rx = hospital.issued(hospital.patient)
    returns(hospital, rx, "dose")
    (one,) = Review.objects.filter(prescription=rx)
    entries = ledger.entries_about(one.prescription.subject)
    way = {one.prescription.subject: [Statement.parse(parse(each.note).text) for each in entries]}

    def faults() -> list[str]:
        return [text for text in reviewed.faults(way) if text.startswith(one.prescription.subject)]

    assert faults() == []
    for broken in (one.delete, lambda: copy(one), lambda: other_reason(one)):
        with rolled_back():
            broken()
            assert faults()


def copy(one: Review) -> None:
    Review.objects.bulk_create([Review(**{**plain(one), "id": None})])


def other_reason(one: Review) -> None:
    Review.objects.filter(reviewed_at=one.reviewed_at).update(reason="other")


def plain(one: Review) -> dict[str, Any]:
    return {field.attname: getattr(one, field.attname) for field in Review._meta.concrete_fields}


def test_they_cost_the_same_number_of_queries_however_many_there_are(hospital):
    def ask() -> None:
        hospital.reviewer.get(STATISTICS, month=str(MONTH))

    like = a_review(hospital)
    few = len(queries_of(ask))
    waited(*range(1, 200), rules=["rx.a"])(like)
    assert len(queries_of(ask)) == few <= 6


def test_the_hospital_and_the_regulator_read_them_and_nobody_is_named(hospital, world):
    review = a_review(hospital)
    slug, month = hospital.hospital.slug, this_month()
    own = hospital.reviewer.get(STATISTICS, month=month)
    assert world.regulator.get(STATISTICS, month=month, hospital=slug) == own
    people = (hospital.doctor, hospital.reviewer, hospital.patient.client)
    for secret in (*(one.account for one in people), str(review.prescription_id)):
        assert secret not in json.dumps(own)
        assert secret.replace("-", "") not in json.dumps(own)


@pytest.mark.parametrize(
    ("who", "query", "refusal"),
    [
        ("foreign_reviewer", "month=2026-10&hospital={slug}", (403, "access.wrong_hospital")),
        ("reviewer", "month=2026-13", (422, "appraisal.bad_month")),
        ("reviewer", "", (422, "appraisal.bad_month")),
        ("regulator", "month=2026-10&hospital=nowhere", (422, "organisation.unknown")),
        ("regulator", "month=2026-10&hospital=%00", (422, "organisation.unknown")),
        ("regulator", "month=2026-10", (422, "organisation.unknown")),
        ("doctor", "month=2026-10", (403, "access.wrong_role")),
    ],
)
def test_refusals(hospital, who, query, refusal):
    path = f"{STATISTICS}?{query.format(slug=hospital.hospital.slug)}"
    answer = raw(getattr(hospital, who), "GET", path)
    assert (answer.status_code, answer.json()["code"]) == refusal
