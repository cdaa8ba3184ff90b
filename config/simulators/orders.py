"""
The orders and refunds of one merchant; what changes is written into a ``book``.

    NOTPAY ── pay ──▶ SUCCESS ── refund (all or part) ──▶ REFUND
       └──── close ──▶ CLOSED

A number stands for its parameters for ever: the same ones again give the same result, others are
refused. An order whose ``time_expire`` has passed cannot be paid; it stays NOTPAY until closed.
Source: pay.weixin.qq.com/doc/v3/merchant (JSAPI order, query, close, refund).
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from config.simulators import terms
from config.simulators.book import MEMORY, Book
from config.simulators.clock import rfc3339
from config.simulators.environment import Merchant
from config.simulators.web import Refusal

PREPAY_LIFE = timedelta(hours=2)
MAX_REFUNDS = 50


@dataclass(slots=True)
class Refund:
    """``asked`` is the request; ``status`` becomes ``outcome`` when WeChat Pay is done."""

    asked: dict[str, Any]
    refund_id: str
    created_at: datetime
    outcome: str
    status: str = "PROCESSING"
    success_at: datetime | None = None

    @property
    def fen(self) -> int:
        """What goes back to the patient."""
        return int(self.asked["amount"]["refund"])


@dataclass(slots=True)
class Order:
    """``asked`` is the request that opened it."""

    asked: dict[str, Any]
    prepay_id: str = ""
    prepaid_at: datetime | None = None
    state: str = "NOTPAY"
    transaction_id: str = ""
    success_at: datetime | None = None
    refunds: dict[str, Refund] = field(default_factory=dict)
    refund_outcome: str = "SUCCESS"

    @property
    def number(self) -> str:
        """The merchant's number of it."""
        return str(self.asked["out_trade_no"])

    @property
    def total_fen(self) -> int:
        """What the patient owes."""
        return int(self.asked["amount"]["total"])

    @property
    def paid(self) -> bool:
        """Whether money has come in, given back or not."""
        return self.state in ("SUCCESS", "REFUND")


class Orders:
    """The book. It does not lock: whoever calls it holds one lock for all of it."""

    def __init__(self, merchant: Merchant, book: Book = MEMORY) -> None:
        self._merchant, self._book = merchant, book
        self._by_number: dict[str, Order] = {}
        self._by_prepay_id: dict[str, Order] = {}
        self._by_refund: dict[str, Order] = {}
        for kept in book.read():
            self._remember(restored(kept))

    def __iter__(self) -> Iterator[Order]:
        return iter(list(self._by_number.values()))

    def of_number(self, number: str) -> Order:
        """
        Find an order.

        Raises:
            Refusal: 404 ORDER_NOT_EXIST.
        """
        order = self._by_number.get(number)
        if order is None:
            raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
        return order

    def prepay(self, asked: dict[str, Any], *, at: datetime) -> str:
        """Open an order, or find it again; its prepay id."""
        terms.check_order(asked, self._merchant)
        order = self._by_number.get(asked["out_trade_no"]) or Order(asked)
        if order.paid:
            raise Refusal(400, "ORDERPAID", "该订单已支付")
        if order.state == "CLOSED":
            raise Refusal(400, "ORDER_CLOSED", "该订单已关闭")
        if order.asked != asked:
            raise Refusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
        if terms.expired(asked, at=at):
            raise Refusal(400, "PARAM_ERROR", "time_expire is over")
        self._by_number[order.number] = order
        if order.prepaid_at is None or at >= order.prepaid_at + PREPAY_LIFE:
            order.prepay_id, order.prepaid_at = f"wx{secrets.token_hex(17)}", at
            self._by_prepay_id[order.prepay_id] = order
            self._book.write(order)
        return order.prepay_id

    def pay(self, prepay_id: str, *, at: datetime) -> Order:
        """The person confirms on the phone."""
        order = self.payable(prepay_id, at=at)
        order.state, order.success_at = "SUCCESS", at
        order.transaction_id = f"42000{secrets.randbelow(10**23):023d}"
        self._book.write(order)
        return order

    def payable(self, prepay_id: str, *, at: datetime) -> Order:
        """The order that the phone may pay. Raises ``Refusal``: there is none any more."""
        order = self._by_prepay_id.get(prepay_id)
        if order is None or order.prepaid_at is None or order.prepay_id != prepay_id:
            raise Refusal(400, "PREPAY_UNKNOWN", "no such prepay_id")
        if order.paid:
            raise Refusal(400, "ORDERPAID", "该订单已支付")
        if order.state == "CLOSED":
            raise Refusal(400, "ORDER_CLOSED", "该订单已关闭")
        if at >= order.prepaid_at + PREPAY_LIFE or terms.expired(order.asked, at=at):
            raise Refusal(400, "PREPAY_EXPIRED", "该订单已过期")
        return order

    def close(self, number: str) -> None:
        """No payment any more; again and again if need be."""
        order = self.of_number(number)
        if order.paid:
            raise Refusal(400, "ORDERPAID", "该订单已支付")
        order.state = "CLOSED"
        self._book.write(order)

    def refund(self, asked: dict[str, Any], *, at: datetime) -> tuple[Order, Refund, bool]:
        """
        Give back all or part; whether WeChat Pay begins to do so now.

        A repetition begins nothing, but of a refund that failed and is mended: under its number.
        """
        terms.check_refund(asked)
        order = self.of_number(str(asked.get("out_trade_no")))
        known = order.refunds.get(asked["out_refund_no"])
        if known is not None:
            if known.asked != asked:
                raise Refusal(400, "INVALID_REQUEST", "退款重入时，参数与首次请求时不一致")
            return order, known, self._begins_again(known, order.refund_outcome)
        if not order.paid:
            raise Refusal(400, "INVALID_REQUEST", "订单未支付")
        left = order.total_fen - sum(one.fen for one in order.refunds.values())
        if asked["amount"]["total"] != order.total_fen or asked["amount"]["refund"] > left:
            raise Refusal(400, "INVALID_REQUEST", "订单金额或退款金额不符")
        if len(order.refunds) >= MAX_REFUNDS or asked["out_refund_no"] in self._by_refund:
            raise Refusal(400, "INVALID_REQUEST", "退款次数超限或退款单号重复")
        made = Refund(asked, f"50300{secrets.randbelow(10**23):023d}", at, order.refund_outcome)
        order.refunds[asked["out_refund_no"]] = made
        order.state = "REFUND"
        self._by_refund[asked["out_refund_no"]] = order
        self._book.write(order)
        return order, made, True

    def of_refund(self, number: str) -> tuple[Order, Refund]:
        """
        Find a refund.

        Raises:
            Refusal: 404 RESOURCE_NOT_EXISTS.
        """
        order = self._by_refund.get(number)
        if order is None:
            raise Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return order, order.refunds[number]

    def _begins_again(self, refund: Refund, outcome: str) -> bool:
        """What failed is tried again once the bank would answer otherwise."""
        mended = refund.status in ("ABNORMAL", "CLOSED") and refund.status != outcome
        if mended:
            refund.status, refund.outcome = "PROCESSING", outcome
        return mended

    def finish(self, order: Order, refund: Refund, *, at: datetime) -> None:
        """The patient's bank has answered."""
        refund.status = refund.outcome
        refund.success_at = at if refund.outcome == "SUCCESS" else None
        self._book.write(order)

    def show(self, order: Order) -> dict[str, Any]:
        """An order as a query or a notice tells it."""
        amount: dict[str, Any] = {"total": order.total_fen, "payer_currency": "CNY"}
        content: dict[str, Any] = {
            "appid": order.asked["appid"],
            "mchid": order.asked["mchid"],
            "out_trade_no": order.number,
            "trade_state": order.state,
            "amount": amount,
        }
        if order.success_at is not None:
            amount |= {"payer_total": order.total_fen, "currency": "CNY"}
            content |= {
                "trade_type": "JSAPI",
                "bank_type": "OTHERS",
                "transaction_id": order.transaction_id,
                "success_time": rfc3339(order.success_at),
                "payer": {"openid": order.asked["payer"]["openid"]},
            }
        return content

    def show_refund(self, order: Order, refund: Refund) -> dict[str, Any]:
        """A refund as the answer to its request tells it."""
        done = {"success_time": rfc3339(refund.success_at)} if refund.success_at else {}
        return {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.asked["out_refund_no"],
            "transaction_id": order.transaction_id,
            "out_trade_no": order.number,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": rfc3339(refund.created_at),
            "status": refund.status,
            "amount": {"total": order.total_fen, "refund": refund.fen, "currency": "CNY"},
            **done,
        }

    def _remember(self, order: Order) -> None:
        self._by_number[order.number] = order
        self._by_prepay_id[order.prepay_id] = order
        for number, refund in order.refunds.items():
            self._by_refund[number] = order
            if refund.status == "PROCESSING":  # the process died before the bank had answered
                self.finish(order, refund, at=refund.created_at)


def restored(kept: dict[str, Any]) -> Order:
    """An order out of the book."""
    refunds = {
        number: Refund(**_dated(one, "created_at", "success_at"))
        for number, one in kept["refunds"].items()
    }
    return Order(**{**_dated(kept, "prepaid_at", "success_at"), "refunds": refunds})


def _dated(kept: dict[str, Any], *names: str) -> dict[str, Any]:
    moments = {name: datetime.fromisoformat(kept[name]) for name in names if kept[name]}
    return {**kept, **moments}
