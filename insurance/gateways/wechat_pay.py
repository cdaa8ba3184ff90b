"""
WeChat Pay (APIv3): take a patient's share, ask what became of it, give it back, read its notices.

Every call may be repeated: WeChat Pay knows an order by ``out_trade_no`` and a refund by
``out_refund_no``, and answers a repetition of the same parameters with the same result. Other
parameters under a known number are refused, so to change an amount, close the order and open one
with a new number. That is why the client itself asks again, a few times, when there is no answer.

Amounts are whole fen. This module compares no amount, currency, merchant or order number of a
notice with what was ordered: that is for the code that knows the order.

Source: pay.weixin.qq.com/doc/v3/merchant (JSAPI payment, refunds, notices).
"""

import functools
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from wechatpayv3 import SignType, WeChatPayType
from wechatpayv3 import WeChatPay as SDK

from hospital.gateways import exchange
from hospital.gateways.exchange import Patience, Unavailable
from insurance.gateways import wechat_pay_answers as answers
from insurance.gateways.wechat_pay_answers import (
    Notice,
    Order,
    OrderState,
    RefundNotice,
    RefundState,
)
from insurance.gateways.wechat_pay_core import ForgedNotice, GuardedCore, Keys, StaleNotice

__all__ = [
    "ForgedNotice",
    "Notice",
    "Order",
    "OrderState",
    "RefundNotice",
    "RefundState",
    "Refused",
    "StaleNotice",
    "Unavailable",
    "UnknownOrder",
    "WeChatPay",
    "WeChatPayClient",
    "client",
]

BEIJING: Final = timezone(timedelta(hours=8))
_UNKNOWN: Final = ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS")
_NUMBER: Final = re.compile(r"[0-9A-Za-z_-]{6,32}")


class Refused(Exception):
    """
    WeChat Pay understood the request and says no: ``code`` is one of its own.

    Those that decide something: ``ORDERPAID`` (ask ``query``), ``ORDER_CLOSED``,
    ``INVALID_REQUEST`` (known number, other parameters; refund above what is left),
    ``NOT_ENOUGH`` (our account is too empty to refund), ``SIGN_ERROR`` and ``NO_AUTH`` (our keys
    or settings are wrong).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class UnknownOrder(Refused):
    """WeChat Pay has no order of this number. A bare 404 does not say so; a wrong URL gets one."""


class WeChatPay(Protocol):
    """What the cashier asks of WeChat Pay. Every method may also raise ``Unavailable``."""

    def prepay(self, order: Order) -> str:
        """
        Open an order and return its ``prepay_id``, which is good for two hours.

        Raises:
            Refused: the number is paid, closed, or known with other parameters.
        """

    def phone_parameters(self, prepay_id: str) -> dict[str, str]:
        """What ``wx.requestPayment`` takes, signed by the merchant; asks nobody."""

    def query(self, out_trade_no: str) -> OrderState:
        """
        Ask what became of an order.

        Raises:
            UnknownOrder: it was never opened.
        """

    def close(self, out_trade_no: str) -> None:
        """
        Close an unpaid order; it can no longer be paid. Closing it again does nothing.

        Raises:
            Refused: it is paid already (``ORDERPAID``).
            UnknownOrder: it was never opened.
        """

    def refund(
        self,
        *,
        out_trade_no: str,
        out_refund_no: str,
        refund_fen: int,
        total_fen: int,
        reason: str,
    ) -> RefundState:
        """
        Give ``refund_fen`` of an order's ``total_fen`` back; to retry, use the same number.

        Raises:
            Refused: more than is left, or the number is known with other parameters.
            UnknownOrder: it was never opened.
        """

    def query_refund(self, out_refund_no: str) -> RefundState:
        """
        Ask what became of a refund.

        Raises:
            UnknownOrder: it was never asked for.
        """

    def read_notice(
        self, headers: Mapping[str, str], body: bytes, *, at: datetime
    ) -> Notice | RefundNotice:
        """
        Verify and decrypt a notice; ``body`` is what arrived, byte for byte.

        A nonce seen before is not refused: WeChat Pay may send a notice twice, and whoever books
        it has to make the second booking do nothing.

        Raises:
            ForgedNotice: bad signature, unknown key, altered body, probe, or unreadable content.
            StaleNotice: signed more than 300 seconds from ``at``.
        """


class _Calls(SDK):  # type: ignore[misc]
    """The SDK's calls over our core; its own constructor would ask the network for keys."""

    def __init__(self, core: GuardedCore, *, mchid: str, appid: str, notify_url: str) -> None:
        self._core, self._type, self._partner_mode = core, WeChatPayType.MINIPROG, False
        self._mchid, self._appid, self._notify_url = mchid, appid, notify_url


class WeChatPayClient:
    """WeChat Pay over HTTP, through the SDK, in public-key or certificate mode."""

    def __init__(
        self,
        keys: Keys,
        *,
        base: str,
        appid: str,
        mchid: str,
        notify_url: str,
        patience: Patience = exchange.USUAL,
    ) -> None:
        self._appid = appid
        self._patience = patience
        self._core = GuardedCore(keys, mchid=mchid, base=base, patience=patience)
        self._sdk = _Calls(self._core, mchid=mchid, appid=appid, notify_url=notify_url)

    def prepay(self, order: Order) -> str:
        """See ``WeChatPay.prepay``."""
        content = self._ask(
            lambda: self._sdk.pay(
                description=order.description,
                out_trade_no=_number(order.out_trade_no),
                amount={"total": order.total_fen, "currency": "CNY"},
                payer={"openid": order.openid},
                time_expire=order.expires_at.astimezone(BEIJING).isoformat(timespec="seconds"),
            )
        )
        return answers.prepay_id(content)

    def phone_parameters(self, prepay_id: str) -> dict[str, str]:
        """See ``WeChatPay.phone_parameters``."""
        stamp, nonce, package = (
            str(int(time.time())),
            secrets.token_hex(16),
            f"prepay_id={prepay_id}",
        )
        signed = self._sdk.sign([self._appid, stamp, nonce, package], SignType.RSA_SHA256)
        return {
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signed,
        }

    def query(self, out_trade_no: str) -> OrderState:
        """See ``WeChatPay.query``."""
        content = self._ask(lambda: self._sdk.query(out_trade_no=_number(out_trade_no)))
        return answers.order_state(content, asked=out_trade_no)

    def close(self, out_trade_no: str) -> None:
        """See ``WeChatPay.close``."""
        self._ask(lambda: self._sdk.close(out_trade_no=_number(out_trade_no)))

    def refund(
        self,
        *,
        out_trade_no: str,
        out_refund_no: str,
        refund_fen: int,
        total_fen: int,
        reason: str,
    ) -> RefundState:
        """See ``WeChatPay.refund``."""
        content = self._ask(
            lambda: self._sdk.refund(
                out_trade_no=_number(out_trade_no),
                out_refund_no=_number(out_refund_no),
                amount={"refund": refund_fen, "total": total_fen, "currency": "CNY"},
                reason=reason,
            )
        )
        return answers.refund_state(content, asked=out_refund_no)

    def query_refund(self, out_refund_no: str) -> RefundState:
        """See ``WeChatPay.query_refund``."""
        content = self._ask(lambda: self._sdk.query_refund(_number(out_refund_no)))
        return answers.refund_state(content, asked=out_refund_no)

    def read_notice(
        self, headers: Mapping[str, str], body: bytes, *, at: datetime
    ) -> Notice | RefundNotice:
        """See ``WeChatPay.read_notice``."""
        self._core.verify(headers, body, at=at)
        try:
            envelope = json.loads(body)
            return answers.notice(envelope, self._core.resource(envelope))
        except (Unavailable, ValueError, TypeError, RecursionError) as error:
            raise ForgedNotice("content") from error

    def _ask(self, call: Callable[[], tuple[int, bytes]]) -> dict[str, Any]:
        """Ask, a few times if need be, and turn a refusal into an exception."""
        status, body = exchange.repeat(call, self._patience)
        if status == 204:
            return {}
        content = exchange.Answer(status, {}, body).content()
        if status < 300:
            return content
        code, message = str(content.get("code", "")), str(content.get("message", ""))
        raise UnknownOrder(code, message) if code in _UNKNOWN else Refused(code, message)


def client() -> WeChatPay:
    """The client that the settings describe, one per process."""
    wechat = settings.WECHAT
    return _client(
        wechat["key_folder"],
        wechat["pay_base"],
        wechat["appid"],
        wechat["mchid"],
        wechat["notify_url"],
    )


@functools.lru_cache(maxsize=1)
def _client(folder: Path, base: str, appid: str, mchid: str, notify_url: str) -> WeChatPayClient:
    return WeChatPayClient(
        Keys.read(folder), base=base, appid=appid, mchid=mchid, notify_url=notify_url
    )


def _number(text: str) -> str:
    """A number that needs no escaping in a path; WeChat Pay would also take ``|`` and ``*``."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"not an order number: {text!r}")
    return text
