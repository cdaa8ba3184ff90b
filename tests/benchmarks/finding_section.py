"""
What ``./rx bench find`` measures: a page of fifty pharmacies, in countries of several sizes.

The request goes through this process over a real database, with its ``record.view`` entry, the
lines unsealed and the split; the search is its one query for pharmacies alone; the floor reads the
very shelves that the search has looked at, by ids that somebody told it. What nobody near has, and
a page far behind the first, are measured too. Everything is in the cache of the machine.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from config.servers import postgres, services
from hospital import calendar, records
from hospital.sphere import FURTHEST_M, Place
from pharmacy import queries_near
from pharmacy.queries_near import Behind, Search
from prescriptions.models import Status
from tests.benchmarks import cost
from tests.benchmarks.country import ASKED, PLACES, Country, code, rows_and_bytes, set_up
from tests.benchmarks.gates import Row, bound
from tests.benchmarks.recording import HOST
from tests.benchmarks.scene import Setting

SIZES, QUICK_SIZES = (5_000, 50_000, 500_000), (5_000, 50_000)
REQUESTS, QUICK_REQUESTS, WARM_UP = 300, 100, 20
PAGE, LINES, WITHIN_M = 50, 3, 500_000
UNITS, DEEP = 1, 5_000
GATE_FLAT, AIM_FLAT, GATE_MS, MS = 2.0, 1.2, 50, 1_000


@dataclass(frozen=True, slots=True)
class Size:
    """Milliseconds, and CPU milliseconds of a request; pages and rows of one search."""

    pharmacies: int
    items: int
    gigabytes: float
    request_p50_ms: float
    request_p99_ms: float
    app_cpu_ms: float
    postgresql_cpu_ms: float
    search_p50_ms: float
    search_p99_ms: float
    floor_p50_ms: float
    looked_at: float
    buffers: float
    nobody_p50_ms: float
    nobody_buffers: float
    deep_p50_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.app_cpu_ms + self.postgresql_cpu_ms


def measured(stack: services.Stack, quick: bool, console: Console) -> tuple[list[Row], Any]:
    """The rows against their gates; the sizes and the query's plan as plain values."""
    setting, country, sizes = Setting(), Country(), []
    set_up()
    asked = [_prescribed(setting, codes) for codes in _baskets()]
    for pharmacies in QUICK_SIZES if quick else SIZES:
        began = time.monotonic()
        country.grow(pharmacies)
        console.print(f"{pharmacies:,} pharmacies made ({time.monotonic() - began:.0f} s)")
        sizes.append(_size(stack, setting, asked, pharmacies, quick))
    plan = _plan(next(_searches(1)), "TEXT")
    _show(console, sizes, plan)
    small, large = sizes[0], sizes[-1]
    growth = f"{large.pharmacies:,} ÷ {small.pharmacies:,} pharmacies"
    return [
        bound(
            f"{growth}: search, p50",
            large.search_p50_ms / small.search_p50_ms,
            GATE_FLAT,
            AIM_FLAT,
        ),
        bound(f"{growth}: buffers", large.buffers / small.buffers, GATE_FLAT, AIM_FLAT),
        bound(f"{growth}: buffers, nobody has it", large.nobody_buffers / small.nobody_buffers,
              GATE_FLAT, AIM_FLAT),
        bound("search ÷ the same shelves by known ids, p50",
              large.search_p50_ms / large.floor_p50_ms, 6, 3),
        bound("request, p99, ms", large.request_p99_ms, GATE_MS, 0),
        bound("CPU of a request, ms", large.cpu_ms, 25, 0),
    ], {"sizes": [asdict(one) for one in sizes], "plan": plan}  # fmt: skip


def _baskets() -> Iterator[list[str]]:
    drawn = random.Random(1)
    for _ in range(20):
        yield [code(number) for number in drawn.sample(range(ASKED), LINES)]


def _searches(count: int, **changes: Any) -> Iterator[Search]:
    """Around the places, each time a little elsewhere."""
    drawn = random.Random(2)
    baskets = list(_baskets())
    for number in range(count):
        units = dict.fromkeys(baskets[number % len(baskets)], UNITS)
        place = _beside(drawn, PLACES[number % len(PLACES)])
        yield Search(**{"units": units, "place": place, "within_m": WITHIN_M, **changes})


def _beside(drawn: random.Random, place: Place) -> Place:
    east, north = (Decimal(drawn.randrange(-500, 500)) / 1_000_000 for _ in range(2))
    return Place(place.longitude + east, place.latitude + north)


def _prescribed(setting: Setting, codes: Sequence[str]) -> UUID:
    """An issued prescription of these medicines, really sealed."""
    _, fields = setting.model
    line = {**fields["line/1"], "quantity": UNITS}
    own = {name: value for name, value in fields.items() if not name.startswith("line/")}
    own |= {f"line/{number}": {**line, "code": each} for number, each in enumerate(codes, 1)}
    now = timezone.now()
    rx = setting.another(created_at=now, awaits_since=now, status=Status.ISSUED)
    rx.record = records.seal(own)
    rx.save(force_insert=True)
    return rx.id


def _size(
    stack: services.Stack, setting: Setting, asked: list[UUID], pharmacies: int, quick: bool
) -> Size:
    count = QUICK_REQUESTS if quick else REQUESTS
    ask = _requests(setting, asked)
    _laps(ask, WARM_UP)
    meter = cost.Meter({"PostgreSQL": postgres.pid(stack.home)})
    before, began = meter.read(), time.process_time()
    requests = _laps(ask, count)
    app_cpu_s = time.process_time() - began  # not of the stack's programs, which are our children
    cpu = cost.since(before, meter.read())
    search, floor = _beside_its_floor(count)
    nobody = {"units": {code(0): 10**6}, "within_m": FURTHEST_M}
    deep = [_milliseconds(one) for one in _deep(count // 10)]
    plans = [_plan(one) for one in _searches(20)]
    in_vain = [_plan(one) for one in _searches(5, **nobody)]
    items, size = rows_and_bytes()
    return Size(
        pharmacies=pharmacies,
        items=items,
        gigabytes=size / 1e9,
        request_p50_ms=_at(requests, 50),
        request_p99_ms=_at(requests, 99),
        app_cpu_ms=MS * app_cpu_s / count,
        postgresql_cpu_ms=MS * cpu["PostgreSQL"] / count,
        search_p50_ms=_at(search, 50),
        search_p99_ms=_at(search, 99),
        floor_p50_ms=_at(floor, 50),
        looked_at=statistics.median(_candidates(one) for one in plans),
        buffers=statistics.median(_buffers(one) for one in plans),
        nobody_p50_ms=_at([_milliseconds(one) for one in _searches(count // 10, **nobody)], 50),
        nobody_buffers=statistics.median(_buffers(one) for one in in_vain),
        deep_p50_ms=_at(deep, 50),
    )


def _requests(setting: Setting, asked: list[UUID]) -> Callable[[int], None]:
    client = Client(
        headers={"Authorization": f"Bearer {setting.patient.client.token}", "Host": HOST}
    )
    drawn = random.Random(3)

    def ask(number: int) -> None:
        place = _beside(drawn, PLACES[number % len(PLACES)])
        near = {"lng": str(place.longitude), "lat": str(place.latitude)}
        path = f"/api/prescriptions/{asked[number % len(asked)]}/pharmacies"
        body = {"near": near, "within_m": WITHIN_M, "size": PAGE}
        answer = client.post(path, body, content_type="application/json")
        assert len(answer.json()["pharmacies"]) == PAGE, answer.content[:200]

    return ask


def _laps(work: Callable[[int], None], count: int) -> list[float]:
    taken = []
    for number in range(count):
        began = time.perf_counter()
        work(number)
        taken.append(MS * (time.perf_counter() - began))
    return taken


def _milliseconds(search: Search) -> float:
    began = time.perf_counter()
    _find(search)
    return MS * (time.perf_counter() - began)


def _find(search: Search) -> Behind | None:
    _, after = queries_near.nearest(search, PAGE, on=calendar.legal_day(timezone.now()))
    return after


def _beside_its_floor(count: int) -> tuple[list[float], list[float]]:
    """Searches, and the same shelves read by ids, in turns."""
    searched, read = [], []
    for one in _searches(count):
        with connection.cursor() as cursor:
            looked_at = round(_candidates(_plan(one)))
            cursor.execute(_BEHIND, [one.place.point, one.place.point, looked_at])
            ids = [pharmacy for _, pharmacy in cursor.fetchall()]
            searched.append(_milliseconds(one))
            began = time.perf_counter()
            cursor.execute(_FLOOR, [ids, list(one.units)])
            cursor.fetchall()
            read.append(MS * (time.perf_counter() - began))
    return searched, read


_FLOOR = """
    SELECT pharmacy_id, medicine_id, price_fen, on_hand - reserved FROM pharmacy_stockitem
    WHERE pharmacy_id = ANY(%s) AND medicine_id = ANY(%s)
"""


def _deep(count: int) -> Iterator[Search]:
    """A page behind so many pharmacies."""
    for one in _searches(count):
        with connection.cursor() as cursor:
            cursor.execute(_BEHIND, [one.place.point, one.place.point, DEEP])
            away, pharmacy = cursor.fetchall()[-1]
        after = Behind(away, pharmacy)
        yield Search(one.units, one.place, WITHIN_M, after=after)


_BEHIND = """
    SELECT hospital_on_sphere(longitude, latitude) <-> cube(%s::float8[]), id
    FROM hospital_organisation WHERE kind = 'pharmacy' AND latitude IS NOT NULL
    ORDER BY hospital_on_sphere(longitude, latitude) <-> cube(%s::float8[]), id LIMIT %s
"""


def _plan(search: Search, form: str = "JSON") -> Any:
    sql, values = queries_near.statement(search, PAGE, on=timezone.now().date())
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT {form}) {sql}", values)
        lines = [row[0] for row in cursor.fetchall()]
    if form == "TEXT":
        return "\n".join(lines)
    (told,) = lines
    return (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]


def _buffers(plan: Any) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _candidates(plan: Any) -> float:
    """Pharmacies that the index gave."""
    if plan.get("Index Name") == "pharmacies_by_place":
        return float(plan["Actual Rows"])
    return sum(_candidates(one) for one in plan.get("Plans", ()))


def _at(taken: Sequence[float], percent: int) -> float:
    ordered = sorted(taken)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def _show(console: Console, sizes: Sequence[Size], plan: str) -> None:
    table = Table(title=f"The {PAGE} nearest that have {LINES} medicines", title_justify="left")
    table.add_column("")
    for one in sizes:
        table.add_column(f"{one.pharmacies:,}", justify="right")
    for name in list(asdict(sizes[0]))[1:]:
        table.add_row(name.replace("_", " "), *(_figure(getattr(one, name)) for one in sizes))
    console.print(table)
    console.print(plan, markup=False, soft_wrap=True)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= MS else f"{value:.3g}"
