"""What the tests of finding a pharmacy share: pharmacies somewhere, and asking."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any

from hospital.models import Organisation
from hospital.roles import OrganisationKind
from prescriptions.models import Medicine
from tests.journeys.test_judged_again import line
from tests.shelves import a_shelf
from tests.world import Patient, World, a_medicine, an_organisation

Json = dict[str, Any]
METRES_A_DEGREE = 111_194.926_6
"""Of latitude, on the sphere of 6 371 km."""


@dataclass
class Town:
    """Two medicines that only the pharmacies of this town sell, around a place of its own."""

    lng: Decimal
    lat: Decimal
    medicines: list[Medicine] = field(default_factory=list)

    @classmethod
    def found(cls, medicines: int = 2) -> Town:
        drawn = random.SystemRandom()
        lng, lat = Decimal(drawn.randrange(-179, 179)), Decimal(drawn.randrange(-70, -50))
        return cls(lng, lat, [a_medicine(price_fen=1_000) for _ in range(medicines)])

    @property
    def here(self) -> dict[str, str]:
        return {"lng": str(self.lng), "lat": str(self.lat)}

    def sells(self, metres: int, *prices_fen: int, on_hand: int = 10, **more: Any) -> Organisation:
        """A pharmacy so far to the north, with the first medicines for these prices of a unit."""
        place = {"longitude": self.lng, "latitude": round(self.lat + _degrees(metres), 6)}
        made = an_organisation(OrganisationKind.PHARMACY, **{**place, **more})
        for medicine, price_fen in zip(self.medicines, prices_fen, strict=False):
            a_shelf(made, medicine, price_fen=price_fen, on_hand=on_hand)
        return made

    def prescribed(self, world: World, patient: Patient) -> str:
        """Two units of the first medicine, one of each other; approved."""
        first, *others = self.medicines
        lines = [line(first, quantity=2, days=7), *(line(one) for one in others)]
        return world.approved(patient, lines=lines)


def _degrees(metres: int) -> Decimal:
    return Decimal(metres) / Decimal(METRES_A_DEGREE)


def path(rx: str) -> str:
    return f"/api/prescriptions/{rx}/pharmacies"


def finds(patient: Patient, rx: str, town: Town, **asked: Any) -> Json:
    return patient.client.post(path(rx), {"near": town.here, **asked})


def pages(patient: Patient, rx: str, town: Town, **asked: Any) -> Iterator[Json]:
    page = finds(patient, rx, town, **asked)
    yield page
    while page["next"]:
        page = patient.client.post(path(rx), {"cursor": page["next"], "size": asked["size"]})
        yield page


def slugs(page: Json) -> list[str]:
    return [one["pharmacy"] for one in page["pharmacies"]]


def haversine_m(a: tuple[Any, Any], b: tuple[Any, Any]) -> float:
    """Between two places, longitude and latitude in degrees; another formula than the server's."""
    (lng, lat), (other_lng, other_lat) = a, b
    high = sin(radians(other_lat - lat) / 2) ** 2
    wide = sin(radians(other_lng - lng) / 2) ** 2
    half = high + cos(radians(lat)) * cos(radians(other_lat)) * wide
    return 2 * 6_371_000 * asin(min(1, sqrt(half)))
