"""
When the issues of a long-term prescription can be fetched. Pure: no Django, no clock.

Issue k opens when the legal day of signing + (k - 1) intervals begins, and ends when the next one
opens, the last after one interval. So the windows leave no gap and never overlap: at every moment
of the plan exactly one issue can be fetched, and whoever comes late for one has the next.

Who fetches an issue late still has medicines when the next would open. It then opens
``GRACE_DAYS`` before they run out: an interval after the day of fetching, less the grace. That is
less than two intervals after the window began, so at least ``GRACE_DAYS`` of the next window are
always left, and the one after the next is never touched.

Decisions and sources: docs/decisions/0018-long-term.md.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hospital.calendar import begins, legal_day

ISSUES_MAX = 4
INTERVAL_MIN_DAYS, INTERVAL_MAX_DAYS = 7, 28
GRACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Window:
    """From ``opens_at`` on and before ``valid_until``; both aware, UTC."""

    opens_at: datetime
    valid_until: datetime


def windows(on: date, issues: int, interval_days: int) -> tuple[Window, ...]:
    """
    The windows of ``issues`` issues that are signed on a legal day, the first one open at once.

    >>> [f"{one.valid_until:%m-%d %H:%M}" for one in windows(date(2028, 2, 28), 2, 7)]
    ['03-05 16:00', '03-12 16:00']
    """
    opening = [begins(on + timedelta(days=interval_days * n)) for n in range(issues + 1)]
    return tuple(map(Window, opening, opening[1:]))


def next_opens(fetched_at: datetime, interval_days: int) -> datetime:
    """
    The earliest opening of the next issue, when this one was given out at ``fetched_at``.

    Raises:
        ValueError: ``fetched_at`` is naive.
    """
    return begins(legal_day(fetched_at) + timedelta(days=interval_days - GRACE_DAYS))
