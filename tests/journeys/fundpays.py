"""A fund that pays its share together with the patient, and phones that confirm such orders."""

from __future__ import annotations

from django.utils import timezone

from insurance import queries
from insurance.actions import paying
from insurance.journal import accounts
from insurance.models import Bill, Payment, Refund
from tests import moneybooks
from tests.journeys import insuring
from tests.journeys.anymoney import Purse
from tests.journeys.letters import Letter
from tests.journeys.writes import of
from tests.simulators.server import Bench
from tests.world import Patient, World

CITY = "450200"


def insures(world: World, patient: Patient, *, fund_bp: int = 7_000, insurer_bp: int = 0) -> None:
    """The fund pays so much at payment; ``insurer_bp``: an insurer's promise, by claims."""
    insuring.covers(world.fund_agent, patient, rates_bp={"甲": fund_bp}, at_payment=CITY)
    if insurer_bp:
        insuring.covers(world.insurer_agent, patient, rates_bp={"甲": insurer_bp})


def a_patient(world: World, **rates: int) -> Patient:
    patient = world.a_patient()
    insures(world, patient, **rates)
    return patient


def ordered(patient: Patient, rx: str) -> tuple[str, str]:
    """Our number of the order and WeChat Pay's, which the phone is to confirm."""
    number = str(patient.client.write(of(rx, "pay"), {})["out_trade_no"])
    asked = patient.client.get(f"/api/payments/{number}/parameters")
    return number, str(asked["mixTradeNo"])


def confirmed(
    world: World, bench: Bench, patient: Patient, rx: str, fund: str = "pays"
) -> tuple[str, list[Letter]]:
    """The order is confirmed on the phone; the letters about it have not come to us yet."""
    number, mixed = ordered(patient, rx)
    before = len(bench.box.letters)
    asked = {"mix_trade_no": mixed, "fund": fund}
    world.wechat.post("/simulator/insured-pay", json=asked).raise_for_status()
    cash = Payment.objects.get(out_trade_no=number).amount_fen > 0
    count = before + (fund == "pays") + cash
    return number, list(bench.box.wait_for(count))[before:]


def paid(world: World, bench: Bench, patient: Patient) -> str:
    """A prescription that the fund and the patient have paid; its letters were lost."""
    rx = world.authorized(patient)
    number, _ = confirmed(world, bench, patient, rx)
    ask(number)
    return rx


def ask(number: str) -> None:
    """What the task does about this order."""
    payment = Payment.objects.select_related("bill__prescription").get(out_trade_no=number)
    paying.ask_about(payment, timezone.now())


def refunds(rx: str) -> list[Refund]:
    rows = Refund.objects.filter(payment__bill__prescription__id=rx)
    return list(rows.order_by("created_at"))


def give_back(rx: str) -> list[tuple[str, int, int]]:
    """What the task does until ours have gone back: cause, the patient's fen and the fund's."""
    for _ in range(12):
        if all(one.state == Refund.State.DONE for one in refunds(rx)):
            break
        paying.refund_owed(at=timezone.now())
    assert {one.state for one in refunds(rx)} <= {Refund.State.DONE}
    return [(one.cause, one.amount_fen, one.insured_fen) for one in refunds(rx)]


def bill_of(rx: str) -> Bill:
    return Bill.objects.exclude(state="void").get(prescription__id=rx)


class InsuredPurse(Purse):
    """Any life of the money of a fund that pays with the patient, who owes 600 of 3,998 fen."""

    @classmethod
    def of(cls, world: World, bench: Bench) -> InsuredPurse:
        patient = a_patient(world, insurer_bp=5_000)
        rx = world.approved(patient)
        return cls(world, bench, patient, rx, heard=len(bench.box.letters))

    def pay(self, which: int) -> None:
        """The fund refuses one of five."""
        if not self.asked:
            self.order(which)
        asked = self.asked[which % len(self.asked)]
        says = {"mix_trade_no": asked["mixTradeNo"], "fund": "pays" if which % 5 else "refuses"}
        self.world.wechat.post("/simulator/insured-pay", json=says)

    def left_at_the_fund(self) -> list[str]:
        """What is not as it has to be in the end: it has paid its share of what is kept, once."""
        posted = moneybooks.posted(self.bills)
        share, paid = (accounts.payer(self.world.fund.slug, one) for one in ("share", "paid"))
        bill = Bill.objects.filter(self.bills).exclude(state="void").first()
        kept = sum(queries.at_payment(bill, queries.reckoned(bill)).values()) if bill else 0
        if (posted[share], posted[paid]) == (0, kept):
            return []
        return [f"the fund owes {posted[share]} and has paid {posted[paid]} of {kept}"]
