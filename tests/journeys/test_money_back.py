"""What a patient is told of the own money: what was paid, when, and what of it came back."""

from __future__ import annotations

from django.utils import timezone

from insurance.models import Payment, Refund
from tests.journeys.series import refused
from tests.journeys.test_query_counts import queries_of
from tests.journeys.writes import of


def told(patient, rx):
    return patient.client.get(of(rx, "bill"))


def withdrawn(world, patient, rx):
    """Paid, and another pharmacy is wanted."""
    patient.client.command(of(rx, "authorize"), world.choice(patient))
    world.pay(patient, rx)
    patient.client.command(of(rx, "withdraw"))


def test_before_a_pharmacy_is_chosen_there_is_no_bill(world, patient):
    rx = world.approved(patient)
    with refused("bill.none"):
        told(patient, rx)


def test_paid_owed_back_and_arrived(world, patient):
    """C2: the bill that counts no more says what came of the money, until the last fen is there."""
    rx = world.paid(patient)
    bill = told(patient, rx)
    (paid,) = bill["payments"]
    assert (paid["amount_fen"], paid["refunds"]) == (bill["patient_fen"], [])
    assert (paid["by_guardian"], paid["paid_at"] is not None) == (False, True)

    patient.client.command(of(rx, "withdraw"))

    after = told(patient, rx)
    ((refund,),) = (one["refunds"] for one in after["payments"])
    assert (after["state"], refund["state"], refund["done_at"]) == ("void", "due", None)
    assert (refund["amount_fen"], refund["cause"]) == (paid["amount_fen"], "void")
    arrives(rx)
    ((refund,),) = (one["refunds"] for one in told(patient, rx)["payments"])
    assert (refund["state"], refund["done_at"] is not None) == ("done", True)


def arrives(rx: str) -> None:
    """As WeChat's notice books it."""
    now = timezone.now()
    owed = Refund.objects.filter(payment__bill__prescription__id=rx)
    assert owed.update(state=Refund.State.DONE, done_at=now) == 1


def test_the_bill_in_force_stands_before_those_that_are_over(world, patient):
    """Whoever has paid twice and took back once sees both payments, and the bill that counts."""
    rx = world.approved(patient)
    withdrawn(world, patient, rx)
    once = queries_of(lambda: told(patient, rx))
    patient.client.command(of(rx, "authorize"), world.choice(patient))
    assert told(patient, rx)["state"] == "open"
    world.pay(patient, rx)
    bill = told(patient, rx)
    assert bill["state"] == "paid"
    assert [len(one["refunds"]) for one in bill["payments"]] == [1, 0]
    assert Payment.objects.filter(bill__prescription=rx).count() == 2
    assert len(queries_of(lambda: told(patient, rx))) == len(once)


def test_nobody_else_is_told(world, patient):
    rx = world.paid(patient)
    with refused("access.wrong_patient"):
        told(world.a_patient(), rx)
