"""Days and ages as the law counts them; legal days are Asia/Shanghai days throughout."""

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
