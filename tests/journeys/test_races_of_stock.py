"""Fifty at the same moment for one last box, one code on two shelves, one code at the counter."""

from __future__ import annotations

import pytest

from pharmacy.models import Box, BoxMove, Collision, Lot, Movement, StockItem
from tests import stockbooks
from tests.boxed import a_boxed_lot, a_code, named
from tests.journeys.test_traceability import scanned
from tests.journeys.watching import at_once, drawn, outcomes
from tests.journeys.writes import of, of_goods
from tests.shelves import a_shelf
from tests.world import World, a_medicine

crowd = pytest.mark.parametrize("many", [8, pytest.param(50, marks=pytest.mark.slow)])


PATIENCE_S = 60.0
"""A machine that is busy lets the last of fifty wait longer than a lock waits: they try again."""


@pytest.fixture(autouse=True)
def patient_staff(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for staff in (world.pharmacist, world.other_pharmacist):
        monkeypatch.setattr(staff, "patience_s", PATIENCE_S)


def a_new_shelf(world: World, on_hand: int = 0) -> StockItem:
    return a_shelf(world.pharmacy, a_medicine(), on_hand=on_hand)


@crowd
def test_one_last_box_is_reserved_by_one_patient(world, many):
    """R14: the others learn at once that nothing is left, and may go elsewhere."""
    item = a_new_shelf(world, on_hand=1)
    ready = []
    for _ in range(many):
        patient = world.a_patient()
        patient.client.patience_s = PATIENCE_S
        line = {**world.draft(patient)["lines"][0], "medicine": item.medicine_id}
        path = of(world.approved(patient, lines=[line]), "authorize")
        ready.append((patient.client, path, drawn(patient.client, path, world.choice(patient))))

    results = at_once(
        *[lambda by=by, path=path, body=body: by.write(path, body) for by, path, body in ready]
    )

    assert outcomes(results) == ["done"] + ["stock.out"] * (many - 1)
    item.refresh_from_db()
    assert (item.on_hand, item.reserved) == (1, 1)
    assert stockbooks.all_of(item) == []


@crowd
def test_one_code_is_scanned_in_by_one(world, many):
    """R14: two pharmacies, each many times; one box, and whose it is not has brought it in vain."""
    items = [a_new_shelf(world)]
    items.append(a_shelf(world.other_pharmacy, items[0].medicine, on_hand=0))
    sides = (world.pharmacist, world.other_pharmacist)
    codes = sorted(a_code() for _ in range(3))
    bodies = (
        of_goods(items[0].medicine_id, boxes=codes),
        of_goods(items[0].medicine_id, boxes=codes[::-1]),
    )

    results = at_once(
        *[
            lambda by=sides[turn % 2], body=bodies[turn // 2 % 2]: by.write(
                "/api/stock/receipts", body
            )
            for turn in range(many)
        ]
    )

    assert outcomes(results) == ["box.known"] * (many - 1) + ["done"]
    (lot,) = Lot.objects.filter(item__in=items)
    assert (lot.on_hand, lot.coded, lot.boxes.count()) == (30, 3, 3)
    assert Movement.objects.filter(lot__item__in=items).count() == 1
    loser = items[1 - items.index(lot.item)].pharmacy
    assert set(
        Collision.objects.filter(box__code__in=codes).values_list("pharmacy_id", flat=True)
    ) == {loser.id}
    assert [fault for item in items for fault in stockbooks.all_of(item)] == []


@crowd
def test_one_code_is_used_once(world, many):
    """R14, R2: for one prescription; whoever else named it takes another box."""
    item = a_new_shelf(world)
    lot, (code,) = a_boxed_lot(item, world.pharmacist, 1, loose=many)
    body = {"lines": {"1": 1}, "boxes": named(code)}
    ready = [scanned(world, world.a_patient(), item) for _ in range(many)]
    bodies = [(rx, drawn(world.pharmacist, of(rx, "dispense"), body)) for rx in ready]

    results = at_once(
        *[
            lambda rx=rx, one=one: world.pharmacist.write(of(rx, "dispense"), one)
            for rx, one in bodies
        ]
    )

    assert outcomes(results) == ["box.used"] * (many - 1) + ["done"]
    assert Box.objects.get(code=code).on_hand == 0
    used = BoxMove.objects.get(box__code=code, quantity__lt=0)
    assert used.movement is not None
    won = next(
        rx for (rx, _), one in zip(bodies, results, strict=True) if not isinstance(one, Exception)
    )
    assert str(used.movement.prescription_id) == won
    lot.refresh_from_db()
    assert (lot.on_hand, lot.coded) == (many, 0)
    assert stockbooks.all_of(item) == []
