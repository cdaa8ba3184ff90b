"""Goods between pharmacies: a pharmacist of each does one half, and nothing is lost between."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from hospital import calendar
from hospital.client import Client, Problem
from pharmacy.models import Box, Consignment, Lot, Movement, StockItem
from tests import stockbooks
from tests.boxed import a_boxed_lot, named
from tests.journeys.test_traceability import give, left, scanned
from tests.journeys.watching import at_once, everything, outcomes, raw
from tests.journeys.writes import of_goods
from tests.shelves import a_lot, a_shelf
from tests.world import World, a_medicine

DAY = timedelta(days=1)
ALL = "/api/stock/consignments"
WHY = {"reason": "包装破损"}


def answering(sent: dict[str, Any], verb: str) -> str:
    return f"{ALL}/{sent['id']}/{verb}"


def refusal(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a write is refused with; nothing was changed."""
    before = everything()
    with pytest.raises(Problem) as problem:
        client.write(path, body)
    assert everything() == before
    return dict(problem.value.body)


@pytest.fixture
def shelf(world: World) -> StockItem:
    return a_shelf(world.pharmacy, a_medicine(), on_hand=0)


@pytest.fixture
def there(world: World, shelf: StockItem) -> StockItem:
    return a_shelf(world.other_pharmacy, shelf.medicine, on_hand=0)


def send(world: World, lot: Lot, units: int, *boxes: str) -> dict[str, Any]:
    body = {"lot": str(lot.id), "to": world.other_pharmacy.slug, "units": units}
    return world.pharmacist.write(ALL, {**body, "boxes": list(boxes)})


def on_hand(*items: StockItem) -> list[int]:
    return [StockItem.objects.get(id=one.id).on_hand for one in items]


def test_goods_go_with_lot_expiry_class_and_boxes(world, patient, shelf, there):
    """C1: on the way they lie on no shelf; what arrives is what was sent, and is given out."""
    lot, (box, stays) = a_boxed_lot(shelf, world.pharmacist, 2, units=2, loose=3)
    sent = send(world, lot, 3, box)
    assert (sent["state"], sent["boxes"], on_hand(shelf, there)) == ("sent", [box], [4, 0])
    assert Box.objects.get(code=box).state == "sent"
    assert list(stockbooks.the_consignments()) == []

    done = world.other_pharmacist.write(answering(sent, "accept"), {"storage": "room"})

    arrived = Lot.objects.get(item=there)
    assert (done["state"], on_hand(shelf, there)) == ("accepted", [4, 3])
    assert (arrived.number, arrived.expires_on) == (lot.number, lot.expires_on)
    assert (arrived.coded, left(box, stays)) == (2, [2, 2])
    told = world.regulator.get("/api/stock/boxes", code=box)["way"]
    assert [(one["pharmacy"], one["kind"], one["units"]) for one in told] == [
        (world.pharmacy.slug, "scanned", 2),
        (world.pharmacy.slug, "sent", -2),
        (world.other_pharmacy.slug, "arrived", 2),
    ]
    give(world, scanned(world, patient, shelf, units=2), 2, boxes=named(stays, units=2))
    assert [*stockbooks.all_of(shelf), *stockbooks.all_of(there)] == []
    assert list(stockbooks.the_consignments()) == []


def test_what_is_refused_is_on_its_way_until_its_sender_has_it(world, shelf, there):
    lot, (box,) = a_boxed_lot(shelf, world.pharmacist, 1)
    sent = send(world, lot, 1, box)
    refused = world.other_pharmacist.write(answering(sent, "refuse"), WHY)
    assert (refused["state"], on_hand(shelf, there), left(box)) == ("refused", [0, 0], [0])
    assert refusal(world.other_pharmacist, answering(sent, "accept"), {})["code"] == (
        "consignment.ended"
    )
    back = world.pharmacist.write(answering(sent, "take-back"), {"reason": "退回"})
    assert (back["state"], back["reason"]) == ("returned", WHY["reason"])
    assert (on_hand(shelf, there), left(box)) == ([1, 0], [1])
    for who, verb, body in (
        (world.pharmacist, "take-back", WHY),
        (world.other_pharmacist, "accept", {}),
        (world.other_pharmacist, "refuse", WHY),
    ):
        assert refusal(who, answering(sent, verb), body)["code"] == "consignment.ended"
    assert list(stockbooks.the_consignments()) == []


def test_each_does_the_own_half(world, shelf, there):
    """Z3: the sender does not accept, the receiver takes nothing back, nobody else does either."""
    lot = a_lot(shelf, 2)
    sent = send(world, lot, 1)
    for who, verb, body in (
        (world.pharmacist, "accept", {}),
        (world.pharmacist, "refuse", WHY),
        (world.other_pharmacist, "take-back", WHY),
        (world.own_pharmacist, "accept", {}),
    ):
        assert refusal(who, answering(sent, verb), body)["code"] == "consignment.unknown"
    listed = [
        [one["id"] for one in who.get(ALL)["consignments"] if one["id"] == sent["id"]]
        for who in (world.pharmacist, world.other_pharmacist, world.own_pharmacist)
    ]
    assert listed == [[sent["id"]], [sent["id"]], []]


def test_sends_nothing_that_must_stay(world, patient, shelf, there):
    """R14, K8: narcotics, what is unusable, reserved, opened or without its code."""
    lot, (box, opened) = a_boxed_lot(shelf, world.pharmacist, 2, units=2, number="boxed")
    give(world, scanned(world, patient, shelf), boxes=named(opened))
    today = calendar.legal_day(timezone.now())
    expired = a_lot(shelf, 5, "expired", today - DAY)
    aside = a_lot(shelf, 5, "aside")
    Lot.objects.filter(id=aside.id).update(state="quarantined", state_reason="召回")
    narcotic = a_lot(a_shelf(world.pharmacy, a_medicine(control="narcotic"), on_hand=0), 5)
    to = {"to": world.other_pharmacy.slug}
    for body, code in (
        ({"lot": str(narcotic.id), "units": 1, **to}, "consignment.controlled"),
        ({"lot": str(expired.id), "units": 1, **to}, "lot.unusable"),
        ({"lot": str(aside.id), "units": 1, **to}, "lot.unusable"),
        ({"lot": str(lot.id), "units": 9, **to}, "lot.too_few"),
        ({"lot": str(lot.id), "units": 2, **to}, "stock.code_missing"),
        ({"lot": str(lot.id), "units": 2, "boxes": [opened], **to}, "box.too_few"),
        ({"lot": str(lot.id), "units": 1, "boxes": [box], **to}, "box.wrong_units"),
        ({"lot": str(lot.id), "units": 2, "boxes": ["9" * 20], **to}, "box.unknown"),
        ({"lot": str(lot.id), "units": 1, "to": world.pharmacy.slug}, "stock.unknown_pharmacy"),
        ({"lot": str(lot.id), "units": 1, "to": world.hospital.slug}, "stock.unknown_pharmacy"),
    ):
        assert refusal(world.pharmacist, ALL, body)["code"] == code
    scanned(world, world.a_patient(), shelf, units=2)
    body = {"lot": str(lot.id), "units": 2, "boxes": [box], **to}
    assert refusal(world.pharmacist, ALL, body)["code"] == "stock.less_than_reserved"


def test_accepts_nothing_that_could_not_be_given_out(world, shelf, there):
    """What was put aside on its way, what came too warm, what nobody has a price for."""
    lot = a_lot(shelf, 4)
    sent = send(world, lot, 1)
    path = answering(sent, "accept")
    Lot.objects.filter(id=lot.id).update(state="quarantined", state_reason="召回")
    assert refusal(world.other_pharmacist, path, {})["code"] == "lot.unusable"
    Lot.objects.filter(id=lot.id).update(state="open")
    assert refusal(world.other_pharmacist, path, {"storage": "cold"})["code"] == (
        "stock.other_storage"
    )
    StockItem.objects.filter(id=there.id).update(storage="cold")
    assert refusal(world.other_pharmacist, path, {"storage": "cold"})["code"] == (
        "stock.other_storage"
    )
    nowhere = a_lot(a_shelf(world.pharmacy, a_medicine(), on_hand=0), 1)
    unpriced = send(world, nowhere, 1)
    assert refusal(world.other_pharmacist, answering(unpriced, "accept"), {})["code"] == (
        "stock.not_kept"
    )


def test_two_answers_at_once(world, shelf, there):
    """R14: accepted or taken back, real threads; never both, never neither."""
    lot, boxes = a_boxed_lot(shelf, world.pharmacist, 4)
    for box in boxes:
        sent = send(world, lot, 1, box)
        accepts = partial(world.other_pharmacist.write, answering(sent, "accept"), {})
        takes_back = partial(world.pharmacist.write, answering(sent, "take-back"), WHY)
        results = at_once(accepts, takes_back, accepts)
        assert outcomes(results) == ["consignment.ended"] * 2 + ["done"]
        assert sum(on_hand(shelf, there)) == 4
    assert left(*boxes) == [1] * 4
    assert list(stockbooks.the_consignments()) == []


def test_a_page_is_the_newest(world, shelf, there):
    lot = a_lot(shelf, 9)
    made = [send(world, lot, 1)["id"] for _ in range(3)]
    page = world.other_pharmacist.get(ALL, size=2)
    rest = world.other_pharmacist.get(ALL, size=2, cursor=page["next"])
    seen = [one["id"] for one in (*page["consignments"], *rest["consignments"])]
    assert seen[:3] == made[::-1]
    assert raw(world.pharmacist, "GET", f"{ALL}?cursor=x").status_code == 422


def test_a_code_on_its_way_is_still_used_up(world, shelf, there):
    """R14: nobody scans in what a consignment brings."""
    lot, (box,) = a_boxed_lot(shelf, world.pharmacist, 1)
    sent = send(world, lot, 1, box)
    body = of_goods(there.medicine_id, boxes=[box])
    with pytest.raises(Problem) as problem:
        world.other_pharmacist.write("/api/stock/receipts", body)
    assert problem.value.code == "box.known"
    world.other_pharmacist.write(answering(sent, "accept"), {})
    assert left(box) == [1]


@pytest.mark.parametrize(
    "write",
    [
        lambda one: Consignment.objects.filter(id=one.id).update(units=99),
        lambda one: Consignment.objects.filter(id=one.id).delete(),
        lambda one: Movement.objects.create(
            lot=one.lot,
            kind="sent",
            quantity=-1,
            at=timezone.now(),
            by_id=one.sent_by_id,
            consignment=one,
        ),
    ],
)
def test_the_database_keeps_what_was_sent(world, shelf, there, write):
    sent = send(world, a_lot(shelf, 5), 1)
    with pytest.raises(DatabaseError), transaction.atomic():
        write(Consignment.objects.select_related("lot").get(id=sent["id"]))
    assert list(stockbooks.the_consignments()) == []
