"""
Orders of which the patient's phone got nothing: refused by WeChat Pay, never answered, or answered
when they were over. They end, the patient gets another, and what is paid is paid once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from hospital.client import Problem
from insurance import queries
from insurance.actions import paying
from insurance.gateways import wechat_pay, wechat_pay_insured
from insurance.models import Payment
from tests.journeys import fundpays
from tests.journeys.letters import letter, paid_on_the_phone, send
from tests.journeys.test_payments import refunds, status
from tests.journeys.writes import of
from tests.simulators.server import Bench
from tests.world import Patient, World

LATER = paying.PAY_WITHIN + timedelta(minutes=1)


def opened(patient: Patient, rx: str) -> str:
    return str(patient.client.write(of(rx, "pay"), {})["out_trade_no"])


def asks(patient: Patient, number: str) -> Any:
    return patient.client.get(f"/api/payments/{number}/parameters")


def at_wechat(number: str) -> str:
    return str(wechat_pay.client().query(number).trade_state)


def task(number: str, at: datetime) -> str:
    """What the task does about this one, if it comes to it; how the payment stands then."""
    due = queries.unanswered(at=at).filter(out_trade_no=number).first()
    if due is not None:
        paying.ask_about(due, at)
    return Payment.objects.get(out_trade_no=number).state


def never_asked(bench: Bench, patient: Patient, number: str) -> None:
    """The phone goes out before it asks."""


def unanswered(bench: Bench, patient: Patient, number: str) -> None:
    """WeChat Pay has done nothing and said nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wechat_pay.client(), "prepay", _down)
        with pytest.raises(Problem, match=r"payment\.unavailable"):
            asks(patient, number)


def lost(bench: Bench, patient: Patient, number: str) -> None:
    """The order is at WeChat Pay, the answer was lost each time."""
    bench.tell("behaviour", answer="lost", path="/v3/pay/transactions/jsapi", times=3)
    with pytest.raises(Problem, match=r"payment\.unavailable"):
        asks(patient, number)
    assert at_wechat(number) == "NOTPAY"


def _down(*_: Any, **__: Any) -> None:
    raise wechat_pay.Unavailable("down")


@pytest.mark.parametrize("happens", [never_asked, unanswered, lost])
def test_an_order_without_an_answer_ends_and_another_is_paid(
    world: World, bench: Bench, patient: Patient, happens: Callable[..., None]
):
    """I16, I18: until then a repetition is the same order; a late success goes back."""
    rx = world.authorized(patient)
    first = opened(patient, rx)
    happens(bench, patient, first)
    assert opened(patient, rx) == first
    now = timezone.now()
    assert task(first, now + timedelta(seconds=10)) == "open", "the phone may ask again"

    assert task(first, now + LATER) == "closed"

    with pytest.raises(Problem, match=r"payment\.closed"):
        asks(patient, first)
    second = paid_on_the_phone(world, bench, patient, rx)
    assert second != first
    assert send(letter(bench, second)).status_code == 204
    assert (status(rx), refunds(rx)) == ("paid", [])
    if happens is lost:
        assert at_wechat(first) == "CLOSED"


def test_what_wechat_refuses_is_over_at_once(world: World, bench: Bench, patient: Patient):
    """I15: its number is known there with other parameters, so a repetition helps nobody."""
    rx = world.authorized(patient)
    first = opened(patient, rx)
    payment = Payment.objects.get(out_trade_no=first)
    other = wechat_pay.Order(first, "处方药品", 1, "o-somebody-else", payment.expires_at)
    wechat_pay.client().prepay(other)
    with pytest.raises(Problem, match=r"payment\.refused"):
        asks(patient, first)

    assert task(first, timezone.now() + timedelta(seconds=10)) == "closed"

    assert at_wechat(first) == "CLOSED"
    second = paid_on_the_phone(world, bench, patient, rx)
    assert send(letter(bench, second)).status_code == 204
    assert (second != first, status(rx)) == (True, "paid")


def test_an_order_of_a_void_bill_ends_before_its_time(world: World, patient: Patient):
    """I16: nobody waits for it, and the bill that comes after has its own."""
    rx = world.authorized(patient)
    number = opened(patient, rx)
    patient.client.command(of(rx, "withdraw"))
    assert task(number, timezone.now() + timedelta(seconds=10)) == "closed"


def test_an_answer_that_comes_when_it_is_over_pays_nothing(
    world: World, bench: Bench, patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    """
    I16, C2: asked in time, given up meanwhile, answered then. The phone gets nothing to pay with;
    if it had, the money would go back.
    """
    rx = world.authorized(patient)
    first = opened(patient, rx)
    prepay, came = wechat_pay.client().prepay, []

    def slow(order: wechat_pay.Order) -> str:
        assert task(first, timezone.now() + LATER) == "closed"
        came.append(prepay(order))
        return came[0]

    with monkeypatch.context() as patch:
        patch.setattr(wechat_pay.client(), "prepay", slow)
        with pytest.raises(Problem, match=r"payment\.closed"):
            asks(patient, first)
    second = paid_on_the_phone(world, bench, patient, rx)
    assert send(letter(bench, second)).status_code == 204

    bench.tell("behaviour", out_trade_no=first, callback={"lost": True})
    asked = wechat_pay.client().phone_parameters(came[0])
    world.wechat.post("/simulator/pay", json=asked).raise_for_status()
    assert send(letter(bench, first)).status_code == 204

    assert status(rx) == "paid"
    assert [one.payment.out_trade_no for one in refunds(rx)] == [first]


def test_a_question_about_what_has_just_been_answered_closes_nothing(
    world: World, bench: Bench, patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    """
    I16: WeChat did not know the order when the task asked; before the task writes that down the
    phone has it, and may pay. The next question closes it at WeChat Pay too.
    """
    rx = world.authorized(patient)
    number, query = opened(patient, rx), wechat_pay.client().query

    def slow(asked: str) -> wechat_pay.OrderState:
        try:
            return query(asked)
        except wechat_pay.UnknownOrder:
            asks(patient, asked)
            raise

    monkeypatch.setattr(wechat_pay.client(), "query", slow)
    assert task(number, timezone.now() + LATER) == "open"
    assert at_wechat(number) == "NOTPAY"
    assert task(number, timezone.now() + LATER) == "closed"
    assert at_wechat(number) == "CLOSED"


def test_two_phones_that_ask_at_once_have_one_order(
    world: World, bench: Bench, patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    """I15, C2: no turn is taken, since the same parameters are the same order: paid once."""
    rx = world.authorized(patient)
    number, prepay, inner = opened(patient, rx), wechat_pay.client().prepay, []

    def slow(order: wechat_pay.Order) -> str:
        monkeypatch.setattr(wechat_pay.client(), "prepay", prepay)
        inner.append(asks(patient, number))
        return prepay(order)

    monkeypatch.setattr(wechat_pay.client(), "prepay", slow)
    outer = asks(patient, number)

    assert outer["package"] == inner[0]["package"]
    bench.tell("behaviour", out_trade_no=number, callback={"lost": True})
    world.wechat.post("/simulator/pay", json=outer).raise_for_status()
    assert world.wechat.post("/simulator/pay", json=inner[0]).status_code == 400
    assert send(letter(bench, number)).status_code == 204
    assert (status(rx), refunds(rx)) == ("paid", [])


class TestOfAFundThatPaysWithThePatient:
    @pytest.fixture
    def patient(self, world: World) -> Patient:
        return fundpays.a_patient(world)

    def test_an_answer_that_comes_when_it_is_over(
        self, world: World, bench: Bench, patient: Patient, monkeypatch: pytest.MonkeyPatch
    ):
        """I16: the whole was ordered when the cash had been given up: the phone gets nothing."""
        rx = world.authorized(patient)
        first, client = opened(patient, rx), wechat_pay_insured.client()
        order = client.order

        def slow(asked: Any) -> Any:
            assert task(first, timezone.now() + LATER) == "closed"
            return order(asked)

        with monkeypatch.context() as patch:
            patch.setattr(client, "order", slow)
            with pytest.raises(Problem, match=r"payment\.closed"):
                asks(patient, first)

        assert at_wechat(first) == "CLOSED"
        second, letters = fundpays.confirmed(world, bench, patient, rx)
        assert {send(one).status_code for one in letters} == {204}
        assert (second != first, status(rx), refunds(rx)) == (True, "paid", [])

    def test_what_is_refused_is_over_at_once(
        self, world: World, bench: Bench, patient: Patient, monkeypatch: pytest.MonkeyPatch
    ):
        """I15: its cash, which is at WeChat Pay, is closed there."""
        rx = world.authorized(patient)
        first = opened(patient, rx)

        def refuses(_: Any) -> None:
            raise wechat_pay.Refused("INVALID_REQUEST", "no")

        with monkeypatch.context() as patch:
            patch.setattr(wechat_pay_insured.client(), "order", refuses)
            with pytest.raises(Problem, match=r"payment\.refused"):
                asks(patient, first)

        assert task(first, timezone.now() + timedelta(seconds=10)) == "closed"
        assert at_wechat(first) == "CLOSED"
        second, letters = fundpays.confirmed(world, bench, patient, rx)
        assert {send(one).status_code for one in letters} == {204}
        assert (second != first, status(rx)) == (True, "paid")
