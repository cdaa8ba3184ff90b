"""
How long the law wants records kept, which a patient's wish to have them erased does not shorten.

Source: Personal Information Protection Law, art. 47: what another law wants kept is only kept, and
used for nothing else. The terms are in ``Term``; of several the longest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from hospital import calendar
from hospital.models import Address, Emergency


@dataclass(frozen=True, slots=True)
class _Rule:
    years: int
    law: str
    article: str


class Term(Enum):
    """What is kept how many years, and by which article."""

    ORDINARY = _Rule(1, "处方管理办法", "第五十条")
    TOXIC_OR_CLASS_2 = _Rule(2, "处方管理办法", "第五十条")
    NARCOTIC = _Rule(3, "处方管理办法", "第五十条")
    AT_A_PHARMACY = _Rule(5, "药品经营和使用质量监督管理办法", "第四十二条 unconfirmed")
    ONLINE = _Rule(15, "互联网诊疗监管细则（试行）", "第二十条 unconfirmed")
    TALK = _Rule(3, "互联网诊疗监管细则（试行）", "第二十条 unconfirmed")
    OVERSIGHT = _Rule(3, "个人信息保护法", "第五十五条、第五十六条 unconfirmed")

    def ends(self, since: datetime) -> datetime:
        """
        The first moment at which it need not be kept any longer: so many years after the day of
        ``since`` in Shanghai, that day included.

        After 29 February the year is over with 28 February where there is no such day.
        """
        day = calendar.legal_day(since)
        year = day.year + self.value.years
        try:
            last = day.replace(year=year)
        except ValueError:
            last = day.replace(year=year, day=28)
        return calendar.begins(last + timedelta(days=1))


def of_hospital(patient: UUID) -> Iterator[tuple[UUID, datetime | None]]:
    """
    Record → until when it has to be kept, None if nothing demands it.

    Addresses are nobody's business any more; why glass was broken is the regulator's.
    """
    for record in Address.objects.filter(account_id=patient).values_list("record_id", flat=True):
        yield record, None
    pleas = Emergency.objects.filter(patient_id=patient)
    for record, since in pleas.values_list("record_id", "pleaded_at"):
        yield record, Term.OVERSIGHT.ends(since)
