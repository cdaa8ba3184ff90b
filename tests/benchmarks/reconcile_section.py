"""
What ``./rx bench reconcile`` measures: one of WeChat Pay's bills beside our rows of the day.

Payments are made by SQL, as many on the day as on the day before, in a schema of their own with the
columns, checks and indexes of the real tables; the bill is a file with a row for each. Three rows
differ, and just these have to be found. Measured is what the task does once it has the file: read,
copy, compare, note. The floor, in the same run: the same rows by COPY into a temporary table.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from config.simulators import bills
from hospital import calendar
from insurance.gateways import wechat_pay_bills
from insurance.reconciliation import comparing
from insurance.reconciliation.models import Difference, Source
from tests.benchmarks.gates import Row, bound

SIZES, QUICK_SIZES = (1_000, 10_000, 100_000, 1_000_000), (1_000, 10_000, 100_000)
TABLES: Final = (
    *("insurance_payment", "insurance_refund"),
    *("reconciliation_statement", "reconciliation_difference"),
)
DAY: Final = datetime(2026, 3, 3, 4, tzinfo=UTC)
FOUND: Final = {("amount", "P1"), ("missing_here", "PX"), ("missing_there", "P2")}
RATIO_GATE, RATIO_AIM = 0.01, 0.05
FLAT_GATE, FLAT_AIM = 1.5, 1.1


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one bill: seconds, those of its floor, and those to read it again."""

    rows: int
    compare_s: float
    again_s: float
    copy_s: float

    @property
    def ms(self) -> float:
        """Of a thousand rows."""
        return 1_000_000 * self.compare_s / self.rows

    @property
    def line(self) -> str:
        return (
            f"{self.rows:>9,} rows: compared {self.compare_s:7.2f} s"
            f" ({self.rows / self.compare_s:9,.0f}/s), again {self.again_s:7.2f} s,"
            f" bare COPY {self.copy_s:6.2f} s: {self.copy_s / self.compare_s:.3f} of it"
        )


def measured(quick: bool, say: Callable[[str], None]) -> tuple[list[Row], list[dict[str, Any]]]:
    """The rows against their gates; the sizes as plain values."""
    taken = []
    _run("SET statement_timeout = 0")
    for size in QUICK_SIZES if quick else SIZES:
        taken.append(_measured(size))
        say(taken[-1].line)
    _run("RESET statement_timeout")
    small, large = taken[1], taken[-1]
    rate, floor = large.rows / large.compare_s, large.rows / large.copy_s
    rows = [
        Row(f"a bill of {large.rows:,} rows compared", "its rows by COPY", rate, floor,
            rate / floor, RATIO_GATE, RATIO_AIM),
        bound(f"one of {large.rows:,} rows ÷ one of {small.rows:,}", large.ms / small.ms,
              FLAT_GATE, FLAT_AIM),
    ]  # fmt: skip
    return rows, [asdict(one) for one in taken]


def _measured(size: int) -> Taken:
    _run("DROP SCHEMA IF EXISTS billed CASCADE", "CREATE SCHEMA billed")
    _run(*(f"CREATE TABLE billed.{one} (LIKE public.{one} INCLUDING ALL)" for one in TABLES))
    _run("SET search_path = billed, public")
    with connection.cursor() as cursor:
        cursor.execute(_PAID, {"size": size, "day": DAY})
    _run("ANALYZE insurance_payment")
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "bill.csv"
            path.write_text("\n".join(_bill(size)) + "\n", encoding="utf-8-sig")
            copy_s = _copied(path)
            compare_s = _timed(lambda: _compared(path))
            again_s = _timed(lambda: _compared(path))
        found = Difference.objects.filter(ending="").values_list("kind", "number")
        assert set(found) == FOUND, list(found[:5])
    finally:
        _run("SET search_path = public", "DROP SCHEMA billed CASCADE")
    return Taken(size, compare_s, again_s, copy_s)


def _bill(size: int) -> Iterator[str]:
    """A row for each payment of the day but the second; the first is of another amount."""
    names = bills.TRADE.split(",")
    blank = dict.fromkeys(names, "0.00")
    yield bills.TRADE
    for number in ("1", *map(str, range(3, size + 1)), "X"):
        fen = "9.99" if number == "1" else "10.00"
        said = {"商户订单号": f"P{number}", "交易状态": "SUCCESS", "订单金额": fen}
        paid = {**blank, **said, "应结订单金额": fen, "货币种类": "CNY"}
        yield ",".join(f"`{paid[one]}" for one in names)
    yield bills.TRADE_SUMS
    yield ",".join(f"`{one}" for one in (size, "0.00", "0.00", "0.00", "0.00", "0.00", "0.00"))


def _read(path: Path) -> Iterator[wechat_pay_bills.Row]:
    with path.open(encoding="utf-8-sig") as file:
        lines = (line.rstrip("\n") for line in file)
        yield from wechat_pay_bills.rows(wechat_pay_bills.Kind.TRADE, lines)


def _compared(path: Path) -> None:
    comparing.compare(Source.TRADE, calendar.legal_day(DAY), _read(path), at=timezone.now())


def _copied(path: Path) -> float:
    """Seconds; the text is ready beforehand, so that nothing but COPY is in them."""
    text = io.StringIO(
        "".join(f"{one.about}\t{one.number}\t{one.state}\t{one.fen}\n" for one in _read(path))
    )
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        columns = "about text, number text, state text, fen bigint"
        cursor.execute(f"CREATE TEMPORARY TABLE bare ({columns}) ON COMMIT DROP")
        cursor.copy_expert("COPY bare FROM STDIN", text)
    return time.perf_counter() - began


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


_PAID: Final = """
    INSERT INTO insurance_payment
        (bill_id, out_trade_no, amount_fen, insured_fen, city, fund_refused, state, prepay_id,
         transaction_id, created_at, expires_at, paid_at)
    SELECT gen_random_uuid(), CASE WHEN n > %(size)s THEN 'Q' ELSE 'P' END || n, 1000, 0, '', false,
        'paid', 'wx' || n, '42' || n, at, at, at
    FROM generate_series(1, 2 * %(size)s) AS n,
        LATERAL (SELECT %(day)s - CASE WHEN n > %(size)s THEN interval '1 day' ELSE '0' END AS at) a
"""
