"""
The patient's share by WeChat Pay: order, notice, question, refund.

Nothing is asked of WeChat while a row is locked. An order is a row first and a call second, its
number never changes, and a notice is believed only after its amount, currency, merchant, app and
payer were compared with the row. Money that comes too late is booked and owed back.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from hospital import acting, errors
from hospital.actions import login
from hospital.models import Account
from hospital.roles import Actor
from insurance import queries
from insurance.actions import checkout, owing_back, refunding, rounds
from insurance.gateways import wechat_pay
from insurance.journal import post
from insurance.models import Bill, Payment, Refund
from prescriptions import lifecycle, permissions
from prescriptions.models import CHOSEN, Status

PAY_WITHIN = timedelta(minutes=30)
BATCH = 50
log = logging.getLogger(__name__)


class UnknownPayment(errors.NotFound):
    """There is no such payment of yours."""

    code = "payment.unknown"


class OtherPayer(errors.Conflict):
    """Somebody else is about to pay this; wait until that payment is over."""

    code = "payment.other_payer"


class PaymentClosed(errors.Gone):
    """This payment is over; open another if something is still to be paid."""

    code = "payment.closed"


class NoWeChat(errors.Conflict):
    """This account came without WeChat and cannot pay with it."""

    code = "payment.no_wechat"


class PayRefused(errors.Conflict):
    """WeChat Pay refuses the order."""

    code = "payment.refused"


class PayDown(errors.Unavailable):
    """WeChat Pay does not answer; try again."""

    code = "payment.unavailable"


class WrongNotice(errors.Forbidden):
    """A signed notice does not fit what was ordered."""

    code = "payment.wrong_notice"


@transaction.atomic(savepoint=False)
def open_payment(prescription_id: UUID, *, by: Actor, at: datetime) -> Payment:
    """
    The payment of the open bill, made if there is none or the last one was closed. The patient pays
    it, or the guardian who opens it.

    Raises:
        OtherPayer, permissions.GuardianshipOver: see each.
        lifecycle.UnknownPrescription, permissions.WrongPatient, lifecycle.WrongState,
        lifecycle.OutOfTime, queries.NoBill: there is nothing for the caller to pay.
    """
    prescription = lifecycle.lock(prescription_id)
    permissions.check_party(prescription, by)
    acting.hold(by, at=at)
    if prescription.status != Status.AUTHORIZED:
        raise lifecycle.WrongState(move="pay", status=prescription.status)
    if at >= prescription.valid_until:
        raise lifecycle.OutOfTime(move="pay")
    bill = queries.live_bill(prescription)
    payer = by.account if by.ward else None
    payment, _ = Payment.objects.exclude(state=Payment.State.CLOSED).get_or_create(
        bill=bill,
        defaults={
            "out_trade_no": f"P{secrets.token_hex(15)}",
            "amount_fen": bill.patient_fen,
            "created_at": at,
            "expires_at": min(at + PAY_WITHIN, prescription.valid_until),
            "payer_id": payer,
        },
    )
    if payment.payer_id != payer:
        raise OtherPayer
    return payment


def phone_parameters(out_trade_no: str, *, by: Actor, at: datetime) -> dict[str, str]:
    """
    What ``wx.requestPayment`` takes; WeChat Pay is asked for a prepay id if there is none.

    Raises:
        UnknownPayment, PaymentClosed, NoWeChat, PayRefused, PayDown: see each.
    """
    payment = (
        Payment.objects.select_related("bill__prescription__patient", "payer")
        .filter(
            out_trade_no=out_trade_no,
            bill__prescription__patient_id=by.patient,
            payer_id=by.account if by.ward else None,
        )
        .first()
    )
    if payment is None:
        raise UnknownPayment
    if payment.state != Payment.State.OPEN or at >= payment.expires_at:
        raise PaymentClosed
    if not payment.prepay_id:
        payment.prepay_id = _prepay(payment, payment.payer or payment.bill.prescription.patient)
        Payment.objects.filter(id=payment.id, prepay_id="").update(prepay_id=payment.prepay_id)
    return wechat_pay.client().phone_parameters(payment.prepay_id)


@transaction.atomic
def accept(paid: wechat_pay.Notice | wechat_pay.OrderState, *, at: datetime) -> None:
    """
    Book a success that WeChat Pay signed; a repetition changes nothing.

    If the authorization is still in force the prescription is paid; otherwise the money is owed
    back. Raises ``UnknownPayment``; ``WrongNotice`` if anything differs from what was ordered.
    """
    found = Payment.objects.filter(out_trade_no=paid.out_trade_no).values_list(
        "bill__prescription_id", flat=True
    )
    prescription_id = found.first()
    if prescription_id is None:
        raise UnknownPayment
    prescription = lifecycle.lock(prescription_id)
    payments = Payment.objects.select_related("bill", "payer")
    payment = payments.get(out_trade_no=paid.out_trade_no)
    _compare(paid, payment, payment.payer or prescription.patient)
    if payment.state == Payment.State.PAID:
        return
    payment.state, payment.transaction_id = Payment.State.PAID, paid.transaction_id
    payment.paid_at = paid.success_at or at
    payment.save(update_fields=["state", "transaction_id", "paid_at"])
    post.paid(payment, prescription, at=at)
    in_force = prescription.status == Status.AUTHORIZED and payment.bill.state == Bill.State.OPEN
    if in_force and at < prescription.valid_until:
        facts = {"patient_fen": payment.amount_fen}
        checkout.settle_patient_share(prescription, payment.bill, facts, at=at)
    else:
        owing_back.all_of(payment, at=at)


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
    if differs := sorted(name for name, value in asked.items() if getattr(news, name) != value):
        log.error("a refund's notice differs from what was asked for in %s", differs)
        raise WrongNotice(members=differs)
    refunding.book(refund, news.status, news.refund_id, at=at, moved_at=news.success_at)


def ask_about_payments(*, at: datetime) -> int:
    """Ask WeChat Pay about orders whose notice did not come; about how many it said something."""

    def ask(payment: Payment) -> None:
        Payment.objects.filter(id=payment.id).update(asked_at=at)
        ask_about(payment, at)

    return rounds.each(list(queries.unanswered(at=at)[:BATCH]), ask, "payments")


def refund_owed(*, at: datetime) -> int:
    """Void the bills of which nothing comes, then ask WeChat Pay for what is owed back."""

    def ask(refund: Refund) -> None:
        Refund.objects.filter(id=refund.id).update(asked_at=at)
        _refund(refund, at)

    rounds.each(queries.billed_in_vain(), lambda one: _clear(one, at), "bills")
    return rounds.each(list(queries.owed_back()[:BATCH]), ask, "refunds")


def _prepay(payment: Payment, payer: Account) -> str:
    if payer.wechat_index is None:
        raise NoWeChat
    order = wechat_pay.Order(
        out_trade_no=payment.out_trade_no,
        description="处方药品",
        total_fen=payment.amount_fen,
        openid=login.openid(payer),
        expires_at=payment.expires_at,
    )
    try:
        return wechat_pay.client().prepay(order)
    except wechat_pay.Unavailable as fault:
        raise PayDown(retry_after_s=2) from fault
    except wechat_pay.Refused as fault:
        raise PayRefused(reason=fault.code) from fault


def _compare(
    paid: wechat_pay.Notice | wechat_pay.OrderState, payment: Payment, payer: Account
) -> None:
    ordered = {
        "trade_state": "SUCCESS",
        "total_fen": payment.amount_fen,
        "currency": "CNY",
        "mchid": settings.WECHAT["mchid"],
        "appid": settings.WECHAT["appid"],
        "openid": login.openid(payer),
    }
    differs = sorted(name for name, value in ordered.items() if getattr(paid, name) != value)
    if payment.state == Payment.State.PAID and payment.transaction_id != paid.transaction_id:
        differs.append("transaction_id")
    if differs:
        log.error("a payment notice differs from its order in %s", differs)
        raise WrongNotice(members=differs)


def ask_about(payment: Payment, at: datetime) -> None:
    """Ask WeChat Pay about one order, and book or close it by the answer."""
    pay = wechat_pay.client()
    over = payment.bill.state == Bill.State.VOID or at >= payment.expires_at
    try:
        state = pay.query(payment.out_trade_no)
    except wechat_pay.UnknownOrder:
        if over:
            _close(payment)
        return
    if state.trade_state == "SUCCESS":
        accept(state, at=at)
    elif state.trade_state in ("CLOSED", "REFUND"):
        _close(payment)
    elif over:
        # Paid between question and close: WeChat refuses, and the next question finds it.
        pay.close(payment.out_trade_no)
        _close(payment)


def _close(payment: Payment) -> None:
    open_one = Payment.objects.filter(id=payment.id, state=Payment.State.OPEN)
    open_one.update(state=Payment.State.CLOSED)


@transaction.atomic
def _clear(prescription_id: UUID, at: datetime) -> None:
    prescription = lifecycle.lock(prescription_id)
    if prescription.status not in CHOSEN:
        checkout.clear(prescription, at=at)


def _refund(refund: Refund, at: datetime) -> None:
    payment = refund.payment
    answer = wechat_pay.client().refund(
        out_trade_no=payment.out_trade_no,
        out_refund_no=refund.out_refund_no,
        refund_fen=refund.amount_fen,
        total_fen=payment.amount_fen,
        reason=owing_back.REASONS[refund.cause],
    )
    refunding.book(refund, answer.status, answer.refund_id, at=at, moved_at=answer.success_at)
