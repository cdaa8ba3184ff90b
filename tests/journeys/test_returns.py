"""Medicines come back: put aside for ever, the patient refunded, the payers' shares reversed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from hospital.client import Client, Problem
from hospital.models import Account
from insurance.actions import paying
from insurance.models import Bill, Claim, Payment, Reckoning, Refund, Reversal
from pharmacy.models import Dispensing, Lot, Movement
from prescriptions.models import Prescription
from tests import lawfulness, stockbooks
from tests.journeys import narcotics
from tests.journeys.returning import (
    BOTH,
    FIRST,
    SECOND,
    balance,
    bring_back,
    claw_back,
    decide,
    delivered,
    left,
    on_shelf,
    reversals,
    settle,
    status,
)
from tests.journeys.watching import at_once, drawn, everything, kinds, outcomes
from tests.journeys.writes import of
from tests.world import Patient, World


@pytest.fixture
def world(database: None, session_world: World) -> World:
    """One of its own: what lies on these shelves is no other test's."""
    return World(session_world.wechat)


def refusal(by: Client, path: str, body: dict[str, Any]) -> str:
    """The code with which a signed call is refused; nothing was changed."""
    before = everything()
    with pytest.raises(Problem) as problem:
        by.command(path, body)
    assert everything() == before
    return problem.value.code


class TestBeforeTheDecision:
    def test_all_of_it(self, world: World, patient: Patient):
        """C2: nothing is claimed any more; the boxes lie aside; the patient has the money back."""
        rx = delivered(world, patient)
        bill = Bill.objects.get(prescription__id=rx)
        shelf = on_shelf(rx)

        answer = bring_back(world.pharmacist, rx)

        assert (answer["status"], answer["refund_fen"]) == ("taken_back", bill.patient_fen)
        refund = Refund.objects.get(payment__bill=bill)
        assert (refund.amount_fen, refund.cause, refund.state) == (
            bill.patient_fen,
            "return",
            "due",
        )
        assert on_shelf(rx) == {False: shelf[False], True: 2}
        assert rx not in str(list(world.fund_agent.each("/api/claims", "claims")))
        assert not Reversal.objects.filter(claim__bill=bill).exists()
        assert bill.state == Bill.State.PAID
        assert kinds(rx)[-1] == "pharmacy.return"

    def test_a_part_is_claimed_for_what_is_kept(self, world: World, patient: Patient):
        """C2, C3: the payer decides on less, and the rest can come back later."""
        rx = delivered(world, patient)
        bill = Bill.objects.get(prescription__id=rx)

        assert bring_back(world.pharmacist, rx, FIRST)["status"] == "delivered"
        kept = Reckoning.objects.get(bill=bill)
        assert kept.total_fen == bill.lines.get(line="2").total_fen
        decide(world.fund_agent, rx)
        assert Claim.objects.get(bill=bill).claimed_fen == kept.fund_fen < bill.fund_fen
        bring_back(world.pharmacist, rx, SECOND)

        assert status(rx) == "taken_back"
        refunds = Refund.objects.filter(payment__bill=bill).values_list("amount_fen", flat=True)
        assert (len(refunds), sum(refunds)) == (2, bill.patient_fen)
        assert Reversal.objects.get(claim__bill=bill).fen == kept.fund_fen


class TestAfterTheDecision:
    def test_what_was_not_paid_is_owed_less(self, world: World, patient: Patient):
        """C2: the payer signs its own reversal; what it then pays is for what is kept."""
        rx = delivered(world, patient, insurer_bp=0)
        decide(world.fund_agent, rx)
        bring_back(world.pharmacist, rx, FIRST)
        unsettled = world.fund_agent.get("/api/claims/unsettled")["claims"]
        assert rx not in {one["prescription"] for one in unsettled}  # while it comes back

        world.fund_agent.command(f"/api/claims/{rx}/reverse", {})
        kept = Reckoning.objects.get(bill__prescription__id=rx)
        assert settle(world, world.fund_agent, rx) == kept.fund_fen
        assert balance(rx)[world.fund.slug] == kept.fund_fen
        assert kinds(rx)[-1] == "insurance.reverse"

    def test_all_of_it_is_paid_by_nobody(self, world: World, patient: Patient):
        rx = delivered(world, patient, insurer_bp=0)
        decide(world.fund_agent, rx)
        bring_back(world.pharmacist, rx)
        world.fund_agent.command(f"/api/claims/{rx}/reverse", {})
        unsettled = world.fund_agent.get("/api/claims/unsettled")["claims"]
        assert rx not in {one["prescription"] for one in unsettled}
        assert balance(rx) == {"patient": 0, world.fund.slug: 0}

    def test_a_return_after_the_claim_was_settled_is_clawed_back(
        self, world: World, patient: Patient
    ):
        """C1, C2: one clawback, to the fen; the ledger shows what was paid and what came back."""
        rx = delivered(world, patient)
        for agent in (world.fund_agent, world.insurer_agent):
            decide(agent, rx)
            settle(world, agent, rx)
        bill = Bill.objects.get(prescription__id=rx)

        bring_back(world.pharmacist, rx)
        for agent, fen in (
            (world.fund_agent, bill.fund_fen),
            (world.insurer_agent, bill.insurer_fen),
        ):
            assert [one["fen"] for one in reversals(agent, rx, "due")] == [fen]
            agent.command(f"/api/claims/{rx}/reverse", {})
            assert claw_back(world, agent, rx) == fen
            assert reversals(agent, rx, "due") == reversals(agent, rx, "owed") == []
        nobody = {"patient": 0, world.fund.slug: 0, world.insurer.slug: 0}
        assert balance(rx) == nobody
        assert kinds(rx)[-3:] == ["pharmacy.return", "insurance.reverse", "insurance.reverse"]

    def test_a_clawback_is_taken_once_and_from_its_pharmacy(self, world: World, patient: Patient):
        """C4: sent again under another key, with one that is not owed, or elsewhere: refused."""
        rx = delivered(world, patient, insurer_bp=0)
        decide(world.fund_agent, rx)
        settle(world, world.fund_agent, rx)
        bring_back(world.pharmacist, rx)
        agent = world.fund_agent
        due = [one["id"] for one in reversals(agent, rx, "due")]
        here = {"pharmacy": world.pharmacy.slug, "reversals": due}
        assert refusal(agent, "/api/clawbacks", here) == "reversal.unknown"  # not accepted yet
        agent.command(f"/api/claims/{rx}/reverse", {})
        assert refusal(agent, f"/api/claims/{rx}/reverse", {}) == "reversal.none"
        there = {**here, "pharmacy": world.other_pharmacy.slug}
        assert refusal(agent, "/api/clawbacks", there) == "reversal.unknown"
        assert refusal(world.other_agent, "/api/clawbacks", here) == "reversal.unknown"
        agent.command("/api/clawbacks", here)
        assert refusal(agent, "/api/clawbacks", here) == "reversal.unknown"

    def test_two_parts_after_it_was_settled(self, world: World, patient: Patient):
        """C2, C3: the first is taken before the second comes back, and together they are all."""
        rx = delivered(world, patient, insurer_bp=0)
        decide(world.fund_agent, rx)
        paid = settle(world, world.fund_agent, rx)
        taken = 0
        for part in (FIRST, SECOND):
            bring_back(world.pharmacist, rx, part)
            world.fund_agent.command(f"/api/claims/{rx}/reverse", {})
            taken += claw_back(world, world.fund_agent, rx)
        assert taken == paid
        assert balance(rx) == {"patient": 0, world.fund.slug: 0}

    def test_two_parts_are_accepted_together(self, world: World, patient: Patient):
        """C3: a payer that was asleep accepts both at once; one of them alone is not taken."""
        rx = delivered(world, patient, insurer_bp=0)
        decide(world.fund_agent, rx)
        paid = settle(world, world.fund_agent, rx)
        bring_back(world.pharmacist, rx, FIRST)
        bring_back(world.pharmacist, rx, SECOND)
        world.fund_agent.command(f"/api/claims/{rx}/reverse", {})
        one, _ = reversals(world.fund_agent, rx, "owed")
        alone = {"pharmacy": world.pharmacy.slug, "reversals": [one["id"]]}
        assert refusal(world.fund_agent, "/api/clawbacks", alone) == "reversal.unknown"
        assert claw_back(world, world.fund_agent, rx) == paid


def test_the_refund_is_asked_for_by_the_task(world: World, patient: Patient, bench):
    """C2: in part, as one of several of a payment."""
    rx = delivered(world, patient)
    bring_back(world.pharmacist, rx, FIRST)
    mine = Refund.objects.filter(payment__bill__prescription__id=rx)
    while mine.filter(asked_at=None).exists():  # others' were owed before
        paying.refund_owed(at=timezone.now())
    refund = mine.get()
    assert refund.state in ("processing", "done")
    assert refund.amount_fen < refund.payment.amount_fen


class TestRefused:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"lines": {"1": 2}, "reason": "quality"}, "return.more_than_given"),
            ({"lines": {"3": 1}, "reason": "quality"}, "return.more_than_given"),
            ({**BOTH, "reason": "recall"}, "return.not_recalled"),
            ({**BOTH, "reason": "not_needed"}, "body.invalid"),
        ],
    )
    def test_by_what_is_brought(self, world: World, patient: Patient, body, code):
        rx = world.delivered(patient)
        assert refusal(world.pharmacist, of(rx, "return"), body) == code

    def test_a_second_time(self, world: World, patient: Patient):
        """Σ returned ≤ given."""
        rx = world.delivered(patient)
        bring_back(world.pharmacist, rx, FIRST)
        assert refusal(world.pharmacist, of(rx, "return"), FIRST) == "return.more_than_given"

    def test_before_it_is_received_and_elsewhere(self, world: World, patient: Patient):
        rx = world.dispensed(patient)
        assert refusal(world.pharmacist, of(rx, "return"), BOTH) == "prescription.wrong_state"
        patient.client.command(of(rx, "deliver"))
        other = world.other_pharmacist
        assert refusal(other, of(rx, "return"), BOTH) == "access.wrong_pharmacy"

    def test_too_late(self, world: World, patient: Patient):
        rx = world.delivered(patient)
        long_ago = timezone.now() - timedelta(days=31)
        Dispensing.objects.filter(prescription__id=rx).update(dispensed_at=long_ago)
        late = {**BOTH, "reason": "other"}
        assert refusal(world.pharmacist, of(rx, "return"), late) == "return.too_late"
        assert bring_back(world.pharmacist, rx)["status"] == "taken_back"  # quality: a year

    def test_lots_of_which_it_was_not_given_out(self, world: World, patient: Patient):
        rx = world.delivered(patient)
        one, other = Movement.objects.filter(prescription__id=rx).values_list("lot_id", flat=True)
        named = [{"lot": str(one), "units": 2}]
        path = of(rx, "return")
        assert refusal(world.pharmacist, path, {**BOTH, "lots": named}) == "return.not_of_this_lot"
        named = [{"lot": str(one), "units": 1}]
        assert refusal(world.pharmacist, path, {**BOTH, "lots": named}) == "return.wrong_lots"
        both = [{"lot": str(lot), "units": 1} for lot in (one, other)]
        assert bring_back(world.pharmacist, rx, {**BOTH, "lots": both})["status"] == "taken_back"


class TestTheDatabaseRefuses:
    @pytest.fixture
    def rx(self, world: World, patient: Patient) -> str:
        rx = world.delivered(patient)
        bring_back(world.pharmacist, rx, FIRST)
        return rx

    def moves(self, rx: str, lot: Lot, kind: str, units: int) -> None:
        given = Movement.objects.filter(prescription__id=rx, kind="dispensed").first()
        assert given is not None
        with transaction.atomic():
            Movement.objects.create(
                lot=lot,
                kind=kind,
                quantity=units,
                by=given.by,
                at=timezone.now(),
                prescription=given.prescription,
                entry=given.entry,
            )

    def test_more_back_than_was_given(self, rx: str):
        aside = Lot.objects.get(by_patient=True, back_from__id=rx)
        with pytest.raises(DatabaseError, match="more came back"):
            self.moves(rx, aside, "returned", 1)

    def test_what_came_back_among_what_is_given_out(self, rx: str):
        aside = Lot.objects.get(by_patient=True, back_from__id=rx)
        with pytest.raises(DatabaseError, match="lies by itself"):
            self.moves(rx, left(aside), "returned", 1)
        with pytest.raises(DatabaseError, match="is destroyed"):
            self.moves(rx, aside, "dispensed", -1)

    def test_more_refunds_than_was_paid(self, rx: str):
        payment = Payment.objects.get(bill__prescription__id=rx, state="paid")
        with pytest.raises(DatabaseError, match="more is owed back"), transaction.atomic():
            Refund.objects.create(
                payment=payment,
                out_refund_no="R1",
                amount_fen=payment.amount_fen,
                created_at=timezone.now(),
            )


class TestPutAside:
    def aside(self, world: World, patient: Patient) -> Lot:
        rx = world.delivered(patient)
        bring_back(world.pharmacist, rx, FIRST)
        return Lot.objects.get(by_patient=True, back_from__id=rx)

    def test_for_ever(self, world: World, patient: Patient):
        lot = self.aside(world, patient)
        path = f"/api/stock/lots/{lot.id}/state"
        with pytest.raises(Problem) as problem:
            world.pharmacist.write(path, {"state": "open", "reason": "完好"})
        assert problem.value.code == "lot.came_back"

    def test_until_it_is_destroyed(self, world: World, patient: Patient):
        lot = self.aside(world, patient)
        path, body = f"/api/stock/lots/{lot.id}/destroy", {"units": 1, "document": "销毁 1"}
        with pytest.raises(Problem) as problem:
            world.pharmacist.write(f"/api/stock/lots/{left(lot).id}/destroy", body)
        assert problem.value.code == "lot.not_put_aside"
        assert world.pharmacist.write(path, body)["state"] == "done"
        lot.refresh_from_db()
        assert lot.on_hand == 0
        with pytest.raises(Problem) as problem:
            world.pharmacist.write(path, body)
        assert problem.value.code == "stock.less_than_reserved"

    def test_a_narcotic_is_destroyed_by_two(self, world: World, patient: Patient):
        """Books and goods agree all the way."""
        rx = narcotics.dispensed(world, patient)
        patient.client.command(of(rx, "deliver"))
        given = Movement.objects.get(prescription__id=rx)
        all_of_it = {"lines": {"1": -given.quantity}, "reason": "quality"}
        one, other = world.own_pharmacist, world.second_own_pharmacist
        assert refusal(one, of(rx, "return"), all_of_it) == "lot.missing"
        named = [{"lot": str(given.lot_id), "units": -given.quantity}]
        bring_back(one, rx, {**all_of_it, "lots": named})
        lot = Lot.objects.get(by_patient=True, back_from__id=rx)
        body = {"units": lot.on_hand, "document": "销毁 2"}
        waits = one.write(f"/api/stock/lots/{lot.id}/destroy", body)
        assert waits["state"] == "waiting"
        confirm = f"/api/stock/destructions/{waits['id']}/confirm"
        with pytest.raises(Problem) as problem:
            one.write(confirm, {})
        assert problem.value.code == "access.same_pharmacist"
        assert other.write(confirm, {})["state"] == "done"
        with pytest.raises(Problem) as problem:
            other.write(confirm, {})
        assert problem.value.code == "destruction.unknown"
        books = one.get("/api/stock/reconciliation")
        assert books["differences"] == []
        (row,) = [one for one in books["lots"] if one["destroyed"]]
        assert (row["returned"], row["destroyed"], row["closing"]) == (-given.quantity,) * 2 + (0,)


def test_two_pharmacists_take_the_same_box_back(world: World, patient: Patient):
    """R1: once."""
    rx = world.delivered(patient)
    both = (world.pharmacist, world.second_pharmacist)
    bodies = [drawn(by, of(rx, "return"), FIRST) for by in both]
    done = at_once(
        *[lambda by=by, body=body: by.write(of(rx, "return"), body)
          for by, body in zip(both, bodies, strict=True)]
    )  # fmt: skip
    assert outcomes(done)[0] == "done"
    assert len([one for one in done if isinstance(one, dict)]) == 1
    assert Movement.objects.filter(prescription__id=rx, kind="returned").count() == 1


def test_settling_against_reversing(world: World, patient: Patient):
    """C2, C4: whoever is first, the fund has paid nothing for what came back, in the end."""
    rx = delivered(world, patient, insurer_bp=0)
    agent = world.fund_agent
    decide(agent, rx)
    claim = Claim.objects.get(bill__prescription__id=rx)
    body = {"pharmacy": world.pharmacy.slug, "claims": [claim.id]}
    settling = drawn(agent, "/api/settlements", body)
    returning = drawn(world.pharmacist, of(rx, "return"), BOTH)
    at_once(
        lambda: agent.write("/api/settlements", settling),
        lambda: world.pharmacist.write(of(rx, "return"), returning),
    )
    agent.command(f"/api/claims/{rx}/reverse", {})
    if reversals(agent, rx, "owed"):
        claw_back(world, agent, rx)
    assert balance(rx) == {"patient": 0, world.fund.slug: 0}


def test_who_receives_it_does_not_take_it_back(world: World, patient: Patient):
    """Nobody refunds the own purchase."""
    rx = world.delivered(patient)
    person = Prescription.objects.get(id=rx).patient.person
    Account.objects.filter(id=world.pharmacist.account).update(person=person)
    assert refusal(world.pharmacist, of(rx, "return"), BOTH) == "access.own_prescription"


def test_all_of_it_is_lawful(world: World, patient: Patient):
    rx = delivered(world, patient)
    for agent in (world.fund_agent, world.insurer_agent):
        decide(agent, rx)
    settle(world, world.fund_agent, rx)
    bring_back(world.pharmacist, rx, FIRST)
    for agent in (world.fund_agent, world.insurer_agent):
        agent.command(f"/api/claims/{rx}/reverse", {})
    claw_back(world, world.fund_agent, rx)
    settle(world, world.insurer_agent, rx)
    bring_back(world.pharmacist, rx, SECOND)
    for agent in (world.fund_agent, world.insurer_agent):
        agent.command(f"/api/claims/{rx}/reverse", {})
        claw_back(world, agent, rx)
    assert balance(rx) == {"patient": 0, world.fund.slug: 0, world.insurer.slug: 0}
    assert lawfulness.faults() == []
    assert list(stockbooks.the_stock_equation(pharmacy=world.pharmacy)) == []
