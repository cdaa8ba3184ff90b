"""
What can happen to the money of one prescription, whoever does it, and processes that die of it.

``Purse`` takes steps by their names; ``STEPS`` says in which state which of them are likely. A step
that dies is taken in a process of its own, which is killed at a statement or a commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from hospital.client import Client, Problem
from insurance.actions import paying, refunding
from insurance.models import Bill, Payment, Refund
from prescriptions.models import Prescription
from tests import forked, moneybooks
from tests.journeys import letters
from tests.journeys.returning import BOTH, FIRST, SECOND, bring_back, claw_back, settle
from tests.journeys.writes import of, owed
from tests.simulators.server import Bench
from tests.world import Patient, World

Step = Callable[[], Any]
ANY_TIME = ("hear", "hear", "hear", "ask", "refund", "fails", "again")
STEPS = {
    "approved": (*["authorize"] * 12, "cancel"),
    "authorized": (*["pay", "pay", "hear", "ask"] * 3, "order", "late", "withdraw"),
    "paid": (*["give"] * 8, "part", "part", "withdraw", "decline", "cancel"),
    "dispensed": ("deliver",),
    "delivered": (*["decide", "refuse", "settle"] * 2, "first", "second", "reverse", "claw"),
    "claimed": (*["settle", "reverse", "claw"] * 2, "first", "second", "all"),
    "taken_back": ("reverse", "claw", "settle"),
    "cancelled": ("pay",),
}
"""Mostly onward, or no life would get far."""
OUTCOMES = ("done", "refused")
LATER = timedelta(seconds=10)
"""When WeChat is asked about an order."""


@dataclass
class Purse:
    """``asked``: what the phone was told of each order; ``heard``: how many letters had come."""

    world: World
    bench: Bench
    patient: Patient
    rx: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    heard: int = 0

    @classmethod
    def of(cls, world: World, bench: Bench) -> Purse:
        """Of an approved prescription that the fund and an insurer pay parts of."""
        patient = world.a_patient()
        world.covers(patient, insurer_bp=5_000)
        rx = world.approved(patient)
        return cls(world, bench, patient, rx, heard=len(bench.box.letters))

    @property
    def status(self) -> str:
        return str(Prescription.objects.get(id=self.rx).status)

    @property
    def patient_id(self) -> UUID:
        return UUID(self.patient.client.account)

    @property
    def bills(self) -> Q:
        return Q(prescription__id=self.rx)

    def take(self, name: str, which: int, dies: int) -> str:
        """
        Take a step: done, refused, or died. ``which``: of several letters or payers. ``dies``: in a
        process that is killed at its so many'th statement, if it comes so far; 0: in this one.

        What a phone was told in another process it has forgotten.
        """
        if not dies:
            return self._take(name, which)
        came = forked.killed(lambda: OUTCOMES.index(self._take(name, which)), dies)
        return "died" if came is None else OUTCOMES[came]

    def _take(self, name: str, which: int) -> str:
        try:
            getattr(self, name)(which)
        except Problem as problem:
            if problem.status >= 500:
                raise
            return "refused"
        except (refunding.NotFailed, StopIteration):
            return "refused"
        return "done"

    def faults(self) -> list[str]:
        return [*moneybooks.faults(self.bills)]

    # --- the patient ---------------------------------------------------------------------------

    def authorize(self, which: int) -> None:
        self._command(self.patient.client, "authorize", self.world.choice(self.patient))

    def withdraw(self, which: int) -> None:
        self._command(self.patient.client, "withdraw")

    def order(self, which: int) -> None:
        """What the phone needs to pay; it may keep it for long."""
        number = self.patient.client.write(of(self.rx, "pay"), {})["out_trade_no"]
        self.asked.append(self.patient.client.get(f"/api/payments/{number}/parameters"))

    def pay(self, which: int) -> None:
        """An order that the phone holds, or a new one; its notice comes when ``hear`` brings it."""
        if not self.asked:
            self.order(which)
        asked = self.asked[which % len(self.asked)]
        self.world.wechat.post("/simulator/pay", json=asked)  # paid or over: WeChat refuses

    def late(self, which: int) -> None:
        """The order's time is over; who pays meanwhile pays too late."""
        self._open().update(expires_at=timezone.now())
        self.ask(which)

    # --- WeChat --------------------------------------------------------------------------------

    def hear(self, which: int) -> None:
        """Any letter that has come, heard before or not."""
        new = self.bench.box.letters[self.heard :]
        if new:
            letters.send(new[which % len(new)])

    def ask(self, which: int) -> None:
        """The orders of some seconds ago."""
        self._open().update(created_at=timezone.now() - LATER, asked_at=None)
        paying.ask_about_payments(at=timezone.now())

    def refund(self, which: int) -> None:
        paying.refund_owed(at=timezone.now())

    def fails(self, which: int) -> None:
        """The next refund of an order ends without the money's arriving."""
        self._refunds_end(("ABNORMAL", "CLOSED")[which % 2])

    def again(self, which: int) -> None:
        self._refunds_end("SUCCESS")
        failed = self._refunds().filter(state="failed").first()
        if failed is None:
            raise refunding.NotFailed
        refunding.again(failed.out_refund_no, at=timezone.now())

    # --- the counter ---------------------------------------------------------------------------

    def give(self, which: int) -> None:
        self._scan()
        self._command(self.world.pharmacist, "dispense", {"lines": {"1": 1, "2": 1}})

    def part(self, which: int) -> None:
        self._scan()
        self._command(self.world.pharmacist, "dispense-part", {"lines": {"1": 1}})

    def decline(self, which: int) -> None:
        self._command(self.world.pharmacist, "decline", {"reason": "out_of_stock"})

    def deliver(self, which: int) -> None:
        self._command(self.patient.client, "deliver")

    def first(self, which: int) -> None:
        bring_back(self.world.pharmacist, self.rx, FIRST)

    def second(self, which: int) -> None:
        bring_back(self.world.pharmacist, self.rx, SECOND)

    def all(self, which: int) -> None:
        bring_back(self.world.pharmacist, self.rx, BOTH)

    def cancel(self, which: int) -> None:
        self._command(self.world.doctor, "cancel", {"reason": "clinical"})

    # --- the payers ----------------------------------------------------------------------------

    def decide(self, which: int) -> None:
        agent = self._agent(which)
        self._decide(agent, "approve", owed(agent, self.rx), "none")

    def refuse(self, which: int) -> None:
        """All of it, or less than half."""
        agent = self._agent(which)
        fen = owed(agent, self.rx) // 3 * (which % 4 // 2)
        self._decide(agent, "part" if fen else "refuse", fen, "not_covered")

    def settle(self, which: int) -> None:
        settle(self.world, self._agent(which), self.rx)

    def reverse(self, which: int) -> None:
        self._agent(which).command(f"/api/claims/{self.rx}/reverse", {})

    def claw(self, which: int) -> None:
        claw_back(self.world, self._agent(which), self.rx)

    # --- the end -------------------------------------------------------------------------------

    def left_at_the_fund(self) -> list[str]:
        """A fund that decides on claims has paid nothing with the patient."""
        return []

    def come_to_an_end(self) -> None:
        """What is not given out is cancelled, all letters arrive, the tasks do what is due."""
        end = {
            "dispensed": "deliver",
            "approved": "cancel",
            "authorized": "cancel",
            "paid": "cancel",
        }
        self.late(0)
        if step := end.get(self.status):
            assert self.take(step, 0, 0) == "done", (step, self.status)
        for letter in self.bench.box.letters[self.heard :]:
            letters.send(letter)
        self.late(0)
        for _ in range(8):
            while self.take("again", 0, 0) == "done":
                pass
            self.refund(0)

    def at_wechat(self) -> int:
        """Fen that the patient has really paid, less what has really come back."""
        fen = 0
        for number in self._orders():
            order = self.bench.order(number)
            came = [one for one in order["refunds"] if one["status"] == "SUCCESS"]
            fen += order["amount"]["total"] if order["trade_state"] in ("SUCCESS", "REFUND") else 0
            fen -= sum(one["amount"]["refund"] for one in came)
        return fen

    def _orders(self) -> list[str]:
        payments = Payment.objects.filter(bill__in=Bill.objects.filter(self.bills))
        return list(payments.exclude(prepay_id="").values_list("out_trade_no", flat=True))

    def _open(self) -> QuerySet[Payment]:
        bills = Bill.objects.filter(self.bills)
        return Payment.objects.filter(bill__in=bills, state=Payment.State.OPEN)

    def _refunds(self) -> QuerySet[Refund]:
        return Refund.objects.filter(payment__out_trade_no__in=self._orders())

    def _refunds_end(self, how: str) -> None:
        for number in self._orders():
            self.bench.tell("behaviour", out_trade_no=number, refund=how)

    def _agent(self, which: int) -> Client:
        return (self.world.fund_agent, self.world.insurer_agent)[which % 2]

    def _decide(self, agent: Client, decision: str, fen: int, reason: str) -> None:
        body = {"decision": decision, "approved_fen": fen, "reason": reason}
        agent.command(f"/api/claims/{self.rx}/decide", body)

    def _scan(self) -> None:
        code = self.world.code(self.patient, self.rx, pharmacy=self.world.pharmacy.slug)
        self.world.pharmacist.write("/api/scans", {"code": code})

    def _command(self, by: Client, verb: str, body: dict[str, Any] | None = None) -> None:
        by.command(of(self.rx, verb), body or {})
