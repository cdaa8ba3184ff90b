"""
WeChat Pay (APIv3), 移动医保支付: one order of which the social fund pays a part at once.

The city's fund has settled before (接口 6201) and says what it pays out of its pools (``gov``), out
of the insured person's own account (``own``) and otherwise (``other``). The cash is an ordinary
order under the same number; this one names it by ``prepay_id``. Both sums must hold:

    total = gov + own + other + paid in cash + Σ reduced
    total = gov + own + other + cash of the settlement + Σ added

so a freight of the courier is cash that the settlement does not know. Name and digest of the
identity number are encrypted to WeChat Pay; they are in no log and in no other answer.

Source: pay.weixin.qq.com/doc/v3/merchant/4016781466 (医保自费混合收款下单) and its neighbours
(查询, 医保退款通知, 混合支付成功通知).
"""

import functools
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from wechatpayv3.type import RequestType

from hospital.gateways import exchange
from hospital.gateways.exchange import Patience, Unavailable
from insurance.gateways.insured_shares import MixedOrder, MixedState, Shares, id_digest
from insurance.gateways.wechat_pay import Refused, UnknownOrder
from insurance.gateways.wechat_pay_core import ForgedNotice, GuardedCore, Keys

__all__ = ["Insured", "InsuredClient", "MixedOrder", "MixedState", "Shares", "client"]

PATH: Final = "/v3/med-ins/orders"
REFUNDED: Final = "/v3/med-ins/refunds/notify"
BEIJING: Final = timezone(timedelta(hours=8))
_TRIPLES: Final = ("mix_pay_status", "self_pay_status", "med_ins_pay_status")


class Insured(Protocol):
    """What the cashier asks of WeChat Pay. Every method may also raise ``Unavailable``."""

    def order(self, order: MixedOrder) -> MixedState:
        """
        Open an order, or find it again.

        Raises:
            Refused: the number is known with other parameters, or the parts do not add up.
        """

    def query(self, out_trade_no: str) -> MixedState:
        """
        Ask what became of an order.

        Raises:
            UnknownOrder: it was never opened.
        """

    def query_mixed(self, mix_trade_no: str) -> MixedState:
        """The same, by WeChat Pay's number."""

    def tell_refund(
        self, mix_trade_no: str, *, out_refund_no: str, shares: Shares, at: datetime
    ) -> None:
        """
        Tell that the fund has taken its part back, under the number of the cash's refund.

        Raises:
            Refused: it was not paid, or the part is another.
        """

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> MixedState:
        """
        Verify and decrypt the notice of a success.

        Raises:
            ForgedNotice, StaleNotice: as ``wechat_pay.WeChatPay.read_notice``.
        """


class InsuredClient:
    """WeChat Pay over HTTP, signed and verified as orders are (``GuardedCore``)."""

    def __init__(
        self,
        keys: Keys,
        *,
        base: str,
        appid: str,
        mchid: str,
        callback_url: str,
        patience: Patience = exchange.USUAL,
    ) -> None:
        self._appid, self._callback_url, self._patience = appid, callback_url, patience
        self._core = GuardedCore(keys, mchid=mchid, base=base, patience=patience)

    def order(self, order: MixedOrder) -> MixedState:
        """See ``Insured.order``."""
        content = self._ask(lambda: self._core.request(PATH, RequestType.POST, self._asked(order)))
        return _state(content, asked=order.out_trade_no)

    def query(self, out_trade_no: str) -> MixedState:
        """See ``Insured.query``."""
        path = f"{PATH}/out-trade-no/{_number(out_trade_no)}"
        return _state(self._ask(lambda: self._core.request(path)), asked=out_trade_no)

    def query_mixed(self, mix_trade_no: str) -> MixedState:
        """See ``Insured.query_mixed``."""
        path = f"{PATH}/mix-trade-no/{_number(mix_trade_no)}"
        state = _state(self._ask(lambda: self._core.request(path)))
        if state.mix_trade_no != mix_trade_no:
            raise Unavailable("the answer to another question")
        return state

    def tell_refund(
        self, mix_trade_no: str, *, out_refund_no: str, shares: Shares, at: datetime
    ) -> None:
        """See ``Insured.tell_refund``."""
        told = {
            "med_refund_total_fee": shares.insured,
            "med_refund_gov_fee": shares.gov,
            "med_refund_self_fee": shares.own,
            "med_refund_other_fee": shares.other,
            "refund_time": _moment(at),
            "out_refund_no": _number(out_refund_no),
        }
        path = f"{REFUNDED}?mix_trade_no={_number(mix_trade_no)}"
        self._ask(lambda: self._core.request(path, RequestType.POST, told))

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> MixedState:
        """See ``Insured.read_notice``."""
        self._core.verify(headers, body, at=at)
        try:
            return _state(self._core.resource(json.loads(body)))
        except (Unavailable, ValueError, TypeError, RecursionError) as error:
            raise ForgedNotice("content") from error

    def _asked(self, order: MixedOrder) -> dict[str, Any]:
        shares = order.shares
        asked: dict[str, Any] = {
            "mix_pay_type": str(shares.mix),
            "order_type": "PHARMACY_PAY",
            "appid": self._appid,
            "openid": order.openid,
            "payer": self._person(order.name, order.id_number),
            "out_trade_no": _number(order.out_trade_no),
            "serial_no": _number(order.serial_no),
            "city_id": order.city,
            "med_inst_name": order.pharmacy_name,
            "med_inst_no": order.pharmacy_code,
            "total_fee": shares.total,
            "med_ins_gov_fee": shares.gov,
            "med_ins_self_fee": shares.own,
            "med_ins_other_fee": shares.other,
            "med_ins_cash_fee": shares.cash,
            "wechat_pay_cash_fee": shares.paid_in_cash,
            "callback_url": self._callback_url,
        }
        if shares.freight:
            added = {"cash_add_fee": shares.freight, "cash_add_type": "FREIGHT"}
            asked["cash_add_detail"] = [added]
        if shares.reduced:
            less = {"cash_reduce_fee": shares.reduced, "cash_reduce_type": "PHARMACY_DISCOUNT"}
            asked["cash_reduce_detail"] = [less]
        if shares.insured and order.settled_at:
            asked["pay_order_id"], asked["pay_auth_no"] = order.settled_as, order.authorized_as
            asked["med_ins_order_create_time"] = _moment(order.settled_at)
        if order.relative:
            asked |= {"pay_for_relatives": True, "relative": self._person(*order.relative)}
        return asked | ({"prepay_id": order.prepay_id} if order.prepay_id else {})

    def _person(self, name: str, id_number: str) -> dict[str, str]:
        return {
            "name": self._core.encrypt(name),
            "id_digest": self._core.encrypt(id_digest(id_number)),
            "card_type": "ID_CARD",
        }

    def _ask(self, call: Callable[[], tuple[int, bytes]]) -> dict[str, Any]:
        status, body = exchange.repeat(call, self._patience)
        if status == 204:
            return {}
        content = exchange.Answer(status, {}, body).content()
        if status < 300:
            return content
        code, message = str(content.get("code", "")), str(content.get("message", ""))
        raise (UnknownOrder if code == "ORDER_NOT_EXIST" else Refused)(code, message)


def client() -> Insured:
    """The client that the settings describe, one per process."""
    wechat = settings.WECHAT
    names = ("key_folder", "pay_base", "appid", "mchid", "notify_url")
    return _client(*(wechat[name] for name in names))


@functools.lru_cache(maxsize=1)
def _client(folder: Path, base: str, appid: str, mchid: str, notify_url: str) -> InsuredClient:
    return InsuredClient(
        Keys.read(folder), base=base, appid=appid, mchid=mchid, callback_url=notify_url
    )


def _state(content: Mapping[str, Any], *, asked: str = "") -> MixedState:
    """An answer or a notice; ``Unavailable`` if it is not usable, or about another order."""
    texts = [content.get(name) for name in ("mix_trade_no", "out_trade_no", "appid", *_TRIPLES)]
    fees = [
        content.get(name, 0)
        for name in ("med_ins_gov_fee", "med_ins_self_fee", "med_ins_other_fee")
    ]
    total, cash = content.get("total_fee"), content.get("wechat_pay_cash_fee", 0)
    if not all(isinstance(text, str) for text in texts):
        raise Unavailable("an answer without a state")
    if not all(type(fee) is int and fee >= 0 for fee in (*fees, total, cash)):
        raise Unavailable("an answer with another amount than fen")
    mix_trade_no, number, appid, mix, self_pay, med_ins = map(str, texts)
    if asked and number != asked:
        raise Unavailable("the answer to another question")
    return MixedState(
        mix_trade_no=mix_trade_no,
        out_trade_no=number,
        mix=mix.removeprefix("MIX_PAY_"),
        cash="NONE" if self_pay == "NO_SELF_PAY" else self_pay.removeprefix("SELF_PAY_"),
        insured="NONE" if med_ins == "NO_MED_INS_PAY" else med_ins.removeprefix("MED_INS_PAY_"),
        total_fen=int(str(total)),
        insured_fen=sum(fees),
        cash_fen=cash,
        appid=appid,
        openid=str(content.get("openid", "")),
        paid_at=_paid_at(content),
    )


def _paid_at(content: Mapping[str, Any]) -> datetime | None:
    text = content.get("paid_time") or ""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError) as error:
        raise Unavailable("an answer without paid_time") from error
    if moment is not None and moment.tzinfo is None:
        raise Unavailable("an answer with paid_time in no time zone")
    return moment


def _moment(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")


def _number(text: str) -> str:
    """Digits, letters and marks that need no escaping in a path."""
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise ValueError(f"not an order number: {text!r}")
    return text
