"""
A fund that pays its share together with the patient (医保移动支付, decision 0058): once, and to the
fen, whatever becomes of letters, orders and medicines. Two lines of 1,999 fen: the fund pays 70 %
of each, 2 × 1,399, the patient 1,200, unless a test says otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from hospital import calendar, paging
from hospital.actions import people
from hospital.client import Problem
from hospital.models import Person
from insurance import queries
from insurance.actions import insuring, paying, refunding
from insurance.gateways import wechat_pay, wechat_pay_insured
from insurance.gateways.insured_shares import id_digest
from insurance.journal import accounts
from insurance.models import BillShare, Claim, Payment, Refund
from insurance.reconciliation import actions as reconciling
from insurance.reconciliation.models import Difference, Source
from prescriptions.models import Prescription
from tests import moneybooks
from tests.journeys import fundpays
from tests.journeys import insuring as policies
from tests.journeys.fundpays import bill_of, confirmed, give_back, ordered
from tests.journeys.guarding import authorizes, guarded
from tests.journeys.letters import send
from tests.journeys.returning import FIRST, SECOND, bring_back, decide, reversals, settle
from tests.journeys.test_who_looked import seen
from tests.journeys.watching import count_entries, everything, kinds
from tests.journeys.writes import of
from tests.simulators.server import Bench
from tests.world import Patient, World

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FUND, OWN, TOTAL = 2 * 1_399, 1_200, 3_998


@pytest.fixture
def patient(world: World) -> Patient:
    return fundpays.a_patient(world)


@contextmanager
def undone() -> Iterator[None]:
    """What was tampered with inside is as before afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def status(rx: str) -> str:
    return str(Prescription.objects.get(id=rx).status)


def sound(rx: str) -> None:
    """The journal is balanced and says what the tables do, and nobody has paid twice."""
    assert list(moneybooks.faults(Q(prescription__id=rx))) == []


def lies(rx: str, account: str) -> int:
    """Fen that were posted for this prescription to an account."""
    return moneybooks.posted(Q(prescription__id=rx))[account]


def fund(world: World, which: str) -> str:
    return accounts.payer(world.fund.slug, which)


MIXES = {
    "CASH_ONLY": (0, 0, TOTAL),
    "INSURANCE_ONLY": (10_000, TOTAL, 0),
    "CASH_AND_INSURANCE": (7_000, FUND, OWN),
}


@pytest.mark.parametrize("mix", MIXES)
def test_fund_and_patient_pay_by_one_order(world: World, bench: Bench, mix: str):
    """I12, I18: told twice, in whichever order, and one of the parts first."""
    rate, share, own = MIXES[mix]
    patient = fundpays.a_patient(world, fund_bp=rate)
    rx = world.authorized(patient)
    assert status(rx) == "authorized"

    number, letters = confirmed(world, bench, patient, rx)
    order = wechat_pay_insured.client().query(number)
    assert (order.mix, order.insured_fen, order.cash_fen) == ("SUCCESS", share, own)
    assert {send(one).status_code for one in (*reversed(letters), *letters)} == {204}

    assert status(rx) == "paid"
    assert kinds(rx).count("insurance.pay") == 1
    payment = Payment.objects.get(out_trade_no=number)
    assert (payment.state, payment.amount_fen, payment.insured_fen) == ("paid", own, share)
    assert (lies(rx, fund(world, "paid")), lies(rx, fund(world, "share"))) == (share, 0)
    sound(rx)


class TestTheFundPaysOnce:
    """Its share is never claimed from it, and the insurer's is, as ever."""

    @pytest.fixture
    def delivered(self, world: World, bench: Bench) -> str:
        """The insurer promises half of what the fund leaves: 2 × 300 of 1,200."""
        patient = fundpays.a_patient(world, insurer_bp=5_000)
        rx = fundpays.paid(world, bench, patient)
        self._hands_over(world, patient, rx)
        return rx

    def _hands_over(self, world: World, patient: Patient, rx: str) -> None:
        world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
        world.pharmacist.command(of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
        patient.client.command(of(rx, "deliver"))

    def test_and_nobody_asks_it_to_decide(self, world: World, delivered: str):
        rx = delivered
        for agent, found in ((world.fund_agent, False), (world.insurer_agent, True)):
            claims = agent.each("/api/claims", "claims")
            assert any(one["prescription"] == rx for one in claims) is found
        waiting, _ = queries.undecided(world.fund.id, paging.Wanted(size=1_000))
        assert bill_of(rx) not in waiting, "it would fill the fund's pages for ever"
        before = everything()
        body = {"decision": "approve", "approved_fen": FUND}
        with pytest.raises(Problem, match="wrong_insurer"):
            world.fund_agent.command(f"/api/claims/{rx}/decide", body)
        assert everything() == before

        decide(world.insurer_agent, rx)
        settle(world, world.insurer_agent, rx)

        assert status(rx) == "claimed"
        assert lies(rx, accounts.pharmacy(world.pharmacy.slug, "earned")) == -TOTAL
        assert lies(rx, accounts.WECHAT) == 600
        assert lies(rx, fund(world, "paid")) == FUND
        assert lies(rx, accounts.pharmacy(world.pharmacy.slug, "settled")) == 600
        sound(rx)

    def test_as_the_explanation_says(self, patient: Patient, world: World, bench: Bench):
        rx = fundpays.paid(world, bench, patient)
        self._hands_over(world, patient, rx)

        told = patient.client.get(of(rx, "explanation"))

        (one,) = told["payers"]
        assert (one["payer"], one["share_fen"], one["waiting_fen"]) == (world.fund.slug, FUND, 0)
        assert one["zh"] == f"{world.fund.name}付款时已付¥27.98。"
        assert [line["payers"][0]["waiting_fen"] for line in told["lines"]] == [0, 0]
        assert status(rx) == "delivered"

    def test_and_a_second_time_is_seen(self, world: World, delivered: str):
        """A claim of its share, past all that refuses it, turns the invariants red."""
        shares = BillShare.objects.filter(bill=bill_of(delivered), payer=world.fund)
        with undone():
            shares.update(city="")
            said = {"claimed_fen": FUND, "approved_fen": FUND, "decision": "approve"}
            more = {"reason": "none", "decided_at": timezone.now(), "payer": world.fund}
            Claim.objects.create(bill=bill_of(delivered), **said, **more)
            shares.update(city=fundpays.CITY)
            (found, *_) = moneybooks.funds_that_pay_twice(Q(prescription__id=delivered))
            assert "has paid with the patient" in found
        with undone():
            Payment.objects.filter(bill=bill_of(delivered)).update(insured_fen=2 * FUND)
            (found,) = moneybooks.funds_that_pay_twice(Q(prescription__id=delivered))
            assert f"has paid {2 * FUND} fen, its share is {FUND}" in found

    def test_and_the_database_refuses_the_rest(self, world: World, delivered: str):
        """C1: a claim of its share, and a fen more back than it has paid."""
        bill = bill_of(delivered)
        said = {"claimed_fen": 1, "approved_fen": 1, "decision": "approve", "reason": "none"}
        more = {"decided_at": timezone.now(), "payer": world.fund}
        back = {"amount_fen": 0, "insured_fen": FUND + 1, "out_refund_no": f"R{'9' * 30}"}
        for name, make in {
            "not_claimed_from_who_paid": lambda: Claim.objects.create(bill=bill, **said, **more),
            "refunds_at_most_what_was_paid": lambda: Refund.objects.create(
                payment=bill.payments.get(), created_at=timezone.now(), **back
            ),
        }.items():
            with pytest.raises(IntegrityError) as refused, transaction.atomic():
                make()
            assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]

    def test_what_comes_back_goes_back_to_both(self, world: World, bench: Bench, delivered: str):
        """C2: one line, then the other; the insurer has paid, and is owed its part."""
        rx = delivered
        decide(world.insurer_agent, rx)
        settle(world, world.insurer_agent, rx)

        bring_back(world.pharmacist, rx, FIRST)
        assert give_back(rx) == [("return", 300, 1_399)]
        sound(rx)
        bring_back(world.pharmacist, rx, SECOND)
        assert give_back(rx) == [("return", 300, 1_399)] * 2

        assert status(rx) == "taken_back"
        assert (lies(rx, accounts.WECHAT), lies(rx, fund(world, "paid"))) == (0, 0)
        assert reversals(world.fund_agent, rx, "due") == []
        order = wechat_pay_insured.client().query(bill_of(rx).payments.get().out_trade_no)
        assert (order.mix, order.cash, order.insured) == ("REFUND", "REFUND", "REFUND")
        sound(rx)


class TestItGoesBack:
    def test_when_the_authorization_is_withdrawn(self, world: World, bench: Bench, patient):
        """And another pharmacy is paid anew."""
        rx = fundpays.paid(world, bench, patient)
        patient.client.command(of(rx, "withdraw"))
        assert give_back(rx) == [("void", OWN, FUND)]
        sound(rx)

        patient.client.command(of(rx, "authorize"), world.choice(patient))
        _, letters = confirmed(world, bench, patient, rx)
        assert {send(one).status_code for one in letters} == {204}

        assert status(rx) == "paid"
        assert lies(rx, fund(world, "paid")) == FUND
        sound(rx)

    def test_when_the_pharmacy_declines_and_the_patient_owed_nothing(self, world, bench):
        patient = fundpays.a_patient(world, fund_bp=10_000)
        rx = fundpays.paid(world, bench, patient)

        world.pharmacist.command(of(rx, "decline"), {"reason": "out_of_stock"})

        assert give_back(rx) == [("void", 0, TOTAL)]
        assert (lies(rx, accounts.WECHAT), lies(rx, fund(world, "paid"))) == (0, 0)
        sound(rx)

    def test_as_far_as_only_a_part_is_given_out(self, world: World, bench: Bench, patient):
        rx = fundpays.paid(world, bench, patient)
        world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})

        done = world.pharmacist.command(of(rx, "dispense-part"), {"lines": {"1": 1}})
        patient.client.command(of(rx, "deliver"))

        assert give_back(rx) == [("part", 600, 1_399)]
        assert (bill_of(rx).fens, bill_of(rx).patient_fen) == ([1_399], 600)
        sound(rx)
        rest = done["remainder"]["id"]
        patient.client.command(of(rest, "authorize"), world.choice(patient))
        _, letters = confirmed(world, bench, patient, rest)
        assert {send(one).status_code for one in letters} == {204}
        assert (status(rest), bill_of(rest).fens) == ("paid", [1_399])
        sound(rest)
        bring_back(world.pharmacist, rx, FIRST)
        assert give_back(rx) == [("part", 600, 1_399), ("return", 600, 1_399)]
        sound(rx)

    def test_when_it_came_too_late(self, world: World, bench: Bench, patient):
        """I16: paid on the phone, and heard of after the withdrawal."""
        rx = world.authorized(patient)
        _, letters = confirmed(world, bench, patient, rx)
        patient.client.command(of(rx, "withdraw"))

        assert {send(one).status_code for one in letters} == {204}

        assert (status(rx), kinds(rx).count("insurance.pay")) == ("approved", 0)
        assert give_back(rx) == [("void", OWN, FUND)]
        sound(rx)

    def test_the_patients_part_alone_when_the_fund_refuses(self, world: World, bench, patient):
        """The patient pays first; then another order, which the fund pays."""
        rx = world.authorized(patient)
        first, letters = confirmed(world, bench, patient, rx, fund="refuses")
        assert {send(one).status_code for one in letters} == {204}
        assert status(rx) == "authorized"
        assert Payment.objects.get(out_trade_no=first).fund_refused
        assert give_back(rx) == [("void", OWN, 0)]
        sound(rx)

        second, letters = confirmed(world, bench, patient, rx)
        assert {send(one).status_code for one in letters} == {204}

        assert (second != first, status(rx)) == (True, "paid")
        sound(rx)

    def test_once_however_often_it_is_asked_for(self, world, bench, patient, monkeypatch):
        """C2: a process dies when the fund was told, and an answer is lost."""
        rx = fundpays.paid(world, bench, patient)
        patient.client.command(of(rx, "withdraw"))
        refund = refund_of(rx)

        def dies(*_: Any, **__: Any) -> None:
            raise Died

        with monkeypatch.context() as patch:
            patch.setattr(refunding, "told", dies)
            with pytest.raises(Died):
                insuring.give_back(refund, at=timezone.now())
        assert refund_of(rx).told_at is None
        for path in ("/v3/med-ins/refunds/notify", "/v3/refund/domestic/refunds"):
            bench.tell("behaviour", answer="lost", path=path)

        assert give_back(rx) == [("void", OWN, FUND)]
        told = refund_of(rx).told_at
        refunding.told(refund, at=timezone.now())
        assert refund_of(rx).told_at == told
        assert len(bench.order(refund.payment.out_trade_no)["refunds"]) == 1
        sound(rx)


class Died(Exception):
    """A process, before it could commit."""


class TestNothingIsBooked:
    """Where what is signed is not what was ordered: refused, and no row is another."""

    WRONG = {
        "the fund pays less": {"med_ins_gov_fee": FUND - 1},
        "the fund pays all": {"med_ins_gov_fee": TOTAL, "wechat_pay_cash_fee": 0},
        "the patient pays less": {"wechat_pay_cash_fee": OWN - 1, "total_fee": TOTAL - 1},
        "another total": {"total_fee": TOTAL + 1},
        "another's phone": {"openid": "o-somebody-else"},
        "another app": {"appid": "wx0000000000000000"},
        "another order at WeChat": {"mix_trade_no": "5" * 30},
        "another order": {"out_trade_no": "P" + "0" * 30},
        "without the fund": {"med_ins_pay_status": "NO_MED_INS_PAY"},
        "without the cash": {"self_pay_status": "MED_INS_PAY_CREATED"},
    }

    def test_of_a_letter_with_another_part_payer_or_order(self, world, bench, patient):
        """I15, I16: each is really signed by WeChat Pay."""
        rx = world.authorized(patient)
        number, letters = confirmed(world, bench, patient, rx)
        before = everything()

        for what, content in self.WRONG.items():
            bench.tell("insured-notify", out_trade_no=number, content=content)
            assert send(bench.box.letters[-1]).status_code == 403, what
            assert everything() == before, what
        for forgery in ("probe", "signature", "serial", "body", "stale"):
            bench.tell("insured-notify", out_trade_no=number, forgery=forgery)
            assert send(bench.box.letters[-1]).status_code == 401, forgery
        bench.tell("notify", out_trade_no=number, content={"amount": {"total": OWN - 1}})
        assert send(bench.box.letters[-1]).status_code == 403

        assert (everything(), status(rx)) == (before, "authorized")
        assert send(letters[0]).status_code == 204
        assert status(rx) == "paid"

    def test_of_an_answer_with_another_part(self, world, bench, patient, monkeypatch):
        """I15: nor of the answer to our own question."""
        rx = world.authorized(patient)
        number, (letter, *_) = confirmed(world, bench, patient, rx)
        client = wechat_pay_insured.client()
        told, before = client.query(number), everything()

        for change in ({"insured_fen": FUND - 1}, {"cash_fen": 0}, {"cash": "NONE"}):
            answer = dataclasses.replace(told, **change)
            with monkeypatch.context() as patch:
                patch.setattr(client, "query", lambda _, answer=answer: answer)
                assert send(letter).status_code == 403, change
            assert everything() == before, change

    def test_while_wechat_is_down(self, world: World, bench: Bench, patient, monkeypatch):
        """I18: 503, so the letter comes again; the task asks meanwhile."""
        rx = world.authorized(patient)
        number, (letter, *_) = confirmed(world, bench, patient, rx)
        before = everything()

        def down(_: str) -> None:
            raise wechat_pay.Unavailable("down")

        with monkeypatch.context() as patch:
            patch.setattr(wechat_pay_insured.client(), "query", down)
            assert send(letter).status_code == 503
        assert (everything(), status(rx)) == (before, "authorized")

        Payment.objects.filter(out_trade_no=number).update(created_at=LONG_AGO)
        for _ in range(20):
            if status(rx) == "paid":
                break
            paying.ask_about_payments(at=timezone.now())
        assert status(rx) == "paid"


class TestAnOrder:
    def test_that_is_not_paid_in_time_is_closed(self, world: World, bench: Bench, patient):
        rx = world.authorized(patient)
        number, mixed = ordered(patient, rx)
        assert ordered(patient, rx) == (number, mixed)
        fundpays.ask(number)
        assert Payment.objects.get(out_trade_no=number).state == Payment.State.OPEN
        Payment.objects.filter(out_trade_no=number).update(expires_at=LONG_AGO)

        fundpays.ask(number)

        assert Payment.objects.get(out_trade_no=number).state == Payment.State.CLOSED
        asked = {"mix_trade_no": mixed}
        assert world.wechat.post("/simulator/insured-pay", json=asked).status_code == 400
        second, letters = confirmed(world, bench, patient, rx)
        assert {send(one).status_code for one in letters} == {204}
        assert (second != number, status(rx)) == (True, "paid")

    def test_without_cash_lasts_as_long_as_the_bill(self, world: World, bench: Bench):
        """Nobody can close it at WeChat, so it stays the order; a success is never lost."""
        patient = fundpays.a_patient(world, fund_bp=10_000)
        rx = world.authorized(patient)
        number, mixed = ordered(patient, rx)
        Payment.objects.filter(out_trade_no=number).update(expires_at=timezone.now())
        fundpays.ask(number)

        assert ordered(patient, rx) == (number, mixed)
        _, (letter,) = confirmed(world, bench, patient, rx)
        patient.client.command(of(rx, "withdraw"))
        fundpays.ask(number)
        assert send(letter).status_code == 204

        assert give_back(rx) == [("void", 0, TOTAL)]
        sound(rx)

    def test_names_people_to_wechat_after_it_was_entered(
        self, world: World, bench: Bench, patient: Patient, monkeypatch
    ):
        """L15: the look is committed before anything is opened, and the patient reads it."""
        rx = world.authorized(patient)
        opened, committed = people.name_of, []

        def opens(person: Person) -> str:
            committed.append((connection.in_atomic_block, count_entries(kind="record.view")))
            return opened(person)

        before = count_entries(kind="record.view")
        monkeypatch.setattr(people, "name_of", opens)
        number, _ = ordered(patient, rx)
        ordered(patient, rx)

        ((in_transaction, count),) = committed
        assert (in_transaction, count > before) == (False, True)
        told = httpx.get(f"{bench.url}/simulator/insured/{number}").json()
        assert told["id_digest"] == id_digest(patient.id_number)
        (look,) = [one for one in seen(patient) if one["purpose"] == "insured_payment"]
        assert look["of"] == Prescription.objects.get(id=rx).subject
        assert look["fields"] == ["patient/id_number", "patient/name"]
        assert "收银系统" in look["text"]
        assert "医保移动支付" in look["text"]

    def test_of_a_wards_names_both(self, world, bench, mother, child):
        """The guardian pays for the child, whose fund it is."""
        fundpays.insures(world, child)
        by, rx = guarded(mother, child), world.approved(child)
        authorizes(world, by, rx)
        number, mixed = ordered(by, rx)
        told = httpx.get(f"{bench.url}/simulator/insured/{number}").json()
        assert told["id_digest"] == id_digest(mother.id_number)
        assert told["relative"][1] == id_digest(child.id_number)
        asked = {"mix_trade_no": mixed}
        world.wechat.post("/simulator/insured-pay", json=asked).raise_for_status()
        fundpays.ask(number)
        assert status(rx) == "paid"
        sound(rx)


class TestABill:
    def test_of_a_claiming_fund_is_as_ever(self, world: World):
        """Without the term, nothing of all this."""
        patient = world.a_patient()
        world.covers(patient, fund_bp=10_000)
        rx = world.authorized(patient)
        assert (status(rx), bill_of(rx).at_payment) == ("paid", None)
        assert Payment.objects.filter(bill=bill_of(rx)).count() == 0

    def test_of_an_insurer_is_always_by_claims(self, world: World):
        """It is a fund's term."""
        with pytest.raises(Problem, match="bad_terms"):
            policies.publishes(world.insurer_agent, at_payment=fundpays.CITY)


def test_wechats_bills_agree_to_the_fen(world: World, bench: Bench):
    """Both bills: cash stands in them, the fund's part does not; nothing differs."""
    both, fund_alone = fundpays.a_patient(world), fundpays.a_patient(world, fund_bp=10_000)
    prescriptions = [
        fundpays.paid(world, bench, one) for one in (both, both, fund_alone, fund_alone)
    ]
    for patient, rx in zip((both, fund_alone), prescriptions[1::2], strict=True):
        patient.client.command(of(rx, "withdraw"))
        give_back(rx)
    numbers = [
        *Payment.objects.filter(bill__prescription__id__in=prescriptions).values_list(
            "out_trade_no"
        ),
        *Refund.objects.filter(payment__bill__prescription__id__in=prescriptions).values_list(
            "out_refund_no"
        ),
    ]
    bench.tell("bills", ready=True)
    try:
        for source in (Source.TRADE, Source.FLOW):
            reconciling.read(source, calendar.legal_day(timezone.now()), at=timezone.now())
    finally:
        bench.tell("bills")
    assert len(numbers) == 6
    open_ones = Difference.objects.filter(ending="", number__in=[one for (one,) in numbers])
    assert list(open_ones.values_list("about", "number", "kind")) == []


def refund_of(rx: str) -> Refund:
    return Refund.objects.select_related("payment").get(payment__bill__prescription__id=rx)
