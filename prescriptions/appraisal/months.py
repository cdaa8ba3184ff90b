"""Months of Asia/Shanghai, and when nothing can be added to one any more. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hospital.calendar import begins, legal_day

LATE = timedelta(seconds=900)
"""How far behind the latest entry an entry may be dated: the law's ``late_s``; a test compares."""
_MONTH = re.compile(r"(20[0-9]{2}|19[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One month, by its first day."""

    first: date

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def begins_at(self) -> datetime:
        return begins(self.first)

    @property
    def until(self) -> datetime:
        """The first moment of the next month."""
        return begins(_later(self.first))

    @property
    def closes_at(self) -> datetime:
        """
        Once a log holds an entry of this moment or later, it takes none of this month any more.

        For the law refuses what is dated more than ``LATE`` before an entry that is already there.
        """
        return self.until + LATE

    def before(self, months: int = 1) -> Month:
        """The month so many earlier."""
        count = self.first.year * 12 + self.first.month - 1 - months
        return Month(date(count // 12, count % 12 + 1, 1))


def parse(text: str) -> Month:
    """Read ``2026-10``. Raises ``ValueError``."""
    match = _MONTH.fullmatch(text)
    if match is None:
        raise ValueError("a month is written like 2026-10")
    return Month(date(int(match[1]), int(match[2]), 1))


def of(at: datetime) -> Month:
    """The month in which an aware moment falls."""
    return Month(legal_day(at).replace(day=1))


def _later(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
