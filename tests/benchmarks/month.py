"""
A month of approved claims of one payer at one pharmacy, made by SQL, and what settling it costs.

Claims, bills and prescriptions lie in a schema of their own with the columns, checks and indexes of
the real tables, so that making them takes no foreign keys; so does the table of events, since
these claims were never entered and no validator may see them settled. All else is the real thing:
the schedule makes due, then page after page is read, drawn, signed and settled as the API does it,
and at last told by remittances.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import time as time_of_day
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.utils import timezone

from config.servers import postgres, services
from insurance import queries_settling
from insurance.actions import scheduling, settling
from insurance.actions.settling import SETTLED_AT_ONCE
from insurance.models import Batch, Claim, Settlement, Terms
from tests.benchmarks import cost
from tests.benchmarks.scene import Setting, Who

TABLES = ("insurance_claim", "insurance_bill", "prescriptions_prescription", "ledger_event")
CLOCK = time_of_day(2)
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Month:
    """Seconds, CPU seconds by program, and mebibytes that this process grew by at most."""

    claims: int
    made_s: float
    due_s: float
    settle_s: float
    remit_s: float
    read_s: float
    cpu_s: dict[str, float]
    grown_mib: float

    @property
    def whole_s(self) -> float:
        return self.due_s + self.settle_s + self.remit_s

    @property
    def cpu_ms(self) -> float:
        """Of a claim: the application's and PostgreSQL's."""
        return 1000 * sum(self.cpu_s.values()) / self.claims

    @property
    def line(self) -> str:
        cpu = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.cpu_s.items())
        return (
            f"{self.claims:>9,} claims: due {self.due_s:.2f} s, settled {self.settle_s:.1f} s"
            f" ({self.claims / self.settle_s:,.0f}/s), remitted {self.remit_s:.2f} s,"
            f" files read {self.read_s:.1f} s; CPU: {cpu}; +{self.grown_mib:.0f} MiB;"
            f" made in {self.made_s:.0f} s"
        )


def settled(stack: services.Stack, setting: Setting, size: int) -> Month:
    """Make ``size`` claims, and settle them all."""
    agent = Who.of(setting.world.fund_agent)
    began = time.perf_counter()
    _make(setting, agent, size)
    made_s = time.perf_counter() - began
    meter = cost.Meter({"app": os.getpid(), "PostgreSQL": postgres.pid(stack.home)})
    before, memory = meter.read(), _resident()
    due_s = _timed(lambda: _make_due(agent))
    settle_s = _timed(lambda: _settle(setting, agent))
    remit_s = _timed(lambda: _remit(setting, agent))
    cpu, grown = cost.since(before, meter.read()), _resident() - memory
    read_s = _timed(lambda: _read(agent, size))
    assert not Claim.objects.filter(payer=setting.world.fund, settlement=None).exists()
    _run("DROP SCHEMA month CASCADE", "SET search_path = public")
    return Month(size, made_s, due_s, settle_s, remit_s, read_s, cpu, grown / MEBIBYTE)


def _make(setting: Setting, agent: Who, size: int) -> None:
    values: dict[str, Any] = {
        "template": setting.drafted(),
        "pharmacy": setting.world.pharmacy.id,
        "payer": agent.actor.organisation_id,
        "size": size,
    }
    Batch.objects.filter(payer_id=values["payer"]).delete()
    now = timezone.now()
    later = now + timedelta(days=1)
    said = {"every": "day", "day": 1, "time": CLOCK, "next_at": later}
    Terms.objects.update_or_create(payer_id=values["payer"], defaults=said)
    _run("DROP SCHEMA IF EXISTS month CASCADE", "CREATE SCHEMA month")
    _run(*(f"CREATE TABLE month.{one} (LIKE public.{one} INCLUDING ALL)" for one in TABLES))
    _run("SET search_path = month, public")
    with connection.cursor() as cursor:
        for sql in (_NAMED, _copied(), _BILLED, _CLAIMED):
            cursor.execute(sql, values)
        cursor.execute("ANALYZE insurance_claim, insurance_bill, prescriptions_prescription")


def _copied() -> str:
    """Prescriptions like the template, but for their ids."""
    table = "prescriptions_prescription"
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    differ = {"id": "named.rx", "record_id": "named.rx"}
    columns = [one.name for one in described]
    values = ", ".join(differ.get(name, f"one.{name}") for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
        f" FROM public.{table} AS one, named WHERE one.id = %(template)s"
    )


def _make_due(agent: Who) -> None:
    now = timezone.now()
    Terms.objects.filter(payer_id=agent.actor.organisation_id).update(next_at=now)
    scheduling.prepare_due(at=now)  # before the workers do, for whom there are no such claims
    assert Batch.objects.filter(payer_id=agent.actor.organisation_id).exists()


def _settle(setting: Setting, agent: Who) -> None:
    """As the agent does over HTTP: a page of what is due, a statement, its signature."""
    payer, pharmacy = agent.actor.organisation_id, setting.world.pharmacy
    after: int | None = 0
    while after is not None:
        page, after = queries_settling.unsettled(
            payer, after=after, most=SETTLED_AT_ONCE, due="batch"
        )
        if not (named := [one.id for one in page]):
            break
        assert len({one.line for one in page}) == 1
        statement = settling.draw_settlement(pharmacy, named, **agent.drawer)
        settling.settle(pharmacy, named, agent.sign(statement), **agent.doer)


def _remit(setting: Setting, agent: Who) -> None:
    """One transfer for as many settlements as an entry takes."""
    pharmacy = setting.world.pharmacy
    while named := _unremitted(agent):
        told = (pharmacy, named, f"BENCH-{uuid4().hex}")
        statement = settling.draw_remittance(*told, **agent.drawer)
        settling.remit(*told, agent.sign(statement), **agent.doer)


def _unremitted(agent: Who) -> list[UUID]:
    rows = Settlement.objects.filter(payer_id=agent.actor.organisation_id, remittance=None)
    return list(rows.order_by("settled_at").values_list("id", flat=True)[:SETTLED_AT_ONCE])


def _read(agent: Who, size: int) -> None:
    """Every file of the month, line by line, as both sides fetch them."""
    since = Settlement.objects.filter(payer_id=agent.actor.organisation_id, claims__gt=0)
    lines = sum(len(queries_settling.owed(one.claims.all())) for one in since.distinct())
    assert lines == size, (lines, size)


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _resident() -> int:
    """Bytes that this process had resident at its peak."""
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


_NAMED = """
    CREATE TABLE month.named AS
    SELECT gen_random_uuid() AS rx, gen_random_uuid() AS bill FROM generate_series(1, %(size)s)
"""
_BILLED = """
    INSERT INTO insurance_bill
        (id, prescription_id, pharmacy_id, total_fen, patient_fen, state, opened_at)
    SELECT bill, rx, %(pharmacy)s, 1000, 300, 'paid', now() FROM named
"""
_CLAIMED = """
    INSERT INTO insurance_claim
        (bill_id, payer_id, claimed_fen, approved_fen, reversed_fen, decision, reason, decided_at,
         at_once, number, rest_fen)
    SELECT bill, %(payer)s, 700, 700, 0, 'approve', 'none', now(), false, 1, 0 FROM named
"""
