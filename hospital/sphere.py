"""
Distances on the earth, taken as a sphere of 6 371 km: pure, and the SQL that says the same.

A place is a point of the unit sphere in three dimensions. The straight line between two such points
(the chord) grows with the distance along the surface, so that an index which finds the shortest
chord finds the nearest place, across the date line and at the poles too; nothing has to be treated
apart. PostgreSQL's extension ``cube`` has that index, and the function ``hospital_on_sphere`` makes
the point of a longitude and a latitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import asin, cos, pi, radians, sin

RADIUS_M = 6_371_000
FURTHEST_M = int(pi * RADIUS_M)
POINT = "hospital_on_sphere({table}.longitude, {table}.latitude)"
"""The point of an organisation's place in SQL, as the index spells it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees in GCJ-02. Where a patient is, is personal: it is neither stored nor logged."""

    longitude: Decimal
    latitude: Decimal

    @property
    def point(self) -> list[float]:
        """The point of the unit sphere: x, y, z."""
        lng, lat = radians(self.longitude), radians(self.latitude)
        return [cos(lat) * cos(lng), cos(lat) * sin(lng), sin(lat)]


def chord(metres: float) -> float:
    """
    The chord, in radii, between two places that are so far apart; at most the sphere's diameter.

    >>> round(chord(FURTHEST_M), 6)
    2.0
    """
    return 2 * sin(min(metres / RADIUS_M, pi) / 2)


def metres(chord: float) -> float:
    """
    The way along the surface between two places with this chord.

    >>> round(metres(chord(1_234.5)), 6)
    1234.5
    """
    return 2 * RADIUS_M * asin(min(chord / 2, 1))
