"""What comes back of parts, of substitutes, out of boxes; and the agent that accepts it."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from hospital.client import Problem
from insurance.models import Bill, Claim, Refund, Reversal
from pharmacy.models import Box, Lot, Movement, Substitution
from tests import invariants, lawfulness, stockbooks
from tests.boxed import a_boxed_lot, named
from tests.journeys import parts, writes
from tests.journeys.returning import bring_back, decide, settle, status
from tests.journeys.test_payers_agent import agent
from tests.journeys.test_traceability import give, scanned
from tests.journeys.writes import of
from tests.shelves import a_shelf
from tests.world import Patient, World, a_medicine


@pytest.fixture
def world(database: None, session_world: World) -> World:
    """One of its own: what lies on these shelves is no other test's."""
    return World(session_world.wechat)


def paid_back(rx: str) -> dict[str, int]:
    rows = Refund.objects.filter(payment__bill__prescription__id=rx).values_list("cause")
    return dict(rows.annotate(fen=Sum("amount_fen")))


def test_a_part_comes_back_and_its_remainder_stays(world: World, patient: Patient):
    """C2, C3: of its own bill; the difference of the part went back before."""
    rx = parts.three_and_two(world, patient)
    desk = parts.a_desk(world)
    desk.comes(patient, rx)
    rest = desk.gives(rx, {"1": 2})
    patient.client.command(of(rx, "deliver"))
    bill = Bill.objects.get(prescription__id=rx)

    with pytest.raises(Problem) as problem:
        bring_back(desk.pharmacist, rx, {"lines": {"1": 3}, "reason": "quality"})
    assert problem.value.code == "return.more_than_given"
    first = bring_back(desk.pharmacist, rx, {"lines": {"1": 1}, "reason": "quality"})
    last = bring_back(desk.pharmacist, rx, {"lines": {"1": 1}, "reason": "quality"})

    assert (first["status"], last["status"], status(rest)) == (
        "delivered",
        "taken_back",
        "approved",
    )
    assert first["refund_fen"] + last["refund_fen"] == bill.patient_fen
    payment = bill.payments.get(state="paid")
    assert sum(paid_back(rx).values()) == payment.amount_fen
    assert Movement.objects.filter(prescription__id=rx, kind="returned").count() == 2
    assert Lot.objects.get(back_from__id=rx).on_hand == 2
    assert lawfulness.faults() == []
    assert list(stockbooks.what_came_back()) == []


def test_a_substitute_comes_back(world: World, patient: Patient):
    """It is the substitute that lies aside, and its price that goes back."""
    ready = writes.agree_to_other(world, patient)
    ready.by.write(ready.path, ready.body)
    rx = ready.rx
    if parts.status(rx) == "authorized":
        world.pay(patient, rx)
    world.pharmacist.write(
        "/api/scans", {"code": world.code(patient, rx, pharmacy=world.pharmacy.slug)}
    )
    world.pharmacist.command(of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    patient.client.command(of(rx, "deliver"))
    bill = Bill.objects.exclude(state="void").get(prescription__id=rx)
    answer = bring_back(world.pharmacist, rx)
    assert (answer["status"], answer["refund_fen"]) == ("taken_back", bill.patient_fen)
    other = Substitution.objects.get(prescription__id=rx).item
    assert Lot.objects.filter(back_from__id=rx, item=other).exists()
    assert lawfulness.faults() == []


def test_boxes_stay_used(world: World, patient: Patient):
    """What comes back does not go back into its box, and no code is given out twice."""
    item = a_shelf(world.pharmacy, a_medicine(), on_hand=0)
    _, (code,) = a_boxed_lot(item, world.pharmacist, 1, units=1)
    rx = scanned(world, patient, item)
    give(world, rx, boxes=named(code))
    patient.client.command(of(rx, "deliver"))
    bring_back(world.pharmacist, rx, {"lines": {"1": 1}, "reason": "quality"})
    assert Box.objects.get(code=code).on_hand == 0
    aside = Lot.objects.get(back_from__id=rx)
    assert (aside.on_hand, aside.coded) == (1, 0)
    assert list(stockbooks.all_of(item)) == []


def test_boxes_are_destroyed_by_their_codes(world: World, patient: Patient):
    """What lies in boxes is not destroyed without saying which."""
    item = a_shelf(world.pharmacy, a_medicine(), on_hand=0)
    lot, (code, stays) = a_boxed_lot(item, world.pharmacist, 2, units=2)
    aside = {"state": "quarantined", "reason": "被召回"}
    world.pharmacist.write(f"/api/stock/lots/{lot.id}/state", aside)
    path, body = f"/api/stock/lots/{lot.id}/destroy", {"units": 2, "document": "销毁 3"}
    with pytest.raises(Problem) as problem:
        world.pharmacist.write(path, body)
    assert problem.value.code == "stock.code_missing"
    world.pharmacist.write(path, {**body, "boxes": [code]})
    assert [Box.objects.get(code=one).on_hand for one in (code, stays)] == [0, 2]
    assert list(stockbooks.all_of(item)) == []


class TestTheAgent:
    def test_accepts_and_takes_back_what_was_paid(self, world: World, patient: Patient):
        """C1: by signed entries alone; the next step finds nothing more."""
        world.covers(patient)
        rx = world.delivered(patient)
        decide(world.fund_agent, rx)
        paid = settle(world, world.fund_agent, rx)
        bring_back(world.pharmacist, rx)
        assert not invariants.come_to_rest()
        agent(world).step()
        agent(world).step()
        agent(world).step()
        (one,) = Reversal.objects.filter(claim__bill__prescription__id=rx)
        assert (one.state, one.fen) == ("taken", paid)

    def test_decides_on_what_is_kept(self, world: World, patient: Patient):
        world.covers(patient)
        rx = world.delivered(patient)
        bring_back(world.pharmacist, rx, {"lines": {"1": 1}, "reason": "quality"})
        assert not invariants.come_to_rest()
        agent(world).step()
        claim = Claim.objects.get(bill__prescription__id=rx, payer=world.fund)
        kept = claim.bill.reckonings.get()
        assert (claim.decision, claim.approved_fen) == ("approve", kept.fund_fen)

    def test_accepts_nothing_that_is_not_proven(
        self, world: World, patient: Patient, monkeypatch: pytest.MonkeyPatch
    ):
        """C1, L3: the server says another sum than the entries do."""
        world.covers(patient)
        rx = world.delivered(patient)
        decide(world.fund_agent, rx)
        bring_back(world.pharmacist, rx)
        assert not invariants.come_to_rest()
        Reversal.objects.filter(claim__bill__prescription__id=rx).update(fen=1)
        agent(world).step()
        assert Reversal.objects.get(claim__bill__prescription__id=rx).state == "due"
