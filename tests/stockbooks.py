"""Books and goods: what holds of all shelves, lots and movements, whatever happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from ledger.entry import Statement
from pharmacy.lots import commitment
from pharmacy.models import Box, Consignment, Lot, Movement, Reservation, Return, StockItem
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.models import Prescription, Status

DISPENSE = "pharmacy.dispense"


def faults(ways: Mapping[str, list[Statement]]) -> Iterator[str]:
    yield from the_stock_equation()
    yield from the_boxes()
    yield from the_consignments()
    yield from what_left_for_a_prescription(ways)
    yield from what_came_back()


def the_stock_equation(**only: Any) -> Iterator[str]:
    """Σ movements = a lot's units; Σ lots = an item's. ``only`` narrows the items."""
    of_lots = Coalesce(Sum("movements__quantity"), 0)
    lots = Lot.objects.filter(**{f"item__{name}": value for name, value in only.items()})
    for lot in lots.annotate(moved=of_lots).exclude(moved=F("on_hand")):
        yield f"lot {lot.number}: {lot.on_hand} on hand, {lot.moved} moved"
    of_items = Coalesce(Sum("lots__on_hand"), 0)
    items = StockItem.objects.filter(**only).annotate(lies=of_items)
    for item in items.filter(~Q(lies=F("on_hand")) | Q(reserved__gt=F("on_hand"))):
        yield f"item {item.id}: {item.on_hand} on hand, {item.reserved} reserved, {item.lies} lie"


def all_of(item: StockItem) -> list[str]:
    """What does not hold of one item."""
    return [*the_stock_equation(id=item.id), *the_boxes(id=item.id)]


def the_boxes(**only: Any) -> Iterator[str]:
    """
    Σ moves = what is left in a box; Σ boxes = what lies coded in a lot, which is no more than lies
    there; out of boxes goes no more than the movement moves, and into them no more than it brings.
    """
    lots = Lot.objects.filter(**{f"item__{name}": value for name, value in only.items()})
    boxes = Box.objects.filter(lot__in=lots)
    moved = Coalesce(Sum("moves__quantity"), 0)
    for box in boxes.annotate(moved=moved).exclude(moved=F("on_hand")):
        yield f"box {box.code}: {box.on_hand} left, {box.moved} moved"
    for full in boxes.exclude(on_hand__range=(0, F("holds"))):
        yield f"box {full.code}: {full.on_hand} of {full.holds}"
    for lot in lots.annotate(boxed=Coalesce(Sum("boxes__on_hand"), 0)):
        if lot.boxed != lot.coded or lot.coded > lot.on_hand:
            yield f"lot {lot.number}: {lot.coded} coded, {lot.boxed} boxed, {lot.on_hand} on hand"
    movements = Movement.objects.filter(lot__in=lots, box_moves__isnull=False)
    for one in movements.annotate(boxed=Sum("box_moves__quantity")):
        if one.boxed * one.quantity < 0 or abs(one.boxed) > abs(one.quantity):
            yield f"movement {one.id}: {one.quantity} moved, {one.boxed} of boxes"


def the_consignments() -> Iterator[str]:
    """Over all pharmacies: what was sent arrived, or is on its way; with the same boxes."""
    for one in Consignment.objects.prefetch_related("movements__box_moves"):
        on_its_way = one.state in Consignment.ON_THE_WAY
        moved = {move.kind: move for move in one.movements.all()}
        if set(moved) != ({"sent"} if on_its_way else {"sent", "arrived"}):
            yield f"consignment {one.id} is {one.state}, and has {sorted(moved)}"
        if any(abs(move.quantity) != one.units for move in moved.values()):
            yield f"consignment {one.id}: other units arrived than were sent"
        went = [
            {(box.box_id, abs(box.quantity)) for box in move.box_moves.all()}
            for move in moved.values()
        ]
        if any(boxes != went[0] for boxes in went):
            yield f"consignment {one.id}: other boxes arrived than were sent"
        if on_its_way != one.boxes.exists() and went[0]:
            yield f"consignment {one.id} is {one.state}: its boxes are not"


def what_left_for_a_prescription(ways: Mapping[str, list[Statement]]) -> Iterator[str]:
    """As many units left the lots as were taken; of narcotics, those that the entry names."""
    moved: dict[Any, Counter[str]] = defaultdict(Counter)
    units: Counter[tuple[Any, int]] = Counter()
    given_out = Movement.objects.filter(kind=Movement.Kind.DISPENSED)
    for one in given_out.select_related("lot__item__pharmacy"):
        lot = one.lot
        moved[one.prescription_id][lot.commitment] -= one.quantity
        units[one.prescription_id, lot.item_id] -= one.quantity
        said = (lot.item.pharmacy.slug, lot.item.medicine_id, lot.number, lot.expires_on)
        if commitment(bytes(lot.salt), *said) != lot.commitment:
            yield f"lot {lot.number} is not what it committed to"
    for held in Reservation.objects.filter(state=Reservation.State.TAKEN):
        units[held.prescription_id, held.item_id] -= held.quantity
    for (rx, item), more in units.items():
        if more:
            yield f"prescription {rx}: {more} units of item {item} more left than were taken"
    two = [form.value for form in TWO_PHARMACISTS]
    for rx in Prescription.objects.filter(form__in=two, id__in=list(moved)):
        entry = next(one for one in reversed(ways[rx.subject]) if one.kind == DISPENSE)
        if entry.facts["lots"] != dict(moved[rx.id]):
            yield f"{rx.subject}: the entry names other lots than the units left"


def what_came_back() -> Iterator[str]:
    """
    Of what was not delivered all that had left, to lots of its own; of what was, what its returns
    say, to lots that stay aside.
    """
    units: dict[Any, Counter[tuple[str, Any]]] = defaultdict(Counter)
    back: dict[Any, Counter[tuple[str, Any]]] = defaultdict(Counter)
    kinds = {Movement.Kind.DISPENSED: (units, -1), Movement.Kind.RETURNED: (back, 1)}
    for one in Movement.objects.filter(kind__in=kinds).select_related("lot", "prescription"):
        books, sign = kinds[Movement.Kind(one.kind)]
        books[one.prescription_id][one.lot.number, one.lot.item_id] += sign * one.quantity
        if sign > 0 and one.lot.back_from_id != one.prescription_id:
            yield f"lot {one.lot.number} holds what another prescription brought back"
        undelivered = one.prescription and one.prescription.status == Status.UNDELIVERED
        if sign > 0 and one.lot.by_patient == undelivered:
            yield f"lot {one.lot.number} holds what nobody, or the patient, had"
    for rx in Prescription.objects.filter(id__in=[*units, *back]):
        came = units[rx.id] if rx.status == Status.UNDELIVERED else _brought_back(rx)
        if back[rx.id] != came:
            yield f"{rx.subject} is {rx.status}: {back[rx.id]} came back of {units[rx.id]}"


def _brought_back(rx: Prescription) -> Counter[tuple[str, Any]]:
    """By lots, as its returns say; of each line at most what was given."""
    units: Counter[tuple[str, Any]] = Counter()
    for one in Return.objects.filter(prescription=rx):
        lots = Lot.objects.in_bulk([UUID(lot) for lot in one.lots])
        for lot, some in one.lots.items():
            left = lots[UUID(lot)]
            units[left.number, left.item_id] += some
    return units
