"""
What ``./rx bench recall`` measures: a recall over many dispensed boxes.

Boxes, lots and patients are made by SQL, a box for each patient: of one lot a tenth of all boxes
was given out, of another a thousand, however many there are. So the first shows that the cost grows
with the answer, the second that it does not grow with the table; a recall of all lots reaches
everybody. The floor, in the same run: counting all boxes, and inserting as many notices bare.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from pharmacy import queries_recalls
from pharmacy.actions import warning
from pharmacy.models import Recall
from prescriptions.models import Prescription
from tests.benchmarks.gates import Row, bound
from tests.benchmarks.scene import Setting
from tests.world import a_medicine

FEW = 1_000
"""Boxes of the lot whose recipients stay as many while the table grows."""
PER_PHARMACY = 1_000
LOTS = {"全部": "", "十分之一": "tenth", "一千": "few"}
"""What is recalled → the number; all lots if there is none."""
FIND_GATE_S, FIND_AIM_S = 10, 3
TELL_GATE_S, TELL_AIM_S = 180, 60
FLAT_GATE, FLAT_AIM = 5, 2


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one recall over a table of ``size`` boxes: seconds, and seconds of the floors."""

    size: int
    recipients: int
    find_s: float
    tell_s: float
    count_s: float
    insert_s: float

    @property
    def line(self) -> str:
        return (
            f"{self.size:>9,} boxes, {self.recipients:>9,} received some:"
            f" found {self.find_s:8.3f} s ({self.find_s / self.count_s:6.2f} × counting all),"
            f" told {self.tell_s:8.2f} s ({self.tell_s / self.insert_s:6.2f} × bare inserts)"
        )


def measured(sizes: tuple[int, ...], say: Callable[..., None]) -> list[Row]:
    """Seconds of the largest table against gates, and how flat the cost of the same answer is."""
    setting = Setting()
    taken = {}
    _run("SET statement_timeout = 0")
    for size in sizes:
        medicine = _given_out(setting, size, say)
        for what, number in LOTS.items():
            taken[size, what] = _measured(_recall(setting, medicine, number), size)
            say(taken[size, what].line)
        if size == sizes[-1]:
            say(_plan(_recall(setting, medicine, "few")))
        _run("SET search_path = public")
    _run("DROP SCHEMA recalled CASCADE")
    _run("RESET statement_timeout")
    first, last = sizes[0], sizes[-1]
    everybody, tenth, few = (taken[last, what] for what in LOTS)
    flat = few.find_s / max(taken[first, "一千"].find_s, 0.001)
    return [
        bound(f"{tenth.recipients:,} of {last:,}: find who received some, s", tenth.find_s,
              FIND_GATE_S, FIND_AIM_S),
        bound(f"all {last:,} boxes: find who received some, s", everybody.find_s, FIND_GATE_S,
              FIND_AIM_S),
        bound("the same: tell them all, s", everybody.tell_s, TELL_GATE_S, TELL_AIM_S),
        bound(f"find {FEW:,} among {last:,} ÷ among {first:,}", flat, FLAT_GATE, FLAT_AIM),
    ]  # fmt: skip


def _given_out(setting: Setting, size: int, say: Callable[..., None]) -> str:
    """So many boxes of a new medicine; each has a patient."""
    began = time.monotonic()
    medicine = a_medicine().code
    template = Prescription.objects.get(id=setting.drafted())
    item = setting.world.pharmacy.id
    names: dict[str, Any] = {
        "medicine": medicine,
        "size": size,
        "template": template.id,
        "pharmacy": item,
        "pharmacies": max(size // PER_PHARMACY, 10),
        "by": setting.pharmacist.client.account,
        "few": FEW,
    }
    with connection.cursor() as cursor:
        for sql in (*_OWN_TABLES, *_MADE, *_copies()):
            cursor.execute(sql, names)
        cursor.execute(f"ANALYZE {', '.join(TABLES)}")
    say(f"{size:,} boxes made ({time.monotonic() - began:.0f} s)")
    return medicine


def _copies() -> list[str]:
    """Accounts and prescriptions as their tables have them, but for what differs."""
    account = {"id": "box.patient", "person_id": "NULL", "wechat_index": "NULL"}
    rx = {"id": "box.rx", "patient_id": "box.patient", "record_id": "gen_random_uuid()"}
    named = "one.id = %(template)s"
    whose = (
        f"one.id = (SELECT patient_id FROM public.prescriptions_prescription AS one WHERE {named})"
    )
    return [
        _copy("hospital_account", account, whose),
        _copy(RX, rx, named),
        _MOVED,
    ]


def _copy(table: str, changes: dict[str, str], where: str) -> str:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    columns = [one.name for one in described]
    values = ", ".join(changes.get(name, f"one.{name}") for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"
        f" SELECT {values} FROM public.{table} AS one, box WHERE {where}"
    )


RX = "prescriptions_prescription"
TABLES = (
    *("hospital_account", RX, "notices_notice"),
    *("pharmacy_stockitem", "pharmacy_lot", "pharmacy_movement", "pharmacy_recall"),
)
_OWN_TABLES = (
    "DROP SCHEMA IF EXISTS recalled CASCADE",
    "CREATE SCHEMA recalled",
    *(f"CREATE TABLE recalled.{one} (LIKE public.{one} INCLUDING ALL)" for one in TABLES),
    "SET search_path = recalled, public",
)
"""The same columns, checks and indexes, without foreign keys and triggers: rows are made fast."""
_MOVED = """
    INSERT INTO pharmacy_movement
        (lot_id, kind, quantity, reason, by_id, at, prescription_id, entry, storage)
    SELECT lot, 'dispensed', -1, '', %(by)s, now(), rx, decode(md5(rx::text), 'hex'), ''
    FROM box ORDER BY random()
"""
_MADE = (
    "DROP TABLE IF EXISTS box",
    """
    CREATE TEMPORARY TABLE shelf AS
    SELECT n AS pharmacy, nextval('pharmacy_stockitem_id_seq') AS item
    FROM generate_series(1, %(pharmacies)s) AS n
    """,
    """
    INSERT INTO pharmacy_stockitem
        (id, pharmacy_id, medicine_id, price_fen, on_hand, reserved, storage)
    SELECT item, -pharmacy, %(medicine)s, 100, 0, 0, 'room' FROM shelf
    """,
    """
    CREATE TEMPORARY TABLE made AS
    SELECT item, number, gen_random_uuid() AS lot
    FROM shelf, (VALUES ('few'), ('tenth'), ('rest')) AS numbers (number)
    """,
    """
    INSERT INTO pharmacy_lot
        (id, item_id, number, expires_on, on_hand, coded, by_patient, state, state_reason, salt,
         commitment, created_at)
    SELECT lot, item, number, '2030-01-01', 0, 0, false, 'open', '', '',
        replace(lot::text, '-', ''), now()
    FROM made
    """,
    """
    CREATE TEMPORARY TABLE box AS
    SELECT gen_random_uuid() AS rx, gen_random_uuid() AS patient, made.lot
    FROM generate_series(1, %(size)s) AS n
    JOIN shelf ON shelf.pharmacy = 1 + n %% %(pharmacies)s
    JOIN made ON made.item = shelf.item AND made.number = CASE
        WHEN n <= %(few)s THEN 'few' WHEN n %% 10 = 0 THEN 'tenth' ELSE 'rest' END
    """,
    "DROP TABLE shelf",
    "DROP TABLE made",
)


def _measured(recall: Recall, size: int) -> Taken:
    find_s, recipients = _timed(lambda: _find(recall))
    count_s, _ = _timed(lambda: _run("SELECT count(*) FROM pharmacy_movement WHERE quantity < 0"))
    _run("DROP TABLE IF EXISTS bare")
    _run("CREATE TEMPORARY TABLE bare (LIKE notices_notice INCLUDING ALL)")
    insert_s, _ = _timed(lambda: _run(_BARE, recipients))
    recall.save(force_insert=True)
    tell_s, told = _timed(_tell)
    assert told == recipients, (told, recipients)
    Recall.objects.filter(id=recall.id).update(
        state=Recall.State.LIFTED, lifted_at=timezone.now(), lift_reason="finished"
    )
    return Taken(size, recipients, find_s, tell_s, count_s, insert_s)


def _recall(setting: Setting, medicine: str, number: str) -> Recall:
    now = timezone.now()
    return Recall(
        id=uuid4(),
        medicine_id=medicine,
        number=number,
        grade=1,
        reason="quality",
        authority=setting.world.pharmacy,
        by_id=setting.pharmacist.client.account,
        created_at=now,
        notify_by=now,
    )


def _find(recall: Recall) -> int:
    """Batch by batch as they are told, and nobody is told."""
    found, ahead = 0, copy(recall)
    while given := queries_recalls.batch(ahead, warning.BATCH):
        found += len(given.patients)
        ahead.lot, ahead.movement = given.lot, given.movement
    return found


def _tell() -> int:
    told = 0
    while (some := warning.warn(at=timezone.now())) is not None:
        told += some
    return told


def _plan(recall: Recall) -> str:
    """How the batch of the lot of a thousand is found in the largest table."""
    asked = queries_recalls.asked_of(recall, warning.BATCH)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {queries_recalls.BATCH}", asked)
        return "\n".join(line for (line,) in cursor.fetchall())


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def _run(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


_BARE = """
    INSERT INTO bare (id, account_id, kind, subject, version, created_at, due_at, tries, outcome)
    SELECT gen_random_uuid(), gen_random_uuid(), 'recall.received', 'recall/0', 1, now(), now(), 0,
        '' FROM generate_series(1, %s)
"""
