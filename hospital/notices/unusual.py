"""
Looks that are none of every day: at night, or by a reader who looks at very many.

Looks of whoever is a party to a prescription are its course, and are not judged. An organisation
that never had to do with the patient is no sign here: it looks under a grant that the patient
signed for it, whose first use is told, or under an emergency, which is told at once. A guardian's
look is like the patient's own.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Final
from uuid import UUID

from django.db import connection

from hospital import calendar
from hospital.notices import actions
from hospital.notices.kinds import Kind
from hospital.notices.models import Notice
from hospital.roles import Actor
from hospital.units import SHANGHAI

NIGHT: Final = (time(23), time(6))
MANY_AN_HOUR: Final = 60
"""One look a minute, for an hour; both numbers are ours."""


def is_unusual(at: datetime, looks_this_hour: int) -> bool:
    """
    Whether a look at an aware moment is to be told, the reader's ``looks_this_hour``-th.

    Night is from 23:00 to 06:00 in Shanghai, the end exclusive.
    """
    begins, ends = NIGHT
    clock = at.astimezone(SHANGHAI).time()
    return clock >= begins or clock < ends or looks_this_hour > MANY_AN_HOUR


def tell_of_look(patient: UUID, basis: str, *, by: Actor, at: datetime) -> None:
    """
    Tell the patient of a look under ``basis``, a grant or an emergency, as far as it is news.

    In the look's transaction, two statements: the reader's looks of this hour are counted, and
    what is to be told is inserted. The first use of a grant is told once; what is unusual, once a
    legal day for each basis.
    """
    if not basis.startswith(("grant/", "emergency/")):
        return
    notices = []
    if basis.startswith("grant/"):
        notices.append(Notice(kind=Kind.GRANT_USED, subject=basis, version=1))
    if is_unusual(at, _counted(by.account, at)):
        day = calendar.legal_day(at).toordinal()
        notices.append(Notice(kind=Kind.LOOK_UNUSUAL, subject=basis, version=day))
    for notice in notices:
        notice.account_id = patient
    if notices:
        actions.tell_all(notices, at=at)


def _counted(reader: UUID, at: datetime) -> int:
    """How many looks of this hour the reader has made with this one."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [reader, hour])
        (looks,) = cursor.fetchone()
        return int(looks)


# One row a reader: the next hour begins it anew
_COUNT = """
    INSERT INTO notices_lookcount AS c (reader_id, hour, looks) VALUES (%s, %s, 1)
    ON CONFLICT (reader_id) DO UPDATE SET
        looks = CASE WHEN c.hour = excluded.hour THEN c.looks + 1 ELSE 1 END,
        hour = excluded.hour
    RETURNING looks
"""
