"""
The patient's share by WeChat Pay, and a fund's that pays with it: order, question, refund.

Nothing is asked of WeChat while a row is locked. An order is a row first and a call second, and its
number never changes. What is signed of it, ``booking`` compares and books.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from hospital import acting, errors
from hospital.actions import login
from hospital.models import Account
from hospital.roles import Actor
from insurance import queries
from insurance.actions import booking, checkout, insuring, orders, owing_back, refunding, rounds
from insurance.actions.booking import UnknownPayment as UnknownPayment
from insurance.actions.booking import WrongNotice as WrongNotice
from insurance.actions.booking import accept as accept
from insurance.actions.booking import accept_refund as accept_refund
from insurance.gateways import wechat_pay, wechat_pay_insured
from insurance.gateways.insured_shares import MixedState
from insurance.models import Bill, Payment, Refund
from prescriptions import lifecycle, permissions
from prescriptions.models import CHOSEN, Status

PAY_WITHIN = timedelta(minutes=30)
BATCH = 50
log = logging.getLogger(__name__)


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
    fund = bill.at_payment
    ends = min(at + PAY_WITHIN, prescription.valid_until)
    live = Payment.objects.exclude(state=Payment.State.CLOSED).exclude(fund_refused=True)
    payment, _ = live.get_or_create(
        bill=bill,
        defaults={
            "out_trade_no": f"P{secrets.token_hex(15)}",
            "amount_fen": bill.patient_fen,
            "insured_fen": fund.fen if fund else 0,
            "city": fund.city if fund else "",
            "created_at": at,
            "expires_at": ends,
            "payer_id": payer,
        },
    )
    if payment.payer_id != payer:
        raise OtherPayer
    if not payment.amount_fen and at >= payment.expires_at:  # nothing of it ends at WeChat Pay
        payment.expires_at = ends
        payment.save(update_fields=["expires_at"])
    return payment


def phone_parameters(out_trade_no: str, *, by: Actor, at: datetime) -> dict[str, str]:
    """
    What ``wx.requestPayment`` takes; WeChat Pay is asked for a prepay id if there is none. Of a
    medical-insurance order, what ``wx.requestMedicalInsurancePay`` takes.

    Raises:
        UnknownPayment, PaymentClosed, NoWeChat, PayRefused, PayDown: see each.
    """
    payment = (
        Payment.objects.select_related(
            "bill__prescription__patient__person", "bill__pharmacy", "payer__person"
        )
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
    payer = booking.who_pays(payment)
    if payer.wechat_index is None:
        raise NoWeChat
    try:
        with _asking():
            return _order(payment, payer, at)
    except PayRefused:
        orders.refused(payment, at=at)
        raise


def read_notice(
    headers: Mapping[str, str], body: bytes, *, at: datetime
) -> wechat_pay.Notice | wechat_pay.RefundNotice | MixedState:
    """
    Verify and decrypt any notice of WeChat Pay's. What its body says of its kind is believed only
    as to who reads it, and each reader verifies.

    Raises ``wechat_pay.ForgedNotice``, ``wechat_pay.StaleNotice``.
    """
    if b'"MEDICAL_INSURANCE.' in body:
        return wechat_pay_insured.client().read_notice(headers, body, at=at)
    return wechat_pay.client().read_notice(headers, body, at=at)


def hear(told: wechat_pay.Notice | wechat_pay.RefundNotice | MixedState, *, at: datetime) -> None:
    """
    Book what a notice says, or ask about it.

    Raises ``UnknownPayment``, ``WrongNotice``; where it asks, ``PayDown``, ``PayRefused``.
    """
    if isinstance(told, wechat_pay.RefundNotice):
        return accept_refund(told, at=at)
    rows = Payment.objects.select_related("bill__prescription__patient", "payer")
    payment = rows.exclude(city="").filter(out_trade_no=told.out_trade_no).first()
    if payment is not None:
        with _asking():
            return insuring.hear(told, payment, at=at)
    if isinstance(told, MixedState):
        raise UnknownPayment
    return accept(told, at=at)


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


def _order(payment: Payment, payer: Account, at: datetime) -> dict[str, str]:
    """
    No turn is taken: two phones that ask at once have one order, since it has one number. What
    WeChat Pay answers is given out only if the payment is open still, for nobody asks about a
    closed one any more.
    """
    if payment.amount_fen and not payment.prepay_id:
        answered = wechat_pay.client().prepay(_cash(payment, payer))
        if not orders.answered(payment, prepay_id=answered):
            raise PaymentClosed
        payment.prepay_id = answered
    if not payment.city:
        return wechat_pay.client().phone_parameters(payment.prepay_id)
    if payment.mix_trade_no is not None:
        return {"mixTradeNo": payment.mix_trade_no}
    answered = insuring.order(payment, at=at)
    if not orders.answered(payment, mix_trade_no=answered):
        raise PaymentClosed
    return {"mixTradeNo": answered}


def _cash(payment: Payment, payer: Account) -> wechat_pay.Order:
    return wechat_pay.Order(
        out_trade_no=payment.out_trade_no,
        description="处方药品",
        total_fen=payment.amount_fen,
        openid=login.openid(payer),
        expires_at=payment.expires_at,
    )


@contextmanager
def _asking() -> Iterator[None]:
    """Raises ``PayDown``, ``PayRefused``."""
    try:
        yield
    except wechat_pay.Unavailable as fault:
        raise PayDown(retry_after_s=2) from fault
    except wechat_pay.Refused as fault:
        raise PayRefused(reason=fault.code) from fault


def ask_about(payment: Payment, at: datetime) -> None:
    """Ask WeChat Pay about one order, and book or close it by the answer."""
    if payment.city:
        insuring.ask_about(payment, at)
        return
    pay = wechat_pay.client()
    over = payment.bill.state == Bill.State.VOID or at >= payment.expires_at
    try:
        state = pay.query(payment.out_trade_no)
    except wechat_pay.UnknownOrder:
        if over:
            orders.close(payment)
        return
    if state.trade_state == "SUCCESS":
        accept(state, at=at)
    elif state.trade_state in ("CLOSED", "REFUND"):
        orders.close(payment)
    elif over:
        # Paid between question and close: WeChat refuses, and the next question finds it.
        pay.close(payment.out_trade_no)
        orders.close(payment)


@transaction.atomic
def _clear(prescription_id: UUID, at: datetime) -> None:
    prescription = lifecycle.lock(prescription_id)
    if prescription.status not in CHOSEN:
        checkout.clear(prescription, at=at)


def _refund(refund: Refund, at: datetime) -> None:
    payment = refund.payment
    if refund.insured_fen and refund.told_at is None:
        insuring.give_back(refund, at=at)
    if not refund.amount_fen:
        return
    answer = wechat_pay.client().refund(
        out_trade_no=payment.out_trade_no,
        out_refund_no=refund.out_refund_no,
        refund_fen=refund.amount_fen,
        total_fen=payment.amount_fen,
        reason=owing_back.REASONS[refund.cause],
    )
    refunding.book(refund, answer.status, answer.refund_id, at=at, moved_at=answer.success_at)
