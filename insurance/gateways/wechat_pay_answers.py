"""
What WeChat Pay is told and what it answers, as values.

A field that WeChat Pay leaves out while an order is unpaid (``transaction_id``, ``currency``,
``openid``, ``success_at``) is empty here; ``total_fen`` is then 0. A field of the wrong type is
an unusable answer, never a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hospital.gateways.exchange import Unavailable


@dataclass(frozen=True, slots=True)
class Order:
    """What a patient is asked to pay; repeated unchanged, it stays the same order."""

    out_trade_no: str
    description: str
    total_fen: int
    openid: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OrderState:
    """``trade_state``: NOTPAY, SUCCESS, REFUND (some of it, at least), CLOSED, USERPAYING, …"""

    out_trade_no: str
    trade_state: str
    transaction_id: str
    total_fen: int
    currency: str
    mchid: str
    appid: str
    openid: str
    success_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundState:
    """``status``: PROCESSING, SUCCESS, CLOSED, ABNORMAL (the patient's account took no money)."""

    out_refund_no: str
    refund_id: str
    status: str
    refund_fen: int
    success_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """News of a payment (``TRANSACTION.…``); ``id`` is the notice's own."""

    id: str
    event_type: str
    out_trade_no: str
    transaction_id: str
    trade_state: str
    total_fen: int
    currency: str
    mchid: str
    appid: str
    openid: str
    success_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundNotice:
    """News of a refund (``REFUND.SUCCESS``, ``.ABNORMAL``, ``.CLOSED``)."""

    id: str
    event_type: str
    out_trade_no: str
    transaction_id: str
    out_refund_no: str
    refund_id: str
    status: str
    refund_fen: int
    total_fen: int
    mchid: str
    success_at: datetime | None


def prepay_id(content: Mapping[str, Any]) -> str:
    """The ``prepay_id`` of an answer to an order."""
    return _text(content, "prepay_id")


def order_state(content: Mapping[str, Any], *, asked: str) -> OrderState:
    """The answer to a query; it is signed, but only its number ties it to the question."""
    state = OrderState(trade_state=_text(content, "trade_state"), **_transaction(content))
    if state.out_trade_no != asked:
        raise Unavailable("the answer to another question")
    return state


def refund_state(content: Mapping[str, Any], *, asked: str) -> RefundState:
    """The answer to a refund, tied to the question by its number."""
    state = RefundState(
        out_refund_no=_text(content, "out_refund_no"),
        refund_id=_text(content, "refund_id"),
        status=_text(content, "status"),
        refund_fen=_fen(_part(content, "amount"), "refund"),
        success_at=_moment(content, "success_time"),
    )
    if state.out_refund_no != asked:
        raise Unavailable("the answer to another question")
    return state


def notice(envelope: Mapping[str, Any], content: Mapping[str, Any]) -> Notice | RefundNotice:
    """A verified notice and what it carried, decrypted; its event says which of the two it is."""
    id, event_type = _text(envelope, "id"), _text(envelope, "event_type")
    match event_type.partition(".")[0]:
        case "TRANSACTION":
            return Notice(
                id=id,
                event_type=event_type,
                trade_state=_text(content, "trade_state"),
                **_transaction(content),
            )
        case "REFUND":
            return _refund_notice(id, event_type, content)
        case _:
            raise Unavailable("news of an unknown kind")


def _refund_notice(id: str, event_type: str, content: Mapping[str, Any]) -> RefundNotice:
    amount = _part(content, "amount")
    return RefundNotice(
        id=id,
        event_type=event_type,
        out_trade_no=_text(content, "out_trade_no"),
        transaction_id=_text(content, "transaction_id"),
        out_refund_no=_text(content, "out_refund_no"),
        refund_id=_text(content, "refund_id"),
        status=_text(content, "refund_status"),
        refund_fen=_fen(amount, "refund"),
        total_fen=_fen(amount, "total"),
        mchid=_text(content, "mchid"),
        success_at=_moment(content, "success_time"),
    )


def _transaction(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that an answer and a notice about a payment have in common."""
    amount = _part(content, "amount")
    return {
        "out_trade_no": _text(content, "out_trade_no"),
        "transaction_id": _text(content, "transaction_id", default=""),
        "total_fen": _fen(amount, "total") if amount else 0,
        "currency": _text(amount, "currency", default=""),
        "mchid": _text(content, "mchid"),
        "appid": _text(content, "appid"),
        "openid": _text(_part(content, "payer"), "openid", default=""),
        "success_at": _moment(content, "success_time"),
    }


def _text(content: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = content.get(name, default)
    if not isinstance(value, str):
        raise Unavailable(f"an answer without {name}")
    return value


def _fen(content: Mapping[str, Any], name: str) -> int:
    value = content.get(name)
    if type(value) is not int or value < 0:
        raise Unavailable(f"an answer without {name}")
    return value


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name) or {}
    if not isinstance(value, dict):
        raise Unavailable(f"an answer without {name}")
    return value


def _moment(content: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(content, name, default="")
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise Unavailable(f"an answer without {name}") from error
    if moment is not None and moment.tzinfo is None:
        raise Unavailable(f"an answer with {name} in no time zone")
    return moment
