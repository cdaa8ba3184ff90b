"""
Which pharmacies near a place have it: nearest first, on an index, at the cost of the page.

The index gives pharmacies one by one, the nearest first, and each is asked for its shelf; that ends
when the page is full, or after ``LOOKED_AT`` pharmacies, which the page then says by where the next
one begins. So neither the number of pharmacies in the country nor a medicine that nobody near
has makes a page dear.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from hospital import sphere

LOOKED_AT = 1_000
"""So many pharmacies are asked for their shelves for one page."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The last pharmacy that was looked at: how far away (a chord), and its id."""

    away: float
    pharmacy: int


@dataclass(frozen=True, slots=True)
class Search:
    """
    Pharmacies within so many metres of ``place``, from ``after`` on, that have so many dispensing
    units of each medicine, or, ``partly``, of one of them.

    ``only``: the one pharmacy that may give it out, wherever it is (decision 0022).
    """

    units: Mapping[str, int]
    place: sphere.Place
    within_m: int
    partly: bool = False
    only: int | None = None
    after: Behind | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """
    ``away`` as in ``Behind``, None if nobody knows where.

    ``free``: of each medicine that there is enough of: code → units, fen of one.
    """

    pharmacy: int
    away: float | None
    free: Mapping[str, tuple[int, int]]

    @property
    def distance_m(self) -> int | None:
        return None if self.away is None else round(sphere.metres(self.away))

    @property
    def rank(self) -> tuple[float, int]:
        """Nearer ones first; a pharmacy is always in the same place among those of one distance."""
        return (-1 if self.away is None else self.away), self.pharmacy


def nearest(
    search: Search, most: int, *, on: date, looked_at: int = LOOKED_AT
) -> tuple[list[Shelf], Behind | None]:
    """
    Up to ``most`` pharmacies that have it on an Asia/Shanghai day, the nearest first, and where the
    next page begins; None if none is left within the distance. One query.

    A page may end before it is full, since enough shelves were looked at.
    """
    with connection.cursor() as cursor:
        cursor.execute(*statement(search, most, on=on, looked_at=looked_at))
        rows = cursor.fetchall()
    found = [Shelf(row[0], row[1], json.loads(row[3])) for row in rows if row[3] is not None]
    if len(found) > most:
        last = found[most - 1]
        return found[:most], Behind(_known(last.away), last.pharmacy)
    if rows and rows[-1][2] == looked_at:
        return found, Behind(rows[-1][1], rows[-1][0])
    return found, None


def statement(
    search: Search, most: int, *, on: date, looked_at: int = LOOKED_AT
) -> tuple[str, list[Any]]:
    """The SQL of ``nearest`` and its values."""
    codes = sorted(search.units)
    wanted = [codes, [search.units[code] for code in codes]]
    here = search.place.point
    if search.only is not None:
        candidates, values = _ONE, [here, search.only]
    elif search.after is None:
        candidates, values = _NEAREST.format(behind=""), [here, here, looked_at]
    else:
        after = [here, search.after.away, search.after.pharmacy]
        candidates, values = _NEAREST.format(behind=_BEHIND), [here, *after, here, looked_at]
    enough = 1 if search.partly else len(codes)
    far = None if search.only else sphere.chord(search.within_m)
    sql = _SHELVES.format(candidates=candidates)
    return sql, [*wanted, *values, on, enough, far, looked_at, most + 1]


def _known(away: float | None) -> float:
    assert away is not None, "only one pharmacy is looked at wherever it is"
    return away


_POINT = sphere.POINT.format(table="place")
_NEAREST = f"""
    SELECT place.id, {_POINT} <-> cube(%s::float8[]) AS away
    FROM hospital_organisation AS place
    WHERE place.kind = 'pharmacy' AND place.latitude IS NOT NULL {{behind}}
    ORDER BY {_POINT} <-> cube(%s::float8[]), place.id
    LIMIT %s
"""  # noqa: S608  # constants
# Left out on a first page: the planner takes it to drop two thirds of all, and then would rather
# sort a small country than walk on the index.
_BEHIND = f"AND ({_POINT} <-> cube(%s::float8[]), place.id) > (%s, %s)"
_ONE = f"""
    SELECT place.id, {_POINT} <-> cube(%s::float8[]) AS away
    FROM hospital_organisation AS place WHERE place.id = %s
"""  # noqa: S608
# The distance is asked of the candidates, and not of the index: the planner cannot tell how few a
# circle holds, and sorts them all. OFFSET 0: an item is found by its index, whatever is assumed of
# shelves. Lots are asked only where there is enough with them. The last pharmacy that may be looked
# at comes along, whatever it has: it says where to go on.
_SHELVES = """
    WITH wanted AS MATERIALIZED (
        SELECT code, units, ARRAY(
            SELECT number FROM pharmacy_recall WHERE state = 'in_force' AND medicine_id = code
        ) AS recalled
        FROM unnest(%s::text[], %s::bigint[]) AS wanted (code, units)
    )
    SELECT near.id, near.away, near.nth, shelf.free
    FROM (
        SELECT id, away, row_number() OVER (ORDER BY away, id) AS nth
        FROM ({candidates}) AS place
    ) AS near
    LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(wanted.code, jsonb_build_array(item.free, item.price_fen)) AS free
        FROM wanted JOIN LATERAL (
            SELECT stock.price_fen, stock.on_hand - stock.reserved - coalesce((
                SELECT sum(lot.on_hand) FROM pharmacy_lot AS lot
                WHERE lot.item_id = stock.id AND lot.on_hand > 0
                  AND (lot.state <> 'open' OR lot.expires_on < %s::date
                       OR ARRAY['', lot.number] && wanted.recalled)
            ), 0) AS free
            FROM pharmacy_stockitem AS stock
            WHERE stock.pharmacy_id = near.id AND stock.medicine_id = wanted.code
              AND stock.on_hand - stock.reserved >= wanted.units
            OFFSET 0
        ) AS item ON item.free >= wanted.units
        HAVING count(*) >= %s
    ) AS shelf ON true
    WHERE coalesce(near.away <= %s, true) AND (shelf.free IS NOT NULL OR near.nth = %s)
    ORDER BY near.away, near.id
    LIMIT %s
"""
