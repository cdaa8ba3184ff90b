"""
When a prescription ends and how long it is kept; days and ages are those of ``hospital.calendar``.
"""

from datetime import UTC, date, datetime, time, timedelta

from hospital.calendar import age, legal_day
from hospital.units import SHANGHAI
from prescriptions.facts import Form

__all__ = ["VALID_DAYS_MAX", "age", "kept_until", "legal_day", "valid_until", "written_age"]

VALID_DAYS_MAX = 3
INFANT_YEARS = 3
MONTHS_OF_A_YEAR = 12
YEARS_KEPT = {
    Form.ORDINARY: 1,
    Form.EMERGENCY: 1,
    Form.PAEDIATRIC: 1,
    Form.TOXIC: 2,
    Form.PSYCHOTROPIC_2: 2,
    Form.NARCOTIC: 3,
}
YEARS_ONLINE_KEPT = 15


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


def written_age(born: date, on: date) -> str:
    """
    The age as it is written on a prescription: days below a month, months below three years.

    Who was born on the 31st completes a month when the next begins where there is no such day.

    Source: order 53, art. 6 (unconfirmed): newborns' days and infants' months.
    """
    years = age(born, on)
    if years >= INFANT_YEARS:
        return f"{years}岁"
    months = (on.year - born.year) * MONTHS_OF_A_YEAR + on.month - born.month
    completed = months - (on.day < born.day)
    return f"{completed}月" if completed else f"{(on - born).days}日"


def kept_until(form: Form, at: datetime, *, online: bool) -> datetime:
    """
    The first moment (aware, UTC) at which a prescription of the moment ``at`` may be destroyed.

    The longest of the times that apply: by form one to three years, of online records fifteen. A
    year is complete when its day begins, as with ages; from 29 February it goes to 1 March.

    Raises:
        ValueError: ``at`` is naive.

    Source: order 53, art. 50; rules for the supervision of internet diagnosis and treatment
    (2022), art. 20 (number unconfirmed).
    """
    years = max(YEARS_KEPT[form], YEARS_ONLINE_KEPT if online else 0)
    day = legal_day(at)
    try:
        end = day.replace(year=day.year + years)
    except ValueError:
        end = date(day.year + years, 3, 1)
    return datetime.combine(end, time(), SHANGHAI).astimezone(UTC)
