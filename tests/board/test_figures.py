"""Figures add up as if all had been counted at once, and give nobody away. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.board import counting, figures, health, rules
from insurance.board.figures import LEAST, Figure
from insurance.board.models import Rule
from ledger.entry import Statement
from ledger.lag import Lag
from ledger.status import Seen, Status
from ledger.tailing import Read

AT = datetime(2026, 11, 27, 9, 1, tzinfo=UTC)
counts = st.lists(
    st.tuples(st.sampled_from(["", *"abcdefgh"]), st.integers(-60, 10**6)), max_size=20
)


def figure(counted: list[tuple[str, int]]) -> Figure:
    made = Figure()
    for patient, wait_s in counted:
        made.count(patient, wait_s)
    return made


@given(one=counts, other=counts)
def test_two_figures_added_are_the_figure_of_all(one, other):
    """Whether there are enough patients is known of the sum too, though few are remembered."""
    added, whole = figure(one), figure(one + other)
    added.add(figure(other))

    assert (added.number, added.waits) == (whole.number, whole.waits)
    patients = {patient for patient, _ in one + other if patient}
    assert added.shown == whole.shown == (len(patients) in (0, *range(LEAST, 99)))
    assert len(added.people) <= LEAST


@given(counted=counts.filter(bool), percent=st.integers(1, 100))
def test_a_percentile_is_the_end_of_its_class(counted, percent):
    waits = sorted(wait_s for _, wait_s in counted)
    exact = waits[-(-len(waits) * percent // 100) - 1]

    found = figures.percentile(figure(counted).waits, percent)

    ends = [one for one in figures.CLASSES_S if one >= exact]
    assert found == (ends[0] if ends else None)


@given(parts=st.lists(st.sets(st.sampled_from("abcdefgh")), min_size=1, max_size=6))
def test_a_sum_beside_its_parts_gives_away_no_small_one(parts):
    """Z10: what is left when the shown parts are taken from the sum is of five patients too."""
    made = [figure([(one, 1) for one in part]) for part in parts]

    shown, whole = figures.withheld(made)

    hidden = set().union(*(p for p, s in zip(parts, shown, strict=True) if s is None))
    assert all(len(p) in (0, *range(LEAST, 9)) for p, s in zip(parts, shown, strict=True) if s)
    assert whole is None or len(hidden) in (0, *range(LEAST, 9))


def entry(index: int, kind: str, by: str, at: datetime, version: int, **facts: object) -> Read:
    said = Statement(
        "log", f"rx/{index % 2}", version, b"" if version == 1 else bytes(32), kind, by, at, "tag",
        b"", facts,
    )  # fmt: skip
    return Read(1, "log", index, bytes(32), AT, said)


def test_a_stage_is_the_time_since_the_last_beginning_of_the_same_subject():
    issued = entry(0, "prescription.issue", "h/doctor/k", AT, 1)
    again = entry(0, "prescription.issue", "h/doctor/k", AT + timedelta(minutes=4), 3)
    reviewed = entry(0, "prescription.review", "h/reviewer/k", AT + timedelta(minutes=5), 4)
    later = entry(0, "prescription.issue", "h/doctor/k", AT + timedelta(minutes=6), 5)
    before = {(1, "rx/0"): [one.statement for one in (issued, again, later)]}

    found = counting.figures_of([reviewed], before)

    waits = {place: one for (span_s, _, place, what), one in found.items() if what == "review"}
    assert set(waits) == {"", "h"}
    assert figures.percentile(waits["h"].waits, 50) == 60


def test_what_a_patient_signs_counts_at_the_pharmacy():
    given_out = entry(0, "pharmacy.dispense", "p/pharmacist/k", AT, 5, pharmacy="p")
    received = entry(0, "pharmacy.deliver", "patient/k", AT + timedelta(seconds=5), 6)
    chosen = entry(1, "prescription.authorize", "patient/k", AT, 3, pharmacy="p")

    found = counting.figures_of([received, chosen], {(1, "rx/0"): [given_out.statement]})

    places = {(place, what) for span_s, _, place, what in found if span_s == 300}
    assert {("p", "deliver"), ("p", "prescription.authorize"), ("", "pharmacy.deliver")} <= places


def test_a_doctor_stands_out_beside_five_colleagues_and_not_beside_four():
    busy = {"d": 41, **{f"d{number}": 10 for number in range(5)}}

    assert [one.who for one in rules.outliers(busy, "h")] == ["d"]
    assert rules.outliers({**busy, "d": 40}, "h") == []
    assert rules.outliers({"d": 29, **{f"d{number}": 1 for number in range(5)}}, "h") == []
    assert rules.outliers({name: busy[name] for name in list(busy)[:5]}, "h") == []


def log(*, oldest_s: float = 0.0, size: int = 9, trouble: str = "", failures: int = 0, ago_s=90):
    seen = Seen("w", size, trouble, "", 0.0)
    status = Status("log", Lag(9, 9, 9, oldest_s), (seen,), {}, True)
    witness = health.Witness(seen, AT, failures, AT)
    return health.Log(AT, "log", status, AT, AT - timedelta(seconds=ago_s), (witness,))


@pytest.mark.parametrize(
    ("looks", "alarms"),
    [
        (log(), []),
        (log(oldest_s=10**9), [Rule.CHECKPOINT_LATE]),
        (log(size=8), [Rule.COSIGNATURE_MISSING]),
        (log(size=8, ago_s=30), []),
        (log(size=8, trouble="silent", failures=2), [Rule.COSIGNATURE_MISSING]),
        (log(size=8, trouble="silent", failures=3), [Rule.WITNESS_DOWN]),
        (log(trouble="refused", failures=1), [Rule.WITNESS_DOWN]),
        (log(trouble="ahead"), [Rule.WITNESS_DOWN]),
    ],
)
def test_what_of_the_ledger_is_an_alarm(looks, alarms):
    """L9, L10"""
    assert [one.rule for one in health.alarming([looks])] == alarms
