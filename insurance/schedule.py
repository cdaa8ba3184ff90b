"""When a payer's schedule comes round: days, weeks and months of Asia/Shanghai. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hospital.units import SHANGHAI

LAST_DAY = {"day": 1, "week": 7, "month": 28}
"""The last day that every period has; a day of a week is counted from Monday, 1."""


def following(every: str, day: int, at: time, after: datetime) -> datetime:
    """
    The first moment of the schedule that is later than ``after``.

    >>> following("month", 5, time(2), datetime(2026, 12, 4, 18, tzinfo=UTC))
    datetime.datetime(2027, 1, 4, 18, 0, tzinfo=datetime.timezone.utc)
    """
    today = after.astimezone(SHANGHAI).date()
    first = _in_period(every, day, today)
    moments = (_moment(one, at) for one in (first, _in_next(every, day, first)))
    return next(one for one in moments if one > after)


def _in_period(every: str, day: int, on: date) -> date:
    """The day of the schedule in the period that holds ``on``."""
    if every == "month":
        return on.replace(day=day)
    return on if every == "day" else on + timedelta(days=day - on.isoweekday())


def _in_next(every: str, day: int, former: date) -> date:
    if every == "month":
        return (former.replace(day=28) + timedelta(days=4)).replace(day=day)
    return former + timedelta(days=1 if every == "day" else 7)


def _moment(on: date, at: time) -> datetime:
    return datetime.combine(on, at, SHANGHAI).astimezone(UTC)
