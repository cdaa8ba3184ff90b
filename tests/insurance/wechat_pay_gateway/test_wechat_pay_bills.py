"""A bill is whole or it is none, and its rows come one by one."""

import gzip
import io
import tracemalloc
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.simulators import bills as written
from config.simulators.clock import BEIJING
from insurance.gateways import wechat_pay_bills as bills
from insurance.gateways.wechat_pay_bills import Kind, NotYet, Refused, Row, Unavailable
from insurance.gateways.wechat_pay_core import Keys
from tests.insurance.wechat_pay_gateway.merchant import HASTY, an_order, client_of, paid, refund


@pytest.fixture
def client(bench) -> Iterator[bills.BillsClient]:
    bench.tell("bills", ready=True)
    keys = Keys.read(bench.folder / "merchant")
    yield bills.BillsClient(keys, base=bench.url, mchid=bench.merchant.mchid, patience=HASTY)
    bench.tell("bills")


def today():
    return datetime.now(BEIJING).date()


def rows(client: bills.BillsClient, kind: Kind) -> list[Row]:
    with client.fetch(kind, today()) as found:
        return list(found)


def test_it_tells_what_was_paid_and_what_went_back(bench, client):
    pay = client_of(bench)
    order = paid(bench, pay, an_order())
    for number, outcome in (("A", "SUCCESS"), ("B", "ABNORMAL")):
        bench.tell("behaviour", out_trade_no=order.out_trade_no, refund=outcome)
        refund(pay, order, f"{order.out_trade_no}{number}", 1000)

    number = order.out_trade_no
    own = {
        kind: [row for row in rows(client, kind) if row.number.startswith(number)] for kind in Kind
    }

    came = Row("payment", number, "done", 3001)
    went = Row("refund", f"{number}A", "done", 1000)
    assert own[Kind.TRADE] == [came, went, Row("refund", f"{number}B", "failed", 1000)]
    assert own[Kind.FLOW] == [came, went]


@pytest.mark.parametrize("fault", ["500", "lost", "garbage", "unsigned", "forged", "302", "huge"])
def test_what_was_not_described_by_wechat_pay_is_none(bench, client, fault):
    paid(bench, client_of(bench), an_order())
    bench.tell("behaviour", answer=fault, path="/v3/bill/", times=3)

    with pytest.raises(Unavailable):
        rows(client, Kind.TRADE)


@pytest.mark.parametrize("fault", ["garbage", "302"])
def test_a_file_that_is_another_is_none(bench, client, fault):
    paid(bench, client_of(bench), an_order())
    bench.tell("behaviour", answer=fault, path="/v3/billdownload/", times=2)

    with pytest.raises(Unavailable):
        rows(client, Kind.TRADE)


def test_it_is_neither_believed_of_another_hash_nor_of_another_place(bench, client, monkeypatch):
    paid(bench, client_of(bench), an_order())
    bench.tell("bills", ready=True, hash="0" * 40)
    with pytest.raises(Unavailable, match="hash"):
        rows(client, Kind.FLOW)
    described = {"hash_type": "SHA1", "hash_value": "0" * 40}
    for elsewhere in ("http://evil.example/v3/x", "https://api.mch.weixin.qq.com.evil/v3/", None):
        monkeypatch.setattr(
            client, "_ask", lambda *_, at=elsewhere: {**described, "download_url": at}
        )
        with pytest.raises(Unavailable, match="elsewhere"):
            rows(client, Kind.FLOW)


def test_it_is_not_there_the_same_day(bench, client):
    bench.tell("bills")

    with pytest.raises(NotYet):
        rows(client, Kind.TRADE)


def test_a_refusal_is_told(bench):
    keys = Keys.read(bench.folder / "merchant")
    other = bills.BillsClient(keys, base=bench.url, mchid="1900000009", patience=HASTY)

    with pytest.raises(Refused, match="SIGN_ERROR"):
        rows(other, Kind.TRADE)


def flow(*amounts: int) -> list[str]:
    """A fund-flow bill of these amounts; a negative one went."""
    found = [
        written.Row(f"P{place}", abs(fen), fen < 0, _values(place, fen))
        for place, fen in enumerate(amounts)
    ]
    lines = [written.FLOW, *(written._line(row.values) for row in found)]
    return [*lines, written.FLOW_SUMS, written._line(written._flow_sums(found))]


def _values(place: int, fen: int) -> tuple[str, ...]:
    way, yuan = ("支出" if fen < 0 else "收入"), written.yuan(abs(fen))
    said = ("2026-11-27 10:00:00", f"4{place}", f"F{place}", "x", "x", way, yuan, "0.00", "s", "")
    return (*said, f"P{place}")


@given(st.lists(st.integers(-(10**9), 10**9)))
def test_what_adds_up_is_read_to_the_fen_and_nothing_else_is(amounts):
    lines = flow(*amounts)

    bills.check_sums(Kind.FLOW, iter(lines))
    read = [
        row.fen * (-1 if row.about == "refund" else 1) for row in bills.rows(Kind.FLOW, iter(lines))
    ]

    assert read == amounts
    for place in range(1, len(amounts) + 1):
        with pytest.raises(Unavailable):
            bills.check_sums(Kind.FLOW, iter(lines[:place] + lines[place + 1 :]))
    with pytest.raises(Unavailable):
        bills.check_sums(Kind.FLOW, iter(lines[:-2]))


@pytest.mark.parametrize("yuan", ["", "1", "1.5", "1.005", "-1.00", "1,000.00", "١.00", "NaN"])
def test_an_amount_has_two_decimals(yuan):
    with pytest.raises(Unavailable):
        bills.fen(yuan)


def test_a_large_day_takes_no_more_memory_than_a_small_one():
    """A day of 60,000 rows, of which at most one is held at a time."""
    text = "\r\n".join(flow(*range(1, 60_001))).encode()
    file = io.BytesIO(gzip.compress(text))
    del text
    tracemalloc.start()

    bills.check_sums(Kind.FLOW, bills._lines(file))
    count = sum(1 for _ in bills.rows(Kind.FLOW, bills._lines(file)))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 1_000_000
