"""
Book what WeChat Pay signed of a payment: once, and only if it is what was ordered.

A success is compared with the row in amount, currency, merchant, app and payer; of a
medical-insurance order so are both parts. Money that comes too late is booked and owed back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from hospital import errors
from hospital.actions import login
from hospital.models import Account
from insurance import queries
from insurance.actions import billing, owing_back, refunding
from insurance.gateways import wechat_pay
from insurance.gateways.insured_shares import MixedState
from insurance.journal import post
from insurance.models import Bill, Payment, Refund
from prescriptions import lifecycle
from prescriptions.models import Prescription, Status

log = logging.getLogger(__name__)
Cash = wechat_pay.Notice | wechat_pay.OrderState


class UnknownPayment(errors.NotFound):
    """There is no such payment of yours."""

    code = "payment.unknown"


class WrongNotice(errors.Forbidden):
    """A signed notice does not fit what was ordered."""

    code = "payment.wrong_notice"


@transaction.atomic
def accept(paid: Cash, *, at: datetime) -> None:
    """
    Book a success that WeChat Pay signed; a repetition changes nothing.

    If the authorization is still in force the prescription is paid; otherwise the money is owed
    back. Cash of a medical-insurance order is a part: ``accept_both`` books it with the other.

    Raises ``UnknownPayment``; ``WrongNotice`` if anything differs from what was ordered.
    """
    payment, prescription = _locked(paid.out_trade_no)
    check_cash(paid, payment)
    if payment.state != Payment.State.PAID and not payment.city:
        payment.transaction_id = paid.transaction_id
        payment.paid_at = paid.success_at or at
        _book(payment, prescription, at)


@transaction.atomic
def accept_both(mixed: MixedState, cash: Cash | None, *, at: datetime) -> None:
    """
    Book how a medical-insurance order has ended: paid by both, or refused by the fund.

    ``cash``: its order, if it came. What the patient has paid of a refused one is owed back.

    Raises as ``accept``.
    """
    payment, prescription = _locked(mixed.out_trade_no)
    check_both(mixed, payment)
    if cash is not None:
        check_cash(cash, payment)
    if (cash is not None) != (payment.amount_fen > 0):
        raise WrongNotice(members=["self_pay_status"])
    if payment.state == Payment.State.PAID:
        return
    payment.mix_trade_no, payment.fund_refused = mixed.mix_trade_no, mixed.mix != "SUCCESS"
    payment.transaction_id = cash.transaction_id if cash else None
    payment.paid_at = (cash.success_at if cash else mixed.paid_at) or at
    _book(payment, prescription, at)


@transaction.atomic
def accept_refund(news: wechat_pay.RefundNotice, *, at: datetime) -> None:
    """Book what became of a refund. Raises ``WrongNotice`` if it is not one of ours."""
    rows = Refund.objects.select_related("payment")
    refund = rows.filter(out_refund_no=news.out_refund_no).first()
    if refund is None:
        raise WrongNotice(members=["out_refund_no"])
    asked = {
        "refund_fen": refund.amount_fen,
        "total_fen": refund.payment.amount_fen,
        "out_trade_no": refund.payment.out_trade_no,
        "transaction_id": refund.payment.transaction_id,
        "mchid": settings.WECHAT["mchid"],
    }
    _compare(news, asked)
    refunding.book(refund, news.status, news.refund_id, at=at, moved_at=news.success_at)


def check_cash(paid: Cash, payment: Payment) -> None:
    """Raises ``WrongNotice`` if it is not the success of what was ordered."""
    ordered = {
        "trade_state": "SUCCESS",
        "total_fen": payment.amount_fen,
        "currency": "CNY",
        "mchid": settings.WECHAT["mchid"],
        "appid": settings.WECHAT["appid"],
        "openid": login.openid(who_pays(payment)),
    }
    if payment.state == Payment.State.PAID:
        ordered["transaction_id"] = payment.transaction_id
    _compare(paid, ordered)


def check_both(mixed: MixedState, payment: Payment) -> None:
    """Raises ``WrongNotice`` if its shares, its payer or its parts are not those ordered."""
    ordered: dict[str, Any] = {
        "total_fen": payment.amount_fen + payment.insured_fen,
        "insured_fen": payment.insured_fen,
        "cash_fen": payment.amount_fen,
        "appid": settings.WECHAT["appid"],
        "openid": login.openid(who_pays(payment)),
    }
    if payment.mix_trade_no is not None:
        ordered["mix_trade_no"] = payment.mix_trade_no
    if mixed.mix == "SUCCESS":
        ordered["cash"] = "SUCCESS" if payment.amount_fen else "NONE"
        ordered["insured"] = "SUCCESS" if payment.insured_fen else "NONE"
    _compare(mixed, ordered)


def who_pays(payment: Payment) -> Account:
    """The patient, or the guardian who opened the payment."""
    return payment.payer or payment.bill.prescription.patient


def _compare(said: object, ordered: Mapping[str, Any]) -> None:
    if differs := sorted(name for name, value in ordered.items() if getattr(said, name) != value):
        log.error("what WeChat Pay tells of an order differs in %s", differs)
        raise WrongNotice(members=differs)


def _locked(out_trade_no: str) -> tuple[Payment, Prescription]:
    """The payment under its prescription's lock, without which nothing of it changes."""
    found = Payment.objects.filter(out_trade_no=out_trade_no)
    prescription_id = found.values_list("bill__prescription_id", flat=True).first()
    if prescription_id is None:
        raise UnknownPayment
    prescription = lifecycle.lock(prescription_id)
    payment = found.select_related("bill", "payer").get()
    payment.bill.prescription = prescription
    return payment, prescription


def _book(payment: Payment, prescription: Prescription, at: datetime) -> None:
    payment.state = Payment.State.PAID
    changed = ["state", "transaction_id", "paid_at", "mix_trade_no", "fund_refused"]
    payment.save(update_fields=changed)
    post.paid(payment, prescription, at=at)
    bill = payment.bill
    in_force = prescription.status == Status.AUTHORIZED and bill.state == Bill.State.OPEN
    if in_force and at < prescription.valid_until and not payment.fund_refused:
        with_it = {"at_payment": queries.at_payment(bill, bill)} if payment.insured_fen else {}
        facts = {"patient_fen": payment.amount_fen, **with_it}
        billing.settle_patient_share(prescription, bill, facts, at=at)
    else:
        owing_back.all_of(payment, at=at)
