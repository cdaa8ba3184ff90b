"""When pharmacies are open and who brings what they give out, for a page of them in one query."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import QuerySet

from pharmacy.hours import Interval
from pharmacy.models import Carriage


@dataclass(frozen=True, slots=True)
class Fare:
    """For what, and how fast (minutes), a courier company brings it."""

    courier: str
    fee_fen: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Service:
    """
    ``closed``: days that can matter from now on. ``fares``: of each courier company that goes so
    far the shortest of its offers, the shortest first. ``place``: longitude and latitude (GCJ-02),
    None if nobody knows where.
    """

    slug: str
    name: str
    week: tuple[Interval, ...]
    closed: frozenset[date]
    fares: tuple[Fare, ...]
    place: tuple[str, str] | None


def services(metres: Mapping[int, int | None], *, on: date) -> dict[int, Service]:
    """
    Of these pharmacies, by the metres to each; where these are None, no courier is told.

    One query, and of each pharmacy only what is shown: rows of models take longer than the answer.
    """
    yesterday = on - timedelta(days=1)  # whose hours may last until this morning
    with connection.cursor() as cursor:
        cursor.execute(_SERVICES, [yesterday, list(metres), list(metres.values())])
        return {row[0]: _service(*row[1:]) for row in cursor.fetchall()}


def _service(
    slug: str, name: str, week: str, closed: list[date], offers: str, place: list[str] | None
) -> Service:
    fares: dict[str, Fare] = {}
    for courier, fee_fen, minutes in json.loads(offers):
        fares.setdefault(courier, Fare(courier, fee_fen, minutes))
    intervals = tuple(Interval(*one) for one in json.loads(week))
    known = (place[0], place[1]) if place else None
    return Service(slug, name, intervals, frozenset(closed), tuple(fares.values()), known)


def carriages() -> QuerySet[Carriage]:
    return Carriage.objects.select_related("courier").order_by("courier__slug", "up_to_m")


_SERVICES = """
    SELECT place.id, place.slug, place.name,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(weekday, opens, closes)
                                   ORDER BY weekday, opens), '[]')
         FROM pharmacy_opening WHERE pharmacy_id = place.id),
        ARRAY(SELECT day FROM pharmacy_closedday WHERE pharmacy_id = place.id AND day >= %s),
        (SELECT coalesce(jsonb_agg(jsonb_build_array(courier.slug, fee_fen, minutes)
                                   ORDER BY up_to_m, courier.slug), '[]')
         FROM pharmacy_carriage AS offer
         JOIN hospital_organisation AS courier ON courier.id = offer.courier_id
         WHERE offer.pharmacy_id = place.id AND offer.up_to_m >= near.metres),
        CASE WHEN place.latitude IS NOT NULL
             THEN ARRAY[place.longitude::text, place.latitude::text] END
    FROM unnest(%s::bigint[], %s::int[]) AS near (id, metres)
    JOIN hospital_organisation AS place ON place.id = near.id
"""
