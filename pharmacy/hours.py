"""
Opening hours: is a pharmacy open at a moment, until when, and when does it open? Pure.

Hours are minutes of the Asia/Shanghai day, which has 1,440 of them: there is no summer time since
1991. An interval belongs to the day on which it begins, so one over midnight that began on the
evening before a closed day ends on the closed day's morning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hospital import calendar

DAY_MIN = 24 * 60
SUNDAY = 6
AHEAD_DAYS = 31
"""How far ahead the next opening is looked for."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """``weekday`` from Monday, 0; ``closes`` is exclusive, above 1,440 on the following day."""

    weekday: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """
    ``open`` is None where the pharmacy has not said. Who is open says until when (None: longer than
    the hours are looked ahead), who is closed when it opens (None: not that soon).
    """

    open: bool | None
    closes_at: datetime | None = None
    opens_at: datetime | None = None


UNSAID = Standing(None)


def overlap(week: Sequence[Interval]) -> bool:
    """Whether two intervals of a week share a minute, Sunday night and Monday among them."""
    length = 7 * DAY_MIN
    spans = sorted((one.weekday * DAY_MIN + one.opens, one.closes - one.opens) for one in week)
    if not spans:
        return False
    following = [*(begins for begins, _ in spans[1:]), spans[0][0] + length]
    return any(
        begins + lasts > then for (begins, lasts), then in zip(spans, following, strict=True)
    )


def standing(week: Sequence[Interval], closed: Collection[date], at: datetime) -> Standing:
    """
    How a pharmacy with these hours and closed days stands at ``at``.

    Intervals that touch are one: who closes at 24:00 and opens at 0:00 does not close.
    """
    if not week:
        return UNSAID
    for opens_at, closes_at in _spans(week, closed, calendar.legal_day(at)):
        if at < opens_at:
            return Standing(False, opens_at=opens_at)
        if at < closes_at:
            end = calendar.begins(calendar.legal_day(at) + timedelta(days=AHEAD_DAYS))
            return Standing(True, closes_at=closes_at if closes_at < end else None)
    return Standing(False)


def _spans(
    week: Sequence[Interval], closed: Collection[date], today: date
) -> Iterator[tuple[datetime, datetime]]:
    """From the day before on, when it is open, in order; what touches is joined."""
    joined: tuple[datetime, datetime] | None = None
    for span in _of_days(week, closed, today):
        if joined is not None and span[0] <= joined[1]:
            joined = joined[0], max(joined[1], span[1])
            continue
        if joined is not None:
            yield joined
        joined = span
    if joined is not None:
        yield joined


def _of_days(
    week: Sequence[Interval], closed: Collection[date], today: date
) -> Iterator[tuple[datetime, datetime]]:
    for ahead in range(-1, AHEAD_DAYS + 1):
        day = today + timedelta(days=ahead)
        if day in closed:
            continue
        midnight = calendar.begins(day)
        for one in sorted(week):
            if one.weekday == day.weekday():
                yield (
                    midnight + timedelta(minutes=one.opens),
                    midnight + timedelta(minutes=one.closes),
                )
