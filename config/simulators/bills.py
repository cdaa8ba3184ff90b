"""
The bills of a day: what was agreed (交易账单) and what moved (资金账单), as WeChat Pay writes them.

A day's bill is there from ten o'clock of the next day on, Beijing's time; a day on which nothing
happened has none. Its address is good for five minutes, and whoever fetches it signs again. The
hash is that of the file as it is before it is packed. Amounts are in yuan, and each value of a row
has a backtick before it, so that no spreadsheet makes a number of it.

``spoil`` says what is wrong with bills: rows that are ``left_out``, ``changed`` (another amount),
``renamed`` or ``doubled``, by the number of the order or refund; or the ``hash``. With
``ready`` a day's bill is there while the day lasts.

Source: pay.weixin.qq.com/doc/v3/merchant (申请交易账单, 申请资金账单, 下载账单).
"""

import gzip
import hashlib
import secrets
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from config.simulators import web
from config.simulators.clock import BEIJING, Clock
from config.simulators.environment import Merchant
from config.simulators.orders import Order, Refund
from config.simulators.pay import Pay
from config.simulators.web import Answer, Question, Refusal, Route

READY = timedelta(days=1, hours=10)
LIFE = timedelta(minutes=5)
FILE = "/v3/billdownload/file"
TRADE = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
FLOW = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FLOW_SUMS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a bill: what sums and switches need of it, and its values."""

    number: str
    fen: int
    back: bool
    values: tuple[str, ...]


class Bills:
    """The bills of one merchant, written when they are asked for."""

    def __init__(self, merchant: Merchant, clock: Clock, pay: Pay) -> None:
        self._merchant, self._clock, self._pay = merchant, clock, pay
        self._files: dict[str, tuple[datetime, bytes]] = {}
        self._spoilt: dict[str, Any] = {}
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        """WeChat Pay's, whose callers have signed; and the switch."""
        return [
            Route("GET", "/v3/bill/tradebill", self.trade),
            Route("GET", "/v3/bill/fundflowbill", self.flow),
            Route("GET", FILE, self.download),
            Route("POST", "/simulator/bills", self.spoil),
        ]

    def trade(self, question: Question) -> Answer:
        """What was paid and given back."""
        if question.query.get("bill_type", "ALL") != "ALL":
            raise Refusal(400, "PARAM_ERROR", "bill_type")
        rows = [row for order in self._orders() for row in _traded(order)]
        return self._bill(question, rows, TRADE, TRADE_SUMS, _trade_sums)

    def flow(self, question: Question) -> Answer:
        """What went into the merchant's account and out of it."""
        if question.query.get("account_type", "BASIC") != "BASIC":
            raise Refusal(400, "PARAM_ERROR", "account_type")
        rows = [row for order in self._orders() for row in _moved(order)]
        return self._bill(question, rows, FLOW, FLOW_SUMS, _flow_sums)

    def download(self, question: Question) -> Answer:
        """The file, packed if it was asked for so."""
        with self._lock:
            until, body = self._files.get(question.query.get("token", ""), (self._clock.now(), b""))
        if self._clock.now() >= until:
            raise Refusal(400, "INVALID_REQUEST", "账单文件的下载地址已失效")
        return Answer(200, body, {"Content-Type": "application/octet-stream"})

    def spoil(self, question: Question) -> Answer:
        """Say what is wrong with all bills from now on; nothing, if it says nothing."""
        with self._lock:
            self._spoilt = question.content()
        return Answer(204)

    def _orders(self) -> list[Order]:
        with self._pay.lock:
            return list(self._pay.orders)

    def _bill(
        self,
        question: Question,
        rows: Iterable[tuple[datetime, Row]],
        head: str,
        sums: str,
        add: Any,
    ) -> Answer:
        day = self._day(question.query.get("bill_date", ""))
        found = [row for at, row in rows if at.astimezone(BEIJING).date() == day]
        with self._lock:
            found = list(_spoilt(found, self._spoilt))
        if not found:
            raise Refusal(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        lines = [head, *(_line(row.values) for row in found), sums, _line(add(found))]
        text = ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()
        packed = question.query.get("tar_type") == "GZIP"
        return self._offer(text, gzip.compress(text) if packed else text)

    def _offer(self, text: bytes, body: bytes) -> Answer:
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._files[token] = (self._clock.now() + LIFE, body)
            broken = self._spoilt.get("hash")
        return web.of_json(
            {
                "hash_type": "SHA1",
                "hash_value": broken or hashlib.sha1(text, usedforsecurity=False).hexdigest(),
                "download_url": f"{FILE}?token={token}",
            }
        )

    def _day(self, text: str) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise Refusal(400, "PARAM_ERROR", "bill_date") from error
        midnight = datetime.combine(day, datetime.min.time(), BEIJING)
        if self._clock.now() < midnight + READY and not self._spoilt.get("ready"):
            raise Refusal(400, "STATEMENT_CREATING", "账单生成中")
        return day


def _traded(order: Order) -> Iterator[tuple[datetime, Row]]:
    """An order when it was paid, a refund when it was asked for."""
    if order.success_at is None:
        return
    total = order.total_fen
    yield order.success_at, Row(order.number, total, False, _trade_values(order, None))
    for refund in order.refunds.values():
        number = refund.asked["out_refund_no"]
        yield refund.created_at, Row(number, refund.fen, True, _trade_values(order, refund))


def _trade_values(order: Order, refund: Refund | None) -> tuple[str, ...]:
    at = refund.created_at if refund else order.success_at
    assert at is not None
    total = "0.00" if refund else yuan(order.total_fen)
    back = yuan(refund.fen) if refund else "0.00"
    return (
        *(_moment(at), order.asked["appid"], order.asked["mchid"], "0", ""),
        *(order.transaction_id, order.number, order.asked["payer"]["openid"], "JSAPI"),
        *("REFUND" if refund else "SUCCESS", "OTHERS", "CNY", total, "0.00"),
        *(refund.refund_id if refund else "0", refund.asked["out_refund_no"] if refund else "0"),
        *(back, "0.00", "ORIGINAL" if refund else "", _status(refund), "处方药品", ""),
        *("0.00000", "0.00%", total, back, ""),
    )


def _status(refund: Refund | None) -> str:
    """A refund that failed is CHANGE (退款异常) in a bill."""
    if refund is None:
        return ""
    return {"ABNORMAL": "CHANGE", "CLOSED": "FAIL"}.get(refund.status, refund.status)


def _moved(order: Order) -> Iterator[tuple[datetime, Row]]:
    """Money that has come or gone, when it did."""
    if order.success_at is None:
        return
    came = (order.success_at, order.transaction_id, order.number, order.total_fen, False)
    went = (
        (one.success_at, one.refund_id, one.asked["out_refund_no"], one.fen, True)
        for one in order.refunds.values()
        if one.success_at is not None
    )
    for at, id, number, fen, back in (came, *went):
        assert at is not None
        name, way = ("退款", "支出") if back else ("交易", "收入")
        said = (_moment(at), id, f"F{id}", name, name, way, yuan(fen), "0.00", "system", "", number)
        yield at, Row(number, fen, back, said)


def _trade_sums(rows: list[Row]) -> tuple[str, ...]:
    came, went = _sums(rows)
    return (str(len(rows)), yuan(came), yuan(went), "0.00", "0.00000", yuan(came), yuan(went))


def _flow_sums(rows: list[Row]) -> tuple[str, ...]:
    came, went = _sums(rows)
    out = sum(row.back for row in rows)
    return (str(len(rows)), str(len(rows) - out), yuan(came), str(out), yuan(went))


def _sums(rows: list[Row]) -> tuple[int, int]:
    went = sum(row.fen for row in rows if row.back)
    return sum(row.fen for row in rows) - went, went


def _spoilt(rows: list[Row], how: dict[str, Any]) -> Iterator[Row]:
    """The rows as the switch has them."""
    for row in rows:
        if row.number in how.get("left_out", ()):
            continue
        fen = how.get("changed", {}).get(row.number, row.fen)
        renamed = how.get("renamed", {}).get(row.number, row.number)
        values = tuple(
            {yuan(row.fen): yuan(fen), row.number: renamed}.get(value, value)
            for value in row.values
        )
        changed = Row(renamed, fen, row.back, values)
        yield from [changed] * (2 if row.number in how.get("doubled", ()) else 1)


def yuan(fen: int) -> str:
    """As bills write money."""
    return f"{fen // 100}.{fen % 100:02d}"


def _moment(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _line(values: Iterable[str]) -> str:
    return ",".join(f"`{value}" for value in values)
