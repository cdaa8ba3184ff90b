"""Days and ages as the law counts them; legal days are Asia/Shanghai days throughout."""

from datetime import UTC, date, datetime, time, timedelta

from hospital.units import SHANGHAI

VALID_DAYS_MAX = 3


def legal_day(at: datetime) -> date:
    """
    The Asia/Shanghai day on which an aware moment falls.

    Raises:
        ValueError: ``at`` is naive.
    """
    if at.utcoffset() is None:
        raise ValueError("a moment without a time zone falls on no legal day")
    return at.astimezone(SHANGHAI).date()


def age(born: date, on: date) -> int:
    """Completed years of life on a legal day; negative before birth."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def valid_until(issued_at: datetime, days: int) -> datetime:
    """
    The first moment (aware, UTC) at which a prescription issued at ``issued_at`` is void.

    The day of issue is day 1, and day ``days`` ends at 24:00 Asia/Shanghai.

    Raises:
        ValueError: ``days`` is not 1, 2 or 3, or ``issued_at`` is naive.

    Source: order 53, art. 18: valid on the day; the doctor may extend it to 3 days at most.
    """
    if not 1 <= days <= VALID_DAYS_MAX:
        raise ValueError(f"a prescription is valid for 1 to {VALID_DAYS_MAX} days, not {days}")
    void_on = legal_day(issued_at) + timedelta(days=days)
    return datetime.combine(void_on, time(), SHANGHAI).astimezone(UTC)
