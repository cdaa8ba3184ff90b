"""Days and ages as the law counts them; legal days are Asia/Shanghai days throughout."""

from calendar import isleap
from datetime import UTC, date, datetime, time

from hospital.units import SHANGHAI


def legal_day(at: datetime) -> date:
    """
    The Asia/Shanghai day on which an aware moment falls.

    Raises:
        ValueError: ``at`` is naive.
    """
    if at.utcoffset() is None:
        raise ValueError("a moment without a time zone falls on no legal day")
    return at.astimezone(SHANGHAI).date()


def begins(day: date) -> datetime:
    """The first moment (aware, UTC) of a legal day."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def age(born: date, on: date) -> int:
    """
    Completed years on a legal day; negative before birth.

    Who was born on 29 February completes a year on 1 March where there is no such day.
    """
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def anniversary(born: date, years: int) -> date:
    """
    The legal day on which somebody completes ``years`` years, as ``age`` counts them.

    >>> anniversary(date(2008, 2, 29), 18)
    datetime.date(2026, 3, 1)
    """
    if (born.month, born.day) == (2, 29) and not isleap(born.year + years):
        return date(born.year + years, 3, 1)
    return born.replace(year=born.year + years)
