"""
What the contract of the payment gateway is tested with: a merchant's client and its orders.

Real HTTP and real signatures against the simulator; the client is the one in use, only its
patience is shorter.
"""

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

from hospital.gateways import exchange
from insurance.gateways import wechat_pay
from insurance.gateways.wechat_pay import Order
from insurance.gateways.wechat_pay_core import Keys
from tests.simulators.server import Bench

HASTY = exchange.Patience(wall_s=0.5, attempts=3, pause_s=0.01)
numbers = (f"RX{number:08d}" for number in itertools.count())


def client_of(bench: Bench, **changed: str) -> wechat_pay.WeChatPayClient:
    known = {"appid": bench.merchant.appid, "mchid": bench.merchant.mchid, "base": bench.url}
    keys = Keys.read(bench.folder / "merchant")
    named = {name: changed.pop(name) for name in list(changed) if name in known}
    return wechat_pay.WeChatPayClient(
        dataclasses.replace(keys, **changed),
        notify_url=bench.notify_url,
        patience=HASTY,
        **{**known, **named},
    )


def an_order(**changed: object) -> Order:
    order = Order(
        out_trade_no=next(numbers),
        description="处方 药费自付部分",
        total_fen=3001,
        openid="o-zhang",
        expires_at=datetime.now(UTC) + timedelta(minutes=30),
    )
    return dataclasses.replace(order, **changed)  # type: ignore[arg-type]


def paid(bench: Bench, client: wechat_pay.WeChatPay, order: Order) -> Order:
    bench.tell("pay", **client.phone_parameters(client.prepay(order)))
    return order


def refund(client: wechat_pay.WeChatPay, order: Order, number: str, fen: int, total: int = 0):
    return client.refund(
        out_trade_no=order.out_trade_no,
        out_refund_no=number,
        refund_fen=fen,
        total_fen=total or order.total_fen,
        reason="药品缺货",
    )


def now() -> datetime:
    return datetime.now(UTC)
