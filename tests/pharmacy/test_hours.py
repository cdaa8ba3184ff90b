"""Opening hours: minutes of the Asia/Shanghai day, over midnight, closed days, all day long."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital.units import SHANGHAI
from pharmacy import hours
from pharmacy.hours import DAY_MIN, Interval, Standing, overlap, standing

MONDAY = date(2026, 11, 23)
NINE, NINE_PM = 9 * 60, 21 * 60


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week that begins on ``MONDAY``; ``day`` counts from 0."""
    midnight = datetime(2026, 11, 23, tzinfo=SHANGHAI)
    return midnight + timedelta(days=day, hours=hour, minutes=minute)


WORKDAYS = [Interval(day, NINE, NINE_PM) for day in range(5)]


def test_who_has_said_nothing_is_neither_open_nor_closed():
    assert standing([], (), at(0, 12)) == hours.UNSAID


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        (at(0, 8, 59), Standing(False, opens_at=at(0, 9))),
        (at(0, 9), Standing(True, closes_at=at(0, 21))),
        (at(0, 20, 59), Standing(True, closes_at=at(0, 21))),
        (at(0, 21), Standing(False, opens_at=at(1, 9))),
        (at(4, 21), Standing(False, opens_at=at(7, 9))),
    ],
)
def test_the_minute_counts(moment, found):
    """It opens at its minute, and at the minute of closing it is closed."""
    assert standing(WORKDAYS, (), moment) == found


def test_several_intervals_a_day():
    week = [Interval(0, 8 * 60, 12 * 60), Interval(0, 14 * 60, 18 * 60)]
    assert standing(week, (), at(0, 13)) == Standing(False, opens_at=at(0, 14))


def test_over_midnight_and_from_sunday_to_monday():
    week = [Interval(6, 20 * 60, 26 * 60)]
    assert standing(week, (), at(7, 1, 59)) == Standing(True, closes_at=at(7, 2))
    assert standing(week, (), at(7, 2)) == Standing(False, opens_at=at(13, 20))


def test_a_closed_day_opens_nothing_and_ends_what_began_before_it():
    week = [Interval(day, 20 * 60, 26 * 60) for day in range(7)]
    closed = {MONDAY + timedelta(days=1)}
    assert standing(week, closed, at(1, 1)) == Standing(True, closes_at=at(1, 2))
    assert standing(week, closed, at(1, 21)) == Standing(False, opens_at=at(2, 20))


def test_day_and_night_never_closes():
    week = [Interval(day, 0, DAY_MIN) for day in range(7)]
    assert standing(week, (), at(3, 0)) == Standing(True)
    closed = {MONDAY + timedelta(days=4)}
    assert standing(week, closed, at(3, 12)) == Standing(True, closes_at=at(4, 0))


def test_who_is_closed_for_weeks_does_not_say_when():
    closed = {MONDAY + timedelta(days=day) for day in range(60)}
    assert standing(WORKDAYS, closed, at(0, 12)) == Standing(False)


@pytest.mark.parametrize(
    ("week", "found"),
    [
        ([], False),
        ([Interval(0, 0, DAY_MIN), Interval(1, 0, DAY_MIN)], False),
        ([Interval(0, 0, 61), Interval(0, 60, 120)], True),
        ([Interval(0, 600, 700), Interval(0, 600, 650)], True),
        ([Interval(6, 1_200, 1_500), Interval(0, 59, 100)], True),
        ([Interval(6, 1_200, 1_500), Interval(0, 60, 100)], False),
    ],
)
def test_overlap(week, found):
    assert overlap(week) is found


intervals = st.builds(
    lambda weekday, opens, lasts: Interval(weekday, opens, opens + lasts),
    st.integers(0, 6),
    st.integers(0, DAY_MIN - 1),
    st.integers(1, DAY_MIN),
)


@given(
    week=st.lists(intervals, min_size=1, max_size=6),
    closed=st.sets(st.integers(-1, 8), max_size=4),
    minute=st.integers(0, 7 * DAY_MIN - 1),
)
def test_is_open_in_exactly_the_minutes_that_an_interval_has(week, closed, minute):
    """Against each minute looked at by itself; and what is told next is the next change."""
    days_off = {MONDAY + timedelta(days=day) for day in closed}
    moment = at(0, 0, minute)

    def is_open(when: datetime) -> bool:
        minutes = int((when - at(0, 0)) / timedelta(minutes=1))
        return any(
            day.opens <= minutes - back * DAY_MIN < day.closes
            for back in range(minutes // DAY_MIN - 1, minutes // DAY_MIN + 1)
            for day in week
            if day.weekday == back % 7 and MONDAY + timedelta(days=back) not in days_off
        )

    found = standing(week, days_off, moment)

    assert found.open is is_open(moment)
    change = found.closes_at or found.opens_at
    if change is not None:
        assert is_open(change) is not found.open
        assert is_open(change - timedelta(minutes=1)) is found.open
