"""Boxes by traceability code: scanned in, opened, given out once, and found again by their code."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from hospital import calendar
from hospital.client import Client, Problem
from ledger import note as notes
from ledger import queries as ledger
from ledger.entry import Statement
from pharmacy import boxes
from pharmacy.models import Box, BoxMove, Collision, Lot, Movement, StockItem
from prescriptions.models import Prescription
from tests import lawfulness, stockbooks
from tests.boxed import a_boxed_lot, a_code, codes, named
from tests.journeys import narcotics
from tests.journeys.watching import everything, raw
from tests.journeys.writes import of, of_goods
from tests.shelves import a_lot, a_shelf
from tests.world import Patient, World, a_medicine

DAY = timedelta(days=1)
RECEIPTS = "/api/stock/receipts"


@pytest.fixture
def shelf(world: World) -> StockItem:
    return a_shelf(world.pharmacy, a_medicine(), on_hand=0)


def refusal(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a write is refused with; nothing was changed."""
    before = everything()
    with pytest.raises(Problem) as problem:
        client.write(path, body)
    assert everything() == before
    return dict(problem.value.body)


def scanned(world: World, patient: Patient, item: StockItem, units: int = 1) -> str:
    """A prescription of this medicine at the counter."""
    line = world.draft(patient)["lines"][0]
    return world.scanned(patient, lines=[{**line, "medicine": item.medicine_id, "quantity": units}])


def give(world: World, rx: str, units: int = 1, **more: Any) -> None:
    world.pharmacist.command(of(rx, "dispense"), {"lines": {"1": units}, **more})


def refused(world: World, rx: str, units: int = 1, **more: Any) -> dict[str, Any]:
    """What the dispensing is refused with; not even an entry was made."""
    before = everything()
    with pytest.raises(Problem) as problem:
        give(world, rx, units, **more)
    assert everything() == before
    return dict(problem.value.body)


def left(*scanned: str) -> list[int]:
    return [Box.objects.get(code=code).on_hand for code in scanned]


def facts(rx: str) -> dict[str, Any]:
    """What the entry of the dispensing says."""
    found = [
        one
        for one in ledger.entries_about(f"rx/{rx.replace('-', '')}")
        if one.kind == "pharmacy.dispense"
    ]
    return dict(Statement.parse(notes.parse(found[-1].note).text).facts)


class TestScanningIn:
    def test_goes_with_the_receipt(self, world, shelf):
        scans = codes(3)
        body = of_goods(shelf.medicine_id, boxes=scans, box_units=10)
        made = world.pharmacist.write(RECEIPTS, body)
        assert (made["on_hand"], made["coded"]) == (30, 30)
        assert left(*scans) == [10, 10, 10]
        assert stockbooks.all_of(shelf) == []

    def test_comes_later_for_what_lies_there(self, world, shelf):
        lot = a_lot(shelf, 5)
        path, scans = f"/api/stock/lots/{lot.id}/boxes", codes(2)
        made = world.pharmacist.write(path, {"boxes": scans, "box_units": 2})
        assert (made["on_hand"], made["coded"]) == (5, 4)
        more = {"boxes": codes(2), "box_units": 1}
        assert refusal(world.pharmacist, path, more)["code"] == "box.wrong_units"
        assert refusal(world.other_pharmacist, path, more)["code"] == "lot.unknown"

    def test_takes_twenty_digits_and_each_once(self, world, shelf):
        twice = a_code()
        for bad in ("1" * 19, "1" * 21, "1" * 19 + "x", "１" * 20, " " + "1" * 19, "1" * 20 + "\n"):
            body = of_goods(shelf.medicine_id, boxes=[bad])
            assert refusal(world.pharmacist, RECEIPTS, body)["code"] == "body.invalid"
        body = of_goods(shelf.medicine_id, boxes=[twice, twice])
        assert refusal(world.pharmacist, RECEIPTS, body)["code"] == "box.twice"
        body = of_goods(shelf.medicine_id, boxes=codes(4), box_units=8)
        assert refusal(world.pharmacist, RECEIPTS, body)["code"] == "box.wrong_units"
        body = of_goods(shelf.medicine_id, boxes=["1" * 20] * 201)
        assert refusal(world.pharmacist, RECEIPTS, body)["code"] == "body.invalid"

    def test_asks_how_cold_goods_travelled(self, world):
        """What is kept cold is not received as if nothing had to be cold."""
        cold = a_shelf(world.pharmacy, a_medicine(), on_hand=0, storage="cold")
        for said, code in (
            ({}, "stock.storage_missing"),
            ({"storage": "room"}, "stock.other_storage"),
        ):
            body = of_goods(cold.medicine_id, **said)
            assert refusal(world.pharmacist, RECEIPTS, body)["code"] == code
        world.pharmacist.write(RECEIPTS, of_goods(cold.medicine_id, storage="cold"))
        assert Movement.objects.get(lot__item=cold).storage == "cold"


class TestACodeStandsOnOneBox:
    def test_is_refused_to_another_pharmacy_and_written_down(self, world, shelf):
        """R14: the country's one database; the regulator sees it, the first time alone."""
        _, (code,) = a_boxed_lot(shelf, world.pharmacist, 1)
        there = a_shelf(world.other_pharmacy, shelf.medicine, on_hand=0)
        body = of_goods(there.medicine_id, boxes=[a_code(), code], units=2)
        for _ in range(2):
            with pytest.raises(Problem) as problem:
                world.other_pharmacist.write(RECEIPTS, body)
            assert (problem.value.code, problem.value.body["codes"]) == ("box.known", [code])
        assert not Lot.objects.filter(item=there).exists(), "nothing of the receipt stands"
        (brought,) = Collision.objects.filter(box__code=code)
        assert brought.pharmacy == world.other_pharmacy
        listed = world.regulator.get("/api/stock/collisions", size=50)["collisions"]
        (told,) = [one for one in listed if one["code"] == code]
        assert (told["first"], told["pharmacy"], told["state"]) == (
            world.pharmacy.slug,
            world.other_pharmacy.slug,
            "sealed",
        )

    def test_is_no_fraud_on_the_own_shelf_while_it_lies_there(self, world, shelf):
        _, (code,) = a_boxed_lot(shelf, world.pharmacist, 1)
        body = of_goods(shelf.medicine_id, boxes=[code])
        assert refusal(world.pharmacist, RECEIPTS, body)["code"] == "box.known"
        assert not Collision.objects.filter(box__code=code).exists()

    def test_is_used_once(self, world, patient, shelf):
        """R14: given out, and back on the market: refused even where it was given out."""
        _, (code,) = a_boxed_lot(shelf, world.pharmacist, 1, loose=4)
        give(world, scanned(world, patient, shelf), boxes=named(code))
        assert left(code) == [0]
        body = of_goods(shelf.medicine_id, boxes=[code])
        with pytest.raises(Problem) as problem:
            world.pharmacist.write(RECEIPTS, body)
        assert problem.value.code == "box.known"
        assert Collision.objects.filter(box__code=code, pharmacy=world.pharmacy).exists()
        rx = scanned(world, world.a_patient(), shelf)
        assert refused(world, rx, boxes=named(code))["code"] == "box.used"


class TestGivingOut:
    def test_names_whole_boxes_and_units_of_an_opened_one(self, world, patient, shelf):
        """One box of ten, and three out of another: 拆零."""
        _, (first, second) = a_boxed_lot(shelf, world.pharmacist, 2, units=10)
        rx = scanned(world, patient, shelf, units=13)
        give(world, rx, 13, boxes=[*named(first, units=10), *named(second, units=3)])
        assert left(first, second) == [0, 7]
        states = [Box.objects.get(code=code).state for code in (first, second)]
        assert states == ["empty", "opened"]
        assert stockbooks.all_of(shelf) == []

    def test_asks_for_the_codes_of_what_has_codes(self, world, patient, shelf):
        """Without a code goes what came without one, and no more."""
        lot, scans = a_boxed_lot(shelf, world.pharmacist, 2, loose=1)
        first, second = (scanned(world, who, shelf) for who in (patient, world.a_patient()))
        give(world, first)
        assert left(*scans) == [1, 1]
        found = refused(world, second)
        assert (found["code"], found["lot"], found["missing"]) == (
            "stock.code_missing",
            lot.number,
            1,
        )
        give(world, second, boxes=named(scans[0]))
        assert left(*scans) == [0, 1]

    def test_refuses_boxes_that_do_not_fit(self, world, patient, shelf):
        _, (box,) = a_boxed_lot(shelf, world.pharmacist, 1, units=2)
        foreign = a_shelf(world.other_pharmacy, shelf.medicine, on_hand=0)
        _, (elsewhere,) = a_boxed_lot(foreign, world.other_pharmacist, 1)
        another = a_shelf(world.pharmacy, a_medicine(), on_hand=0)
        _, (of_another,) = a_boxed_lot(another, world.pharmacist, 1, number="another")
        a_lot(shelf, 9, "loose", calendar.legal_day(timezone.now()) + 4_000 * DAY)
        rx = scanned(world, patient, shelf, units=3)
        for boxes_, code in (
            (named(a_code()), "box.unknown"),
            (named(elsewhere), "box.unknown"),
            (named(of_another), "lot.unknown"),
            (named(box, units=3), "box.too_few"),
            (named(box, units=1), "lot.wrong_units"),
            (named(box, box), "body.invalid"),
        ):
            assert refused(world, rx, 3, boxes=boxes_)["code"] == code
        lots = [
            {"lot": str(one.id), "units": units}
            for one, units in zip(
                Lot.objects.filter(item=shelf).order_by("expires_on"), (2, 1), strict=True
            )
        ]
        loose_first = [{**lots[0], "units": 1}, {**lots[1], "units": 2}]
        why = {"reason": "急用", "boxes": named(box, units=2)}
        assert refused(world, rx, 3, lots=loose_first, **why)["code"] == "box.wrong_units"
        give(world, rx, 3, lots=lots, boxes=named(box, units=2))
        assert left(box) == [0]

    def test_takes_no_more_out_of_a_box_than_is_left(self, world, patient, shelf):
        _, (first, second) = a_boxed_lot(shelf, world.pharmacist, 2, units=2)
        give(world, scanned(world, patient, shelf), boxes=named(first))
        rx = scanned(world, world.a_patient(), shelf, units=2)
        found = refused(world, rx, 2, boxes=named(first, units=2))
        assert (found["code"], found["left"]) == ("box.too_few", 1)
        give(world, rx, 2, boxes=[*named(first), *named(second)])
        assert left(first, second) == [0, 1]

    def test_commits_the_entry_to_the_boxes(self, world, patient, shelf):
        """K8: no code in clear, and no other box fits; validators find it lawful."""
        _, (code,) = a_boxed_lot(shelf, world.pharmacist, 1, units=2)
        rx = scanned(world, patient, shelf)
        give(world, rx, boxes=named(code))
        box = Box.objects.get(code=code)
        assert facts(rx)["boxes"] == {box.commitment: 1}
        assert boxes.commitment(bytes(box.salt), code) == box.commitment
        assert boxes.commitment(bytes(box.salt), a_code()) != box.commitment
        found = ledger.entries_about(f"rx/{rx.replace('-', '')}")
        assert not [one for one in found if code.encode() in bytes(one.note)]
        assert lawfulness.faults() == []

    def test_says_nothing_of_boxes_where_none_was_named(self, world, patient, shelf):
        a_lot(shelf, 1)
        rx = scanned(world, patient, shelf)
        give(world, rx)
        assert "boxes" not in facts(rx)

    def test_of_narcotics_takes_boxes_of_the_lots_that_were_checked(self, world, patient):
        """K8: two sign the lots; who gives out scans the boxes."""
        rx = narcotics.double_checked(world, patient)
        (checked,) = narcotics.lots(rx)
        lot = Lot.objects.get(id=checked["lot"])
        path, (code,) = f"/api/stock/lots/{lot.id}/boxes", codes(1)
        world.own_pharmacist.write(path, {"boxes": [code], "box_units": 1})
        body = {"lines": narcotics.LINES, "boxes": named(code)}
        world.own_pharmacist.command(of(rx, "dispense"), body)
        assert left(code) == [0]
        assert facts(rx)["boxes"] == {Box.objects.get(code=code).commitment: 1}
        assert lawfulness.faults() == []


class TestCounts:
    def test_name_the_boxes_that_are_gone(self, world, shelf):
        lot, (here, gone) = a_boxed_lot(shelf, world.pharmacist, 2, units=5, loose=1)
        path, body = "/api/stock/counts", {"lot": str(lot.id), "units": 6, "reason": "破损"}
        assert refusal(world.pharmacist, path, {**body, "units": 9})["code"] == "stock.code_missing"
        world.pharmacist.write(path, {**body, "units": 10})  # the loose one
        for missing, code in (
            ([], "stock.code_missing"),
            ([a_code()], "box.unknown"),
            ([gone, here], "box.wrong_units"),
        ):
            told = refusal(world.pharmacist, path, {**body, "units": 5, "missing": missing})
            assert told["code"] == code
        world.pharmacist.write(path, {**body, "units": 5, "missing": [gone]})
        assert left(here, gone) == [5, 0]
        assert (
            refusal(world.pharmacist, path, {**body, "units": 0, "missing": [gone]})["code"]
            == "box.used"
        )
        assert stockbooks.all_of(shelf) == []

    def test_of_narcotics_lose_boxes_when_the_second_has_counted(self, world):
        """K8: what happened to the box meanwhile counts."""
        item = a_shelf(world.own_pharmacy, a_medicine(control="narcotic"), on_hand=0)
        lot, (gone, _) = a_boxed_lot(item, world.own_pharmacist, 2)
        body = {"lot": str(lot.id), "units": 1, "reason": "破损", "missing": [gone]}
        waits = world.own_pharmacist.write("/api/stock/counts", body)
        assert left(gone) == [1]
        world.second_own_pharmacist.write(f"/api/stock/counts/{waits['id']}/confirm", {})
        assert left(gone) == [0]
        assert stockbooks.all_of(item) == []


class TestLookingUp:
    def test_lists_the_boxes_of_a_lot_in_pages(self, world, shelf):
        lot, scans = a_boxed_lot(shelf, world.pharmacist, 5)
        path = f"/api/stock/lots/{lot.id}/boxes"
        page = world.pharmacist.get(path, size=2)
        seen = page["boxes"]
        while page["next"]:
            page = world.pharmacist.get(path, size=2, cursor=page["next"])
            seen += page["boxes"]
        assert sorted(one["code"] for one in seen) == sorted(scans)
        assert raw(world.other_pharmacist, "GET", path).status_code == 404

    def test_tells_the_own_pharmacy_what_became_of_a_box(self, world, patient, shelf):
        _, (code,) = a_boxed_lot(shelf, world.pharmacist, 1, units=2)
        rx = scanned(world, patient, shelf)
        give(world, rx, boxes=named(code))
        told = world.pharmacist.get("/api/stock/boxes", code=code)
        assert (told["state"], told["on_hand"]) == ("opened", 1)
        assert [(one["kind"], one["units"]) for one in told["way"]] == [
            ("scanned", 2),
            ("dispensed", -1),
        ]
        assert rx not in str(told)
        assert "salt" not in told
        for wrong in (a_code(), "", "x" * 500, "\x00"):
            answer = raw(world.pharmacist, "GET", f"/api/stock/boxes?code={wrong.strip(chr(0))}")
            assert (answer.status_code, answer.json()["code"]) == (404, "box.unknown")
        answer = raw(world.other_pharmacist, "GET", f"/api/stock/boxes?code={code}")
        assert (answer.status_code, answer.json()["code"]) == (404, "box.unknown")

    def test_tells_the_regulator_the_whole_way(self, world, shelf):
        _, (code,) = a_boxed_lot(shelf, world.pharmacist, 1)
        there = a_shelf(world.other_pharmacy, shelf.medicine, on_hand=0)
        with pytest.raises(Problem):
            world.other_pharmacist.write(RECEIPTS, of_goods(there.medicine_id, boxes=[code]))
        told = world.regulator.get("/api/stock/boxes", code=code)
        assert [one["pharmacy"] for one in told["collisions"]] == [world.other_pharmacy.slug]
        salt = base64.b64decode(told["salt"])
        assert boxes.commitment(salt, code) == told["commitment"]

    def test_shows_the_patient_what_was_received(self, world, patient, shelf):
        """L15: and what opens the commitment of the entry; nobody else sees it."""
        lot, (code,) = a_boxed_lot(shelf, world.pharmacist, 1)
        rx = scanned(world, patient, shelf)
        give(world, rx, boxes=named(code))
        told = patient.client.get(f"/api/prescriptions/{rx}/given-out")
        (one,) = told["given"]
        assert (one["lot"], one["units"], one["medicine"]) == (lot.number, 1, shelf.medicine_id)
        (box,) = one["boxes"]
        assert (box["code"], box["units"]) == (code, 1)
        opened = boxes.commitment(base64.b64decode(box["salt"]), code)
        assert facts(rx)["boxes"] == {opened: 1}
        path = f"/api/prescriptions/{rx}/given-out"
        answer = raw(world.other_patient.client, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.wrong_patient")


@pytest.mark.parametrize(
    "write",
    [
        lambda box: Box.objects.filter(id=box.id).update(on_hand=0),
        lambda box: Box.objects.filter(id=box.id).update(code="9" * 20),
        lambda box: Box.objects.filter(id=box.id).update(holds=99),
        lambda box: Box.objects.filter(id=box.id).delete(),
        lambda box: Lot.objects.filter(id=box.lot_id).update(coded=0),
        lambda box: BoxMove.objects.filter(box=box).update(quantity=1),
        lambda box: BoxMove.objects.filter(box=box).delete(),
        lambda box: BoxMove.objects.create(
            box=box, lot_id=box.lot_id, quantity=-3, movement=box.lot.movements.first()
        ),
        lambda box: BoxMove.objects.create(
            box=box,
            lot_id=box.lot_id,
            quantity=-1,
            movement=Movement.objects.exclude(lot_id=box.lot_id).first(),
        ),
        lambda box: Movement.objects.create(
            lot=box.lot,
            kind="dispensed",
            quantity=-1,
            at=timezone.now(),
            by_id=box.scanned_by_id,
            prescription=Prescription.objects.filter(dispensing__isnull=False).first(),
            entry=b"\1" * 32,
        ),
    ],
)
def test_the_database_keeps_boxes_and_lots_together(world, patient, shelf, write):
    """C1: no code of ours can make a box differ from its moves, or hold what the lot has not."""
    world.dispensed(patient)
    _, (code,) = a_boxed_lot(shelf, world.pharmacist, 1, units=2)
    with pytest.raises(DatabaseError), transaction.atomic():
        write(Box.objects.select_related("lot").get(code=code))
    assert stockbooks.all_of(shelf) == []
