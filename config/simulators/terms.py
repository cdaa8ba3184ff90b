"""What WeChat Pay accepts as an order and as a refund: types, lengths, bounds."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from config.simulators.environment import Merchant
from config.simulators.web import Refusal

_ORDER_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_REFUND_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


def check_order(asked: dict[str, Any], merchant: Merchant) -> None:
    """
    Refuse an order that WeChat Pay would never open, at whatever time.

    Raises:
        Refusal: 400, with the name of the parameter.
    """
    if (asked.get("appid"), asked.get("mchid")) != (merchant.appid, merchant.mchid):
        raise Refusal(400, "APPID_MCHID_NOT_MATCH", "appid与mchid不匹配")
    amount = asked.get("amount")
    _need(_matches(_ORDER_NUMBER, asked.get("out_trade_no")), "out_trade_no")
    _need(_text(asked.get("description"), 127), "description")
    _need(isinstance(amount, dict) and _fen(amount.get("total")), "amount.total")
    _need(isinstance(amount, dict) and amount.get("currency", "CNY") == "CNY", "amount.currency")
    payer = asked.get("payer")
    _need(isinstance(payer, dict) and _text(payer.get("openid"), 128), "payer.openid")
    _need(_address(asked.get("notify_url")), "notify_url")


def check_refund(asked: dict[str, Any]) -> None:
    """
    Refuse a refund that is malformed, whatever it is about.

    Raises:
        Refusal: 400, with the name of the parameter.
    """
    amount = asked.get("amount")
    _need(_matches(_REFUND_NUMBER, asked.get("out_refund_no")), "out_refund_no")
    _need(asked.get("reason") is None or _text(asked["reason"], 80), "reason")
    _need(isinstance(amount, dict), "amount")
    assert isinstance(amount, dict)
    _need(_fen(amount.get("refund")), "amount.refund")
    _need(_fen(amount.get("total")), "amount.total")
    _need(amount.get("currency") == "CNY", "amount.currency")
    _need(asked.get("notify_url") is None or _address(asked["notify_url"]), "notify_url")


def expired(asked: dict[str, Any], *, at: datetime) -> bool:
    """
    Whether the time to pay is over.

    Raises:
        Refusal: ``time_expire`` is no moment.
    """
    text = asked.get("time_expire")
    if text is None:
        return False
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        moment = None
    _need(moment is not None and moment.tzinfo is not None, "time_expire")
    return moment is not None and at >= moment


def _need(kept: bool, name: str) -> None:
    if not kept:
        raise Refusal(400, "PARAM_ERROR", f"参数错误: {name}")


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


def _fen(value: object) -> bool:
    return type(value) is int and 0 < value <= 10_000_000_000


def _address(value: object) -> bool:
    """An absolute URL without a query, as ``notify_url`` has to be."""
    if not isinstance(value, str) or len(value) > 255:
        return False
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.query
