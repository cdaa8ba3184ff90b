"""A courier before the door in vain: twice, then the parcel goes back, into quarantine."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hospital.client import Problem
from insurance.actions import paying
from insurance.models import Bill, Claim, Refund
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.note import parse
from pharmacy.coldchain import LIMIT
from pharmacy.models import Attempt, Delivery, Lot, Movement, Reservation, StockItem
from prescriptions.models import Prescription
from tests.journeys.writes import of, told_code
from tests.world import Patient, World

NOBODY_HOME = {"reason": "nobody_home"}


def status(rx: str) -> str:
    return Prescription.objects.get(id=rx).status


def refused(call, *arguments) -> str:
    with pytest.raises(Problem) as refusal:
        call(*arguments)
    return str(refusal.value.code)


def said(rx: str) -> list[tuple[str, dict[str, Any]]]:
    subject = Prescription.objects.get(id=rx).subject
    found = [Statement.parse(parse(one.note).text) for one in ledger.entries_about(subject)]
    return [(one.kind, dict(one.facts)) for one in found]


@pytest.fixture(autouse=True)
def shelves_as_before(world: World) -> Iterator[None]:
    """How things are kept is the whole session's."""
    kept = dict(StockItem.objects.values_list("id", "storage"))
    yield
    for item, storage in kept.items():
        StockItem.objects.filter(id=item).exclude(storage=storage).update(storage=storage)


def kept_cold(rx: str) -> None:
    """One of its medicines belongs into the cold."""
    held = Reservation.objects.filter(prescription__id=rx).values("item")[:1]
    StockItem.objects.filter(id__in=held).update(storage=StockItem.Storage.COLD)


def fail(world: World, rx: str, **reason: str) -> Any:
    return world.courier.command(of(rx, "attempt"), reason or NOBODY_HOME)


def test_a_courier_fails_twice(world: World, patient: Patient):
    """
    Nobody is home, twice. The parcel goes back, the pharmacist takes it in: its units lie in
    quarantine, each beside the lot that it left, the bill is void, what was paid is paid back, no
    payer is asked for anything, and the patient was told of every step.
    """
    rx = world.shipped(patient)
    left = {one.lot_id: -one.quantity for one in Movement.objects.filter(prescription__id=rx)}
    before = {one.id: one.on_hand for one in StockItem.objects.filter(lots__in=left)}

    fail(world, rx)
    assert status(rx) == "in_transit"
    assert patient.client.get(of(rx, "parcel"))["failed"] == 1
    fail(world, rx)
    assert status(rx) == "returning"
    assert refused(fail, world, rx) == "prescription.wrong_state"
    assert refused(world.courier.command, of(rx, "deliver"), told_code_of(patient, rx)) == (
        "prescription.wrong_state"
    )

    (waits,) = [
        one
        for one in world.pharmacist.get("/api/parcels/coming-back?size=50")["parcels"]
        if one["prescription"] == rx
    ]
    assert waits["cold"] is False
    world.pharmacist.command(of(rx, "take-back"))
    assert status(rx) == "undelivered"

    came = Lot.objects.filter(back_from__id=rx).select_related("item")
    assert {(one.number, one.expires_on, one.on_hand, one.state) for one in came} == {
        (lot.number, lot.expires_on, left[lot.id], "quarantined")
        for lot in Lot.objects.filter(id__in=left)
    }
    for one in came:
        assert one.item.on_hand == before[one.item_id] + one.on_hand
    entry = ledger.entries_about(Prescription.objects.get(id=rx).subject)[-1]
    moved = Movement.objects.filter(prescription__id=rx, kind="returned")
    assert {bytes(one.entry or b"") for one in moved} == {bytes(entry.leaf)}

    paying.refund_owed(at=timezone.now())
    bill = Bill.objects.get(prescription__id=rx)
    refund = Refund.objects.get(payment__bill=bill)
    assert bill.state == Bill.State.VOID
    assert refund.amount_fen == bill.patient_fen
    assert refund.state != Refund.State.DUE
    assert not Claim.objects.filter(bill=bill).exists()
    assert all(one["prescription"] != rx for one in world.fund_agent.each("/api/claims", "claims"))

    subject = Prescription.objects.get(id=rx).subject
    told = [
        one["kind"]
        for one in patient.client.get("/api/me/notices")["notices"]
        if one["subject"] == subject
    ]
    assert told[:4] == [
        *("parcel.taken_back", "parcel.comes_back", "parcel.not_delivered"),
        "prescription.shipped",
    ]
    words = [step["zh"] for step in patient.client.get(of(rx, "parcel"))["way"]]
    assert words == ["配送员已取件", "未能送达：无人签收", "未能送达：无人签收"]
    assert [(kind, facts.get("reason")) for kind, facts in said(rx)[-3:]] == [
        ("pharmacy.attempt", "nobody_home"),
        ("pharmacy.attempt", "nobody_home"),
        ("pharmacy.take_back", None),
    ]


def told_code_of(patient: Patient, rx: str) -> dict[str, str]:
    """The code is gone with the parcel; any will do."""
    assert refused(patient.client.get, of(rx, "delivery-code")) == "prescription.wrong_state"
    return {"code": "000000"}


def test_the_second_time_somebody_opens(world: World, patient: Patient):
    rx = world.shipped(patient)
    fail(world, rx, reason="wrong_address")
    world.courier.command(of(rx, "deliver"), told_code(patient, rx))
    assert status(rx) == "delivered"


@pytest.mark.parametrize("reason", ["refused", "damaged"])
def test_what_nobody_tries_again_goes_back_at_once(world: World, patient: Patient, reason: str):
    rx = world.shipped(patient)
    fail(world, rx, reason=reason)
    assert status(rx) == "returning"
    assert Attempt.objects.get(prescription__id=rx).reason == reason


def test_only_its_courier_and_its_pharmacist(world: World, patient: Patient):
    """Z1: neither another company nor another pharmacy, and nobody before it comes back."""
    rx = world.shipped(patient)
    assert refused(world.other_courier.command, of(rx, "attempt"), NOBODY_HOME) == (
        "access.wrong_courier"
    )
    assert refused(world.pharmacist.command, of(rx, "take-back")) == "prescription.wrong_state"
    fail(world, rx, reason="refused")
    assert refused(world.other_pharmacist.command, of(rx, "take-back")) == "access.wrong_pharmacy"
    assert refused(world.courier.command, of(rx, "take-back")) == "access.wrong_role"
    assert refused(world.other_patient.client.get, of(rx, "parcel")) == "access.wrong_patient"
    coming = world.other_pharmacist.get("/api/parcels/coming-back")["parcels"]
    assert rx not in [one["prescription"] for one in coming]


def test_what_came_back_is_given_to_nobody_until_a_pharmacist_decides(
    world: World, patient: Patient
):
    rx = world.shipped(patient)
    fail(world, rx, reason="refused")
    world.pharmacist.command(of(rx, "take-back"))
    lot = Lot.objects.filter(back_from__id=rx).earliest("id")
    said_why = {"state": "open", "reason": "包装完好，全程常温"}
    world.pharmacist.write(f"/api/stock/lots/{lot.id}/state", said_why)
    lot.refresh_from_db()
    assert lot.usable(lot.expires_on)


def test_a_parcel_that_comes_back_twice_lies_in_two_lots(world: World, patient: Patient):
    """Another decision is made about each, though number and expiry are one."""
    for _ in range(2):
        rx = world.shipped(patient)
        fail(world, rx, reason="refused")
        world.pharmacist.command(of(rx, "take-back"))
    lots = Lot.objects.filter(back_from__patient__id=patient.client.account)
    assert len({one.back_from_id for one in lots}) == 2


def parcel_of(world: World, rx: str) -> dict[str, Any]:
    """As its courier's page lists it, on whichever page."""
    cursor = ""
    while True:
        page = world.courier.get("/api/parcels", size=50, **({"cursor": cursor} if cursor else {}))
        for one in page["parcels"]:
            if one["prescription"] == rx:
                return dict(one)
        cursor = page["next"]


class TestTheColdChain:
    def test_the_courier_knows_and_the_ledger_does_not(self, world: World, patient: Patient):
        rx = world.dispensed(patient, "courier")
        kept_cold(rx)
        assert parcel_of(world, rx)["cold"] is True
        world.courier.command(of(rx, "ship"))
        fail(world, rx, reason="cold_chain")
        assert status(rx) == "returning"
        assert said(rx)[-1][1]["reason"] == "unfit"
        assert patient.client.get(of(rx, "parcel"))["way"][-1]["zh"].endswith("冷链中断，退回药房")

    def test_nothing_else_becomes_too_warm(self, world: World, patient: Patient):
        rx = world.shipped(patient)
        assert refused(world.courier.command, of(rx, "attempt"), {"reason": "cold_chain"}) == (
            "delivery.not_cold"
        )

    @pytest.mark.parametrize(("seconds", "late"), [(60, False), (-1, True)])
    def test_after_its_time_it_is_brought_back(self, world, patient, seconds, late):
        """F11: nobody is given what has been away too long, and nobody tries again."""
        rx = world.shipped(patient)
        kept_cold(rx)
        left = timezone.now() - LIMIT + timedelta(seconds=seconds)
        Delivery.objects.filter(prescription__id=rx).update(shipped_at=left)
        if not late:
            fail(world, rx)
            world.courier.command(of(rx, "deliver"), told_code(patient, rx))
            return
        for call, told in (("attempt", NOBODY_HOME), ("deliver", told_code(patient, rx))):
            code = refused(world.courier.command, of(rx, call), told)
            assert code == "delivery.too_long_away"
        fail(world, rx, reason="cold_chain")
        assert status(rx) == "returning"

    def test_it_is_never_put_back(self, world: World, patient: Patient):
        rx = world.shipped(patient)
        kept_cold(rx)
        fail(world, rx, reason="damaged")
        world.pharmacist.command(of(rx, "take-back"))
        lot = Lot.objects.get(back_from__id=rx, item__storage="cold")
        why = {"state": "open", "reason": "看起来没问题"}
        assert refused(world.pharmacist.write, f"/api/stock/lots/{lot.id}/state", why) == (
            "lot.cold_chain_broken"
        )
        world.pharmacist.write(
            "/api/stock/counts", {"lot": str(lot.id), "units": 0, "reason": "冷链中断，已销毁"}
        )
        lot.refresh_from_db()
        assert lot.on_hand == 0


def test_what_is_collected_has_no_parcel(world: World, patient: Patient):
    rx = world.dispensed(patient)
    assert refused(patient.client.get, of(rx, "parcel")) == "parcel.none"
