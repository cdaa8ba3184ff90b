"""
Medical-insurance payment (移动医保支付): orders of which the fund pays a part; what changes is
written into a ``book``.

    CREATED ── the person confirms ──▶ SUCCESS ── both parts given back ──▶ REFUND
       └──── the fund refuses ──▶ FAIL

An order has three states: the whole (``MIX_PAY_…``), its cash (``SELF_PAY_…``, ``NO_SELF_PAY``) and
the insurance's (``MED_INS_PAY_…``, ``NO_MED_INS_PAY``). Its cash is a JSAPI order of the same
number, which it names by ``prepay_id``. The city's fund gives its part back itself, and the
merchant tells WeChat Pay of that (``refunds/notify``), of part after part.

    total = gov + self + other + wechat_cash + Σ reduce = gov + self + other + cash + Σ add

Source: pay.weixin.qq.com/doc/v3/merchant/4016781466 (医保自费混合收款下单) and its neighbours.
"""

import re
import secrets
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from config.simulators import web
from config.simulators.book import MEMORY, Book
from config.simulators.clock import Clock, rfc3339
from config.simulators.environment import Merchant
from config.simulators.notices import Manner
from config.simulators.pay import Pay
from config.simulators.signing import Signer
from config.simulators.web import Answer, Question, Refusal, Route

PATH = "/v3/med-ins/orders"
MIXES = ("CASH_ONLY", "INSURANCE_ONLY", "CASH_AND_INSURANCE")
KINDS = ("REG_PAY", "DIAG_PAY", "IN_HOSP_PAY", "PHARMACY_PAY", "INT_RX_PAY", "MED_PAY")
INSURANCE = ("med_ins_gov_fee", "med_ins_self_fee", "med_ins_other_fee")
NEEDED = ("out_trade_no", "serial_no", "city_id", "med_inst_name", "med_inst_no", "callback_url")
OF_THE_FUND = ("pay_order_id", "pay_auth_no", "med_ins_order_create_time")
NAMED = ("name", "id_digest")
_DIGEST = re.compile(r"[0-9a-f]{32}")
_SHOWN = (
    *("mix_pay_type", "order_type", "appid", "openid", "out_trade_no", "serial_no", "pay_order_id"),
    *("city_id", "med_inst_name", "med_inst_no", "total_fee", *INSURANCE, "med_ins_cash_fee"),
    *("wechat_pay_cash_fee", "cash_add_detail", "cash_reduce_detail", "callback_url", "prepay_id"),
)


@dataclass(slots=True)
class Mixed:
    """
    ``asked`` is the request that opened it, ``person`` who was encrypted in it: who pays, and whom
    he or she pays for; kept is only what was encrypted, under the key of this ``serial``.
    """

    asked: dict[str, Any]
    person: tuple[tuple[str, str], ...]
    mix_trade_no: str
    serial: str = ""
    state: str = "CREATED"
    fund: str = "CREATED"
    paid_at: datetime | None = None
    reason: str = ""
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """The merchant's number of it."""
        return str(self.asked["out_trade_no"])

    @property
    def insured_fen(self) -> int:
        """What the fund pays."""
        return sum(self.asked.get(name, 0) for name in INSURANCE)


class MedicalInsurance:
    """The book of mixed orders behind HTTP; ``lock`` guards it."""

    def __init__(
        self, merchant: Merchant, signer: Signer, clock: Clock, pay: Pay, book: Book = MEMORY
    ) -> None:
        self._merchant, self._signer, self._clock, self._pay = merchant, signer, clock, pay
        self._book = book
        self._by_number: dict[str, Mixed] = {}
        for kept in map(restored, book.read()):
            kept.person = self._people(kept.asked, kept.serial)
            self._by_number[kept.number] = kept
        self.lock = threading.Lock()

    def routes(self) -> list[Route]:
        """WeChat Pay's, whose callers have signed; and the phone's."""
        return [
            Route("POST", PATH, self.order),
            Route("GET", f"{PATH}/mix-trade-no/{{number}}", self.by_mix_trade_no),
            Route("GET", f"{PATH}/out-trade-no/{{number}}", self.by_out_trade_no),
            Route("POST", "/v3/med-ins/refunds/notify", self.refunded),
            Route("POST", "/simulator/insured-pay", self.paid_by_phone),
            Route("POST", "/simulator/insured-notify", self.notify),
            Route("GET", "/simulator/insured/{number}", self.person),
        ]

    def order(self, question: Question) -> Answer:
        """Open an order, or find it again."""
        asked = question.content()
        serial = question.headers.get("wechatpay-serial", "")
        person = self._checked(asked, serial)
        with self.lock:
            known = self._by_number.get(asked["out_trade_no"])
            # The person is encrypted anew each time: compared is what was encrypted.
            if known and (_open(known.asked) != _open(asked) or known.person != person):
                raise Refusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
            made = known or Mixed(asked, person, f"5{secrets.randbelow(10**29):029d}", serial)
            if known is None:
                self._by_number[made.number] = made
                self._keep(made)
            return web.of_json(self._shown(made))

    def by_mix_trade_no(self, _: Question, number: str) -> Answer:
        """What became of an order."""
        with self.lock:
            return web.of_json(self._shown(self._found(number)))

    def by_out_trade_no(self, _: Question, number: str) -> Answer:
        """The same, by the merchant's number."""
        with self.lock:
            if number not in self._by_number:
                raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
            return web.of_json(self._shown(self._by_number[number]))

    def refunded(self, question: Question) -> Answer:
        """The merchant tells that the city's fund has taken some of its part back."""
        told = question.content()
        with self.lock:
            order = self._found(question.query.get("mix_trade_no", ""))
            known = order.refunds.get(str(told.get("out_refund_no")))
            if known is not None and known != told:
                raise Refusal(400, "INVALID_REQUEST", "退款重入时，参数与首次请求时不一致")
            if known is None:
                self._check_refund(told, order)
                order.refunds[told["out_refund_no"]], order.fund = told, "REFUND"
                cash = self._cash(order)
                order.state = "REFUND" if cash in ("REFUND", "NO") else order.state
                self._keep(order)
        return Answer(204)

    def paid_by_phone(self, question: Question) -> Answer:
        """
        ``wx.requestMedicalInsurancePay``: the person confirms both parts, or the fund refuses.

        Cash is paid first, and given back by the merchant if the fund then refuses. Who confirms
        again, since nobody answered, has paid it once.
        """
        content = question.content()
        with self.lock:
            order = self._found(str(content.get("mix_trade_no")))
            if order.state != "CREATED":
                raise Refusal(400, "ORDERPAID", "该订单已支付")
        if self._cash(order) not in ("NO", "SUCCESS"):
            self._pay.paid_by_phone(order.asked["prepay_id"])
        with self.lock:
            failed = content.get("fund") == "refuses" and order.insured_fen > 0
            order.state = order.fund = "FAIL" if failed else "SUCCESS"
            order.reason = "基金支付失败" if failed else ""
            order.paid_at = None if failed else self._clock.now()
            self._keep(order)
            shown = self._shown(order)
            manner = self._pay.manners[order.asked["out_trade_no"]]
        if not failed:
            event = "MEDICAL_INSURANCE.SUCCESS"
            self._pay.postman.post(order.asked["callback_url"], event, shown, manner)
        return web.of_json(shown)

    def notify(self, question: Question) -> Answer:
        """Send a notice about an order now, as ``phone.notify``; the merchant's answer."""
        content = question.content()
        manner = Manner(content=content.get("content", {}), forgery=content.get("forgery", ""))
        with self.lock:
            order = self._by_number[str(content.get("out_trade_no"))]
            shown = self._shown(order)
        postman, address = self._pay.postman, order.asked["callback_url"]
        letter = postman.write(address, "MEDICAL_INSURANCE.SUCCESS", shown, manner)
        return web.of_json({"status": postman.deliver(letter).status})

    def person(self, _: Question, number: str) -> Answer:
        """Who was named in an order, decrypted: what the fund's own system gets to see."""
        with self.lock:
            (name, digest), *others = self._by_number[number].person
        relative = {"relative": list(others[0])} if others else {}
        return web.of_json({"name": name, "id_digest": digest, **relative})

    def _found(self, mix_trade_no: str) -> Mixed:
        for order in self._by_number.values():
            if order.mix_trade_no == mix_trade_no:
                return order
        raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")

    def _checked(self, asked: dict[str, Any], serial: str) -> tuple[tuple[str, str], ...]:
        """Refuse what WeChat Pay would never take; who was encrypted in it."""
        if asked.get("appid") != self._merchant.appid:
            raise Refusal(400, "APPID_MCHID_NOT_MATCH", "appid与mchid不匹配")
        _need(asked.get("mix_pay_type") in MIXES, "mix_pay_type")
        _need(asked.get("order_type") in KINDS, "order_type")
        for name in NEEDED:
            _need(isinstance(asked.get(name), str) and asked[name] != "", name)
        _need(isinstance(asked.get("openid"), str), "openid")
        check_sums(asked)
        self._check_prepaid(asked)
        _need(("relative" in asked) is bool(asked.get("pay_for_relatives")), "relative")
        return self._people(asked, serial)

    def _people(self, asked: dict[str, Any], serial: str) -> tuple[tuple[str, str], ...]:
        named = ("payer", "relative") if "relative" in asked else ("payer",)
        return tuple(self._person(asked, one, serial) for one in named)

    def _keep(self, order: Mixed) -> None:
        self._book.write(replace(order, person=()))

    def _person(self, asked: dict[str, Any], which: str, serial: str) -> tuple[str, str]:
        said = asked.get(which)
        _need(isinstance(said, dict) and said.get("card_type") == "ID_CARD", f"{which}.card_type")
        assert isinstance(said, dict)
        opened = [self._signer.opened(str(said.get(one)), serial=serial) for one in NAMED]
        person, digest = opened
        if person is None or digest is None:
            raise Refusal(400, "PARAM_ERROR", f"{which}: 敏感信息解密失败")
        _need(_DIGEST.fullmatch(digest) is not None, f"{which}.id_digest")
        return person, digest

    def _check_prepaid(self, asked: dict[str, Any]) -> None:
        """The cash is an order that waits under the same number, of the same amount."""
        if asked["mix_pay_type"] == "INSURANCE_ONLY":
            return _need("prepay_id" not in asked, "prepay_id")
        with self._pay.lock:
            order = self._pay.orders.of_number(asked["out_trade_no"])
        _need(order.prepay_id == asked.get("prepay_id"), "prepay_id")
        _need(order.total_fen == asked.get("wechat_pay_cash_fee"), "wechat_pay_cash_fee")
        return None

    def _check_refund(self, told: dict[str, Any], order: Mixed) -> None:
        parts = ("med_refund_gov_fee", "med_refund_self_fee", "med_refund_other_fee")
        _need(order.fund in ("SUCCESS", "REFUND") and order.insured_fen > 0, "mix_trade_no")
        _need(isinstance(told.get("out_refund_no"), str), "out_refund_no")
        _need(all(_fee(told.get(name)) for name in (*parts, "med_refund_total_fee")), "fee")
        _need(told["med_refund_total_fee"] == sum(told[name] for name in parts), "fee")
        _need(told["med_refund_total_fee"] > 0, "fee")
        for part, name in zip(parts, INSURANCE, strict=True):
            before = sum(one[part] for one in order.refunds.values())
            _need(before + told[part] <= order.asked.get(name, 0), "fee")
        _need(isinstance(told.get("refund_time"), str), "refund_time")

    def _cash(self, order: Mixed) -> str:
        if order.asked["mix_pay_type"] == "INSURANCE_ONLY":
            return "NO"
        with self._pay.lock:
            state = self._pay.orders.of_number(order.asked["out_trade_no"]).state
        return {"NOTPAY": "CREATED", "CLOSED": "FAIL"}.get(state, state)

    def _shown(self, order: Mixed) -> dict[str, Any]:
        """An order as answers and notices tell it."""
        cash = self._cash(order)
        insured = order.asked["mix_pay_type"] != "CASH_ONLY"
        return {
            **{name: order.asked[name] for name in _SHOWN if name in order.asked},
            "mix_trade_no": order.mix_trade_no,
            "mix_pay_status": f"MIX_PAY_{order.state}",
            "self_pay_status": "NO_SELF_PAY" if cash == "NO" else f"SELF_PAY_{cash}",
            "med_ins_pay_status": f"MED_INS_PAY_{order.fund}" if insured else "NO_MED_INS_PAY",
            **({"paid_time": rfc3339(order.paid_at)} if order.paid_at else {}),
            **({"med_ins_fail_reason": order.reason} if order.reason else {}),
        }


def restored(kept: dict[str, Any]) -> Mixed:
    """An order out of the book, as yet without the people in it."""
    paid_at = datetime.fromisoformat(kept["paid_at"]) if kept["paid_at"] else None
    return Mixed(**{**kept, "person": (), "paid_at": paid_at})


def check_sums(asked: dict[str, Any]) -> None:
    """
    The two rules about sums, and which parts an order of its kind has.

    Raises:
        Refusal: 400, with the name of the parameter.
    """
    for name in ("total_fee", *INSURANCE, "med_ins_cash_fee", "wechat_pay_cash_fee"):
        _need(_fee(asked.get(name, 0)), name)
    added = sum(_details(asked, "add"))
    reduced = sum(_details(asked, "reduce"))
    insured = sum(asked.get(name, 0) for name in INSURANCE)
    cash, paid = asked.get("med_ins_cash_fee", 0), asked.get("wechat_pay_cash_fee", 0)
    _need(asked["total_fee"] == insured + paid + reduced, "total_fee")
    _need(asked["total_fee"] == insured + cash + added, "total_fee")
    mix = asked["mix_pay_type"]
    _need((insured == 0) == (mix == "CASH_ONLY"), "mix_pay_type")
    _need((paid == 0) == (mix == "INSURANCE_ONLY"), "mix_pay_type")
    for name in OF_THE_FUND if insured else ():
        _need(isinstance(asked.get(name), str) and asked[name] != "", name)


def _details(asked: dict[str, Any], kind: str) -> list[int]:
    rows = asked.get(f"cash_{kind}_detail", [])
    name = f"cash_{kind}_fee"
    fine = isinstance(rows, list) and all(
        isinstance(row, dict) and _fee(row.get(name)) and row.get(f"cash_{kind}_type")
        for row in rows
    )
    _need(fine, f"cash_{kind}_detail")
    return [row[name] for row in rows]


def _open(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name not in ("payer", "relative")}


def _fee(value: object) -> bool:
    return type(value) is int and 0 <= value <= 10_000_000_000


def _need(kept: bool, name: str) -> None:
    if not kept:
        raise Refusal(400, "PARAM_ERROR", f"参数错误: {name}")
