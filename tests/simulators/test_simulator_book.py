"""The simulated WeChat Pay may be killed at any moment: what it has answered, it has kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.simulators.book import File
from config.simulators.environment import Merchant
from config.simulators.medins import Mixed, restored
from config.simulators.orders import Orders
from config.simulators.web import Refusal

NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)
MERCHANT = Merchant("wx1", "secret", "1900000001")


def asked(number: str) -> dict[str, object]:
    return {
        "appid": "wx1",
        "mchid": "1900000001",
        "description": "药费",
        "out_trade_no": number,
        "amount": {"total": 300, "currency": "CNY"},
        "payer": {"openid": "o-zhang"},
        "notify_url": "http://merchant.example/notice",
    }


def refund(orders: Orders, number: str, of: str):
    amount = {"refund": 100, "total": 300, "currency": "CNY"}
    return orders.refund({"out_refund_no": number, "out_trade_no": of, "amount": amount}, at=NOW)


def test_orders_and_refunds_are_as_they_were(tmp_path):
    path = tmp_path / "orders.jsonl"
    orders = Orders(MERCHANT, File(path))
    orders.pay(orders.prepay(asked("ORDER1"), at=NOW), at=NOW)
    order, one, _ = refund(orders, "R1", "ORDER1")
    orders.finish(order, one, at=NOW)
    waiting = orders.prepay(asked("ORDER2"), at=NOW)
    orders.prepay(asked("ORDER3"), at=NOW)
    orders.close("ORDER3")

    again = Orders(MERCHANT, File(path))

    assert [again.show(one) for one in again] == [orders.show(one) for one in orders]
    assert again.of_refund("R1")[1] == one
    assert again.prepay(asked("ORDER2"), at=NOW) == waiting
    assert again.pay(waiting, at=NOW + timedelta(minutes=1)).state == "SUCCESS"
    with pytest.raises(Refusal):
        refund(again, "R1", "ORDER2")
    assert len(path.read_text().splitlines()) == 4


def test_half_a_line_was_told_to_nobody(tmp_path):
    path = tmp_path / "orders.jsonl"
    orders = Orders(MERCHANT, File(path))
    prepay_id = orders.prepay(asked("ORDER1"), at=NOW)
    whole = path.read_text()
    orders.pay(prepay_id, at=NOW)
    path.write_text(path.read_text()[: len(whole) + 40])

    again = Orders(MERCHANT, File(path))

    assert again.of_number("ORDER1").state == "NOTPAY"
    again.pay(prepay_id, at=NOW)
    assert Orders(MERCHANT, File(path)).of_number("ORDER1").state == "SUCCESS"


def test_a_refund_that_was_under_way_is_done(tmp_path):
    path = tmp_path / "orders.jsonl"
    orders = Orders(MERCHANT, File(path))
    orders.pay(orders.prepay(asked("ORDER1"), at=NOW), at=NOW)
    refund(orders, "R1", "ORDER1")

    _, found = Orders(MERCHANT, File(path)).of_refund("R1")

    assert (found.status, found.success_at) == ("SUCCESS", NOW)


def test_insured_orders_are_as_they_were_but_for_who_was_named(tmp_path):
    """L15: in the file people are encrypted, as they were in the request."""
    path = tmp_path / "insured.jsonl"
    named = (("张三", "0" * 32),)
    order = Mixed(asked("ORDER1"), named, "5" * 30, "SERIAL", state="SUCCESS", paid_at=NOW)
    order.refunds["R1"] = {"med_refund_gov_fee": 100}
    File(path).write(replace(order, person=()))

    (again,) = map(restored, File(path).read())

    assert replace(again, person=named) == order
