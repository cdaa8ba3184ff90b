"""The nearest that have it, against a naive computation; and what the index is asked for it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hospital.calendar import legal_day
from hospital.models import Organisation
from hospital.roles import OrganisationKind
from hospital.sphere import FURTHEST_M, Place, chord, metres
from pharmacy import queries_near
from pharmacy.models import StockItem
from pharmacy.queries_near import Behind, Search, Shelf, nearest
from tests.journeys.finding import haversine_m
from tests.shelves import a_lot, a_shelf
from tests.world import a_medicine, an_organisation

TODAY = date(2026, 11, 27)
CENTIMETRE = 0.01
SETTINGS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

degrees = st.one_of(
    st.tuples(st.sampled_from(["180", "-180", "179.999999", "0"]), st.sampled_from(["0", "0.5"])),
    st.tuples(st.just("12"), st.sampled_from(["90", "-90", "89.999"])),
    st.tuples(st.decimals(-180, 180, places=3).map(str), st.decimals(-90, 90, places=3).map(str)),
    st.just(("109.41", "24.31")),
)
"""Across the date line, at the poles, anywhere, and many at one place."""
shops = st.tuples(degrees, st.integers(0, 3), st.integers(0, 3), st.booleans())
"""Where; units of two medicines on the shelf; whether what lies there has expired."""


@given(
    here=degrees,
    there=st.lists(shops, min_size=1, max_size=9),
    partly=st.booleans(),
    size=st.integers(1, 4),
    looked_at=st.integers(1, 4),
    within_m=st.sampled_from([1, 50_000, 3_000_000, FURTHEST_M]),
)
@SETTINGS
def test_equals_a_naive_computation(database, here, there, partly, size, looked_at, within_m):
    """D3: set, distances and order, page by page, whatever a page's bound; no gap, no double."""
    medicines = [a_medicine(), a_medicine()]
    needs = {medicines[0].code: 2, medicines[1].code: 1}
    place = Place(*map(Decimal, here))
    naive: dict[int, float] = {}
    for (lng, lat), first, second, expired in there:
        shop = an_organisation(
            OrganisationKind.PHARMACY, longitude=Decimal(lng), latitude=Decimal(lat)
        )
        for medicine, units in zip(medicines, (first, second), strict=True):
            item = a_shelf(shop, medicine, on_hand=0)
            if units:
                a_lot(item, units, expires_on=TODAY - timedelta(days=1) if expired else None)
        has = [not expired and first >= 2, not expired and second >= 1]
        away = haversine_m((float(here[0]), float(here[1])), (float(lng), float(lat)))
        if (any(has) if partly else all(has)) and away <= within_m + CENTIMETRE:
            naive[shop.id] = away

    search = Search(needs, place, within_m, partly=partly)
    with _only(medicines):
        found = list(_walk(search, size, looked_at))

    for one in found:
        assert one.away is not None
        assert abs(metres(one.away) - naive[one.pharmacy]) < CENTIMETRE * 10
    missing = set(naive) - {one.pharmacy for one in found}
    assert all(abs(naive[one] - within_m) < CENTIMETRE * 10 for one in missing)
    ranks = [one.rank for one in found]
    assert ranks == sorted(set(ranks))


def _walk(search: Search, size: int, looked_at: int) -> Iterator[Shelf]:
    after: Behind | None = None
    while True:
        asked = Search(
            search.units, search.place, search.within_m, search.partly, search.only, after
        )
        page, after = nearest(asked, size, on=TODAY, looked_at=looked_at)
        assert len(page) <= size
        yield from page
        if after is None:
            return


class _only:
    """Pharmacies of other tests are nowhere meanwhile, so that a small bound is about these."""

    def __init__(self, medicines: list[Any]) -> None:
        self.kept = [one.code for one in medicines]

    def __enter__(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        own = StockItem.objects.filter(medicine__in=self.kept).values("pharmacy")
        Organisation.objects.exclude(id__in=own).update(longitude=None, latitude=None)

    def __exit__(self, *_: Any) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)


@given(st.floats(0, FURTHEST_M))
def test_a_chord_tells_the_way(way):
    assert metres(chord(way)) == pytest.approx(way, abs=1)


COUNTRY = 20_000
ROWS = """
    INSERT INTO hospital_organisation (slug, kind, name, uscc, longitude, latitude)
    SELECT %(tag)s || n, 'pharmacy', 'x', %(tag)s || n,
           (109 + random() * %(wide)s)::numeric(9, 6), (24 + random() * %(wide)s)::numeric(9, 6)
    FROM generate_series(1, %(count)s) AS n;
    INSERT INTO pharmacy_stockitem (pharmacy_id, medicine_id, price_fen, on_hand, reserved, storage)
    SELECT place.id, code, 100, CASE WHEN random() < 0.5 THEN 10 ELSE 0 END, 0, 'room'
    FROM hospital_organisation AS place, unnest(%(codes)s::text[]) AS code
    WHERE place.uscc LIKE %(tag)s || '%%';
    ANALYZE hospital_organisation, pharmacy_stockitem, pharmacy_lot;
"""


@pytest.fixture
def country(database):
    """Twenty thousand pharmacies with three medicines each, for the length of a test."""
    codes = [a_medicine().code for _ in range(4)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pharmacy_stockitem DISABLE TRIGGER begins_empty")
        tag = uuid4().hex[:8]
        values: dict[str, Any] = {"tag": tag, "count": COUNTRY, "wide": 4, "codes": codes[:3]}
        cursor.execute(ROWS, values)
        yield codes
        transaction.set_rollback(True)


def explained(search: Search, most: int = 50) -> dict[str, Any]:
    sql, values = queries_near.statement(search, most, on=legal_day(timezone.now()))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
        (told,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from nodes(one)


def rows_of(node: dict[str, Any]) -> int:
    """All that a node has read, over all its loops; a shelf that is asked for is one row a loop."""
    if node.get("Index Name") == "stocked_once":
        return int(node["Actual Loops"])
    read: float = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return round(read * int(node["Actual Loops"]))


class TestThePlan:
    HERE = Place(Decimal("111"), Decimal("26"))

    def reads(self, search: Search) -> dict[str, int]:
        """Rows by index; nothing of the country is read in any other way. Recalls are a page."""
        plan = explained(search)
        found: dict[str, int] = {}
        for node in nodes(plan):
            if node.get("Relation Name") == "pharmacy_recall":
                continue
            assert node["Node Type"] not in ("Seq Scan", "Bitmap Heap Scan"), node
            if "Index Name" in node:
                name = str(node["Index Name"])
                found[name] = found.get(name, 0) + rows_of(node)
        return {**found, "buffers": plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]}

    def test_reads_as_many_shelves_as_the_page_needs(self, country):
        """D3: two of three have neither; so some two hundred pharmacies for fifty rows."""
        needs = dict.fromkeys(country[:2], 1)
        read = self.reads(Search(needs, self.HERE, 500_000))
        assert 50 < read["pharmacies_by_place"] < 600
        assert read["stocked_once"] <= 2 * read["pharmacies_by_place"]
        assert read["buffers"] < 20 * read["pharmacies_by_place"]

    def test_reads_no_more_than_its_bound_if_nobody_has_it(self, country):
        """D3: of the medicine that is nowhere: a thousand shelves, not twenty thousand."""
        read = self.reads(Search({country[3]: 1}, self.HERE, 500_000))
        assert read["pharmacies_by_place"] <= queries_near.LOOKED_AT + 1
        assert read["buffers"] < 12 * queries_near.LOOKED_AT

    def test_goes_on_at_the_cost_of_what_it_passes(self, country):
        """A later page passes those before it on the index, and asks none of them for its shelf."""
        needs = {country[0]: 1}
        here, after = Search(needs, self.HERE, 500_000), None
        for _ in range(4):
            asked = Search(needs, self.HERE, 500_000, after=after)
            _, after = nearest(asked, 50, on=TODAY)
        first = self.reads(here)
        later = self.reads(Search(needs, self.HERE, 500_000, after=after))
        assert later["pharmacies_by_place"] < 8 * first["pharmacies_by_place"]
        assert later["stocked_once"] < 2 * first["stocked_once"]


def test_a_thousand_at_one_place_are_walked_without_a_double(country):
    """D3: ties beyond a page's bound."""
    drawn = random.Random(3)
    here = TestThePlan.HERE
    few = Organisation.objects.filter(kind="pharmacy", name="x").order_by("?")[:300]
    ids = list(few.values_list("id", flat=True))
    Organisation.objects.filter(id__in=ids).update(longitude=here.longitude, latitude=here.latitude)
    StockItem.objects.filter(pharmacy__in=ids, medicine=country[0]).update(reserved=0)
    have = set(
        StockItem.objects.filter(pharmacy__in=ids, medicine=country[0], on_hand__gte=1).values_list(
            "pharmacy_id", flat=True
        )
    )
    search = Search({country[0]: 1}, here, 1)
    found = [one.pharmacy for one in _walk(search, drawn.randrange(20, 50), 100)]
    assert sorted(found) == sorted(have)
    assert found == sorted(found)
