"""
A fund that pays its share together with the patient (医保移动支付, decision 0058): once, to the fen,
whatever becomes of letters, orders and medicines. Two lines of 1,999 fen: the fund pays 70 % of
each, 2 × 1,399, the patient 1,200, unless a test says otherwise.
"""

from __future__ import annotations

import pytest
from django.db.models import Q

from insurance.gateways import wechat_pay_insured
from insurance.journal import accounts
from insurance.models import Payment
from prescriptions.models import Prescription
from tests import moneybooks
from tests.journeys import fundpays
from tests.journeys.fundpays import confirmed
from tests.journeys.letters import send
from tests.journeys.watching import kinds
from tests.simulators.server import Bench
from tests.world import Patient, World

FUND, OWN, TOTAL = 2 * 1_399, 1_200, 3_998


@pytest.fixture
def patient(world: World) -> Patient:
    return fundpays.a_patient(world)


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
