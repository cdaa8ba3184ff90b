"""
Medical-insurance orders: the patient confirms once on the phone, and a fund pays its share with it.

The cash is an ordinary order under the same number, and both parts are told of by notices that may
come in any order or not at all. So a notice wakes and does not book: what it says is compared, then
WeChat Pay is asked about both parts, and the answer is booked. Nothing is asked while a row is
locked. What the fund takes back it is told of first, then the patient's part is given back.

Source: pay.weixin.qq.com/doc/v3/merchant/4016781466 (医保自费混合收款下单) and its neighbours;
docs/decisions/0058-the-fund-pays-at-payment.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from hospital import access, services
from hospital.actions import login, people
from hospital.models import Account, Person
from insurance.actions import booking, orders, refunding
from insurance.gateways import wechat_pay, wechat_pay_insured
from insurance.gateways.insured_shares import MixedOrder, MixedState, Shares
from insurance.models import Bill, Payment, Refund

LINGERS: Final = timedelta(hours=2)
"""So long an order without cash, which cannot be closed at WeChat Pay, is asked about."""
NAMED: Final = ("patient/id_number", "patient/name")


def order(payment: Payment, *, at: datetime) -> str:
    """
    WeChat Pay's number of the order, which the phone confirms; made, or found again.

    Names and identity numbers are opened for WeChat Pay and the fund, which is entered before and
    shown to whom they are of.

    Raises ``wechat_pay.Refused``, ``wechat_pay.Unavailable``.
    """
    _note_that_they_are_named(payment, at)
    made = wechat_pay_insured.client().order(_order(payment))
    booking.check_both(made, payment)
    return made.mix_trade_no


def hear(told: MixedState | wechat_pay.Notice, payment: Payment, *, at: datetime) -> None:
    """
    A notice about one of the parts or both: compared, then asked about.

    Raises ``booking.WrongNotice``, ``wechat_pay.Unavailable``, ``wechat_pay.Refused``.
    """
    if isinstance(told, MixedState):
        booking.check_both(told, payment)
    else:
        booking.check_cash(told, payment)
    if payment.state != Payment.State.PAID:
        ask_about(payment, at)


def ask_about(payment: Payment, at: datetime) -> None:
    """Ask about both parts, and book or close the order by the answers."""
    number = payment.out_trade_no
    try:
        mixed = wechat_pay_insured.client().query(number)
    except wechat_pay.UnknownOrder:
        if _is_over(payment, at):
            _close(payment)
        return
    came = payment.amount_fen and mixed.cash == "SUCCESS"
    cash = wechat_pay.client().query(number) if came else None
    if mixed.mix == "SUCCESS" or (mixed.mix == "FAIL" and cash):
        booking.accept_both(mixed, cash, at=at)
    elif mixed.mix in ("FAIL", "REFUND") or _is_over(payment, at):
        _close(payment)


def give_back(refund: Refund, *, at: datetime) -> None:
    """
    Tell that the fund takes its part of a refund back: all of it at one time, once.

    Raises ``wechat_pay.Refused``, ``wechat_pay.Unavailable``.
    """
    assert refund.payment.mix_trade_no is not None, "a fund has paid by an order"
    wechat_pay_insured.client().tell_refund(
        refund.payment.mix_trade_no,
        out_refund_no=refund.out_refund_no,
        shares=Shares(total=refund.insured_fen, gov=refund.insured_fen),
        at=refund.created_at,
    )
    refunding.told(refund, at=at)


def _is_over(payment: Payment, at: datetime) -> bool:
    if not payment.amount_fen:
        return at >= payment.expires_at + LINGERS
    return payment.bill.state == Bill.State.VOID or at >= payment.expires_at


def _close(payment: Payment) -> None:
    """Paid between question and close: WeChat refuses, and the next question finds it."""
    if payment.prepay_id:
        wechat_pay.client().close(payment.out_trade_no)
    orders.close(payment)


@transaction.atomic
def _note_that_they_are_named(payment: Payment, at: datetime) -> None:
    """No receipt, no key: who is about to be named to WeChat Pay and the fund finds it entered."""
    for person in {_person(booking.who_pays(payment)), _insured(payment)}:
        access.view(
            by=services.CASHIER,
            at=at,
            purpose="insured_payment",
            basis="patient_choice",
            of=(),
            about=payment.bill.prescription.subject,
            fields=NAMED,
            patient=person,
        )


def _order(payment: Payment) -> MixedOrder:
    bill, payer = payment.bill, booking.who_pays(payment)
    person, insured, number = _person(payer), _insured(payment), payment.out_trade_no[1:]
    shares = Shares(
        total=payment.amount_fen + payment.insured_fen,
        gov=payment.insured_fen,
        cash=payment.amount_fen,
    )
    return MixedOrder(
        out_trade_no=payment.out_trade_no,
        serial_no=bill.prescription_id.hex,
        shares=shares,
        openid=login.openid(payer),
        name=people.name_of(person),
        id_number=people.id_number_of(person),
        relative=None
        if insured == person
        else (people.name_of(insured), people.id_number_of(insured)),
        city=payment.city,
        pharmacy_name=bill.pharmacy.name,
        pharmacy_code=bill.pharmacy.uscc,
        prepay_id=payment.prepay_id,
        settled_as=f"S{number}" if payment.insured_fen else "",
        authorized_as=f"A{number}" if payment.insured_fen else "",
        settled_at=payment.created_at if payment.insured_fen else None,
    )


def _insured(payment: Payment) -> Person:
    return _person(payment.bill.prescription.patient)


def _person(account: Account) -> Person:
    assert account.person is not None, "who pays for a prescription is identified"
    return account.person
