"""
A country of pharmacies for the benchmark, which grows: places in cities, shelves, lots.

Every pharmacy has ``THIN`` medicines; those that the questions are about, the ``DENSE`` nearest to
each of ``PLACES``, have all ``MEDICINES``. To give them to all of half a million would take a
thousand million rows, more than a disk and ten minutes hold: what an index costs grows with its
depth, which that many rows more would make one level greater. Lots lie on the dense shelves, of the
medicines that are asked for; those pharmacies say their hours and have couriers. Indexes and
constraints are made again after each loading.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.db import connection

from hospital.roles import OrganisationKind
from hospital.sphere import Place
from prescriptions.models import Medicine
from tests.world import a_medicine, an_organisation

MEDICINES, THIN, DENSE, CITIES = 2_000, 10, 300, 30
ASKED = 60
"""So many of the medicines are asked for."""
PLACES = [
    Place(
        Decimal(80) + Decimal(city * 7_919 % 5_000) / 100,
        Decimal(20) + Decimal(city * 104_729 % 3_000) / 100,
    )
    for city in range(4)
]
"""The middles of the four largest cities, as ``_PHARMACIES`` places them."""
SHELVES = "pharmacy_stockitem"
TABLES = (
    *(SHELVES, "hospital_organisation", "pharmacy_lot"),
    *("pharmacy_opening", "pharmacy_closedday", "pharmacy_carriage"),
)
COURIERS = 2


def code(number: int) -> str:
    return f"XBENCH{number:04d}"


def set_up() -> None:
    like = a_medicine()
    columns = {field.attname for field in Medicine._meta.concrete_fields} - {"code"}
    same = {name: getattr(like, name) for name in columns}
    Medicine.objects.bulk_create(
        Medicine(**{**same, "code": code(number)}) for number in range(MEDICINES)
    )
    for _ in range(COURIERS):
        an_organisation(OrganisationKind.COURIER)


class Country:
    """``grow`` makes it larger; it never shrinks."""

    def __init__(self) -> None:
        self.pharmacies = 0
        self._dense: set[int] = set()

    def grow(self, upto: int) -> None:
        """Have so many pharmacies, with their shelves, on disk and analysed."""
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SELECT coalesce(max(id), 0) FROM hospital_organisation")
            (last,) = cursor.fetchone()
            values = {"low": self.pharmacies + 1, "high": upto, "cities": CITIES}
            cursor.execute(_PHARMACIES, values)
            dense = self._nearest() - self._dense
            near = {"dense": sorted(dense), "last": last, "medicines": MEDICINES}
            cursor.execute(_CLEAR, near)
            with _loading():
                cursor.execute(_THIN, {**near, "thin": THIN})
                cursor.execute(_DENSE, near)
            asked = [code(number) for number in range(ASKED)]
            cursor.execute("ALTER TABLE pharmacy_lot DISABLE TRIGGER begins_empty")
            cursor.execute(_LOTS, {**near, "asked": asked})
            cursor.execute("ALTER TABLE pharmacy_lot ENABLE TRIGGER begins_empty")
            for sql in _SERVICE:
                cursor.execute(sql, near)
            for table in TABLES:
                cursor.execute(f"VACUUM ANALYZE {table}")
            cursor.execute("RESET statement_timeout")
        self._dense |= dense
        self.pharmacies = upto

    def _nearest(self) -> set[int]:
        found: set[int] = set()
        with connection.cursor() as cursor:
            for place in PLACES:
                cursor.execute(_NEAREST, [place.point, DENSE])
                found |= {one for (one,) in cursor.fetchall()}
        return found


def rows_and_bytes() -> tuple[int, int]:
    """Items on all shelves, about, and the size of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint, pg_database_size(current_database())"
            " FROM pg_class WHERE oid = %s::regclass",
            [SHELVES],
        )
        rows, size = cursor.fetchone()
        return int(rows), int(size)


@contextmanager
def _loading() -> Iterator[None]:
    """Without triggers, foreign keys and indexes, which are made again as they were."""
    with connection.cursor() as cursor:
        cursor.execute(_CONSTRAINTS, [SHELVES])
        constraints = cursor.fetchall()
        cursor.execute(_INDEXES, [SHELVES])
        indexes = cursor.fetchall()
        cursor.execute(f"ALTER TABLE {SHELVES} DISABLE TRIGGER begins_empty")
        for name, _ in constraints:
            cursor.execute(f'ALTER TABLE {SHELVES} DROP CONSTRAINT "{name}"')
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        for name, definition in constraints:
            cursor.execute(f'ALTER TABLE {SHELVES} ADD CONSTRAINT "{name}" {definition}')
        cursor.execute(f"ALTER TABLE {SHELVES} ENABLE TRIGGER begins_empty")


_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype IN ('f', 'u') ORDER BY contype DESC
"""
_INDEXES = """
    SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = %s::regclass
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype <> 'f')
"""
# Some cities are many times as large as others, and each is denser in its middle.
_PHARMACIES = """
    INSERT INTO hospital_organisation (slug, kind, name, uscc, longitude, latitude)
    SELECT 'bench-' || n, 'pharmacy', '药房' || n, 'B' || lpad(n::text, 17, '0'),
           80 + city * 7919 %% 5000 / 100.0 + 4 * (random() - 0.5)::numeric ^ 3,
           20 + city * 104729 %% 3000 / 100.0 + 4 * (random() - 0.5)::numeric ^ 3
    FROM (
        SELECT n, floor(%(cities)s * random() ^ 3)::int AS city
        FROM generate_series(%(low)s, %(high)s) AS n
    ) AS placed
"""
_NEAREST = """
    SELECT id FROM hospital_organisation
    WHERE kind = 'pharmacy' AND latitude IS NOT NULL
    ORDER BY hospital_on_sphere(longitude, latitude) <-> cube(%s::float8[]) LIMIT %s
"""
_CLEAR = "DELETE FROM pharmacy_stockitem WHERE pharmacy_id = ANY(%(dense)s)"
_ITEM = """
    INSERT INTO pharmacy_stockitem (pharmacy_id, medicine_id, price_fen, on_hand, reserved, storage)
    SELECT place.id, 'XBENCH' || lpad(number::text, 4, '0'), 500 + number + place.id %% 100,
           CASE WHEN abs(hashint8(place.id * 10000 + number)::bigint) %% 10 < 7 THEN 10 ELSE 0 END,
           0, 'room'
"""
_THIN = f"""
    {_ITEM}
    FROM hospital_organisation AS place, generate_series(1, %(thin)s) AS k,
         LATERAL (SELECT (place.id * 17 + k * 97) %% %(medicines)s AS number) AS drawn
    WHERE place.id > %(last)s AND place.kind = 'pharmacy' AND place.id <> ALL(%(dense)s)
"""
_DENSE = f"""
    {_ITEM}
    FROM unnest(%(dense)s::bigint[]) AS place (id), generate_series(0, %(medicines)s - 1) AS number
"""
_LOTS = """
    INSERT INTO pharmacy_lot (id, item_id, number, expires_on, on_hand, state, state_reason, salt,
                              commitment, created_at, coded, by_patient)
    SELECT gen_random_uuid(), item.id, 'B1', current_date + 400, item.on_hand, 'open', '', '\\x00',
           md5(item.id::text) || md5(item.medicine_id || item.id), now(), 0, false
    FROM pharmacy_stockitem AS item
    WHERE item.pharmacy_id = ANY(%(dense)s) AND item.medicine_id = ANY(%(asked)s)
      AND item.on_hand > 0
"""
# Hours of many kinds: of two pharmacies seldom the same.
_SERVICE = (
    """
    INSERT INTO pharmacy_opening (pharmacy_id, weekday, opens, closes)
    SELECT place, weekday, 420 + place %% 60, 1200 + place %% 97
    FROM unnest(%(dense)s::bigint[]) AS place, generate_series(0, 6) AS weekday
    """,
    """
    INSERT INTO pharmacy_closedday (pharmacy_id, day)
    SELECT place, current_date + 10 * number
    FROM unnest(%(dense)s::bigint[]) AS place, generate_series(-2, 2) AS number
    """,
    """
    INSERT INTO pharmacy_carriage (pharmacy_id, courier_id, up_to_m, fee_fen, minutes)
    SELECT place, courier.id, up_to_m, up_to_m / 10, 30 + up_to_m / 100
    FROM unnest(%(dense)s::bigint[]) AS place, unnest(ARRAY[3000, 20000, 500000]) AS up_to_m,
         hospital_organisation AS courier
    WHERE courier.kind = 'courier'
    """,
)
