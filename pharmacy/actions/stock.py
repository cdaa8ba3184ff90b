"""Stock: kept for a prescription, given back, taken. Never below zero, by constraint."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import F

from hospital import errors
from hospital.models import Organisation
from hospital.roles import Actor
from pharmacy import queries
from pharmacy.models import Reservation, StockItem
from prescriptions import lifecycle
from prescriptions.actions.judging import UnknownMedicine
from prescriptions.models import CHOSEN, Medicine, Prescription

Wanted = Mapping[str, tuple[str, int]]
"""Line number → (medicine code, dispensing units)."""

RELEASE_BATCH = 200


class NotStocked(errors.Conflict):
    """The pharmacy does not keep this medicine."""

    code = "stock.not_kept"


class OutOfStock(errors.Conflict):
    """The pharmacy has not enough of this medicine left."""

    code = "stock.out"


class LessThanReserved(errors.Conflict):
    """More of it is reserved for patients than would be left."""

    code = "stock.less_than_reserved"


@transaction.atomic(savepoint=False)
def set_item(medicine: str, *, price_fen: int, on_hand: int, by: Actor) -> StockItem:
    """
    What the caller's pharmacy has of a medicine and asks for one unit from now on.

    Raises:
        UnknownMedicine: the catalogue has no such code.
        LessThanReserved: see there.
    """
    if not Medicine.objects.filter(code=medicine).exists():
        raise UnknownMedicine(field="medicine")
    item, _ = StockItem.objects.get_or_create(
        pharmacy_id=by.organisation_id,
        medicine_id=medicine,
        defaults={"price_fen": price_fen, "on_hand": on_hand},
    )
    item = StockItem.objects.select_for_update().get(id=item.id)
    if on_hand < item.reserved:
        raise LessThanReserved(reserved=item.reserved)
    item.price_fen, item.on_hand = price_fen, on_hand
    item.save(update_fields=["price_fen", "on_hand"])
    return item


def prices(pharmacy: Organisation, wanted: Wanted) -> dict[str, int]:
    """Line number → fen for its units at this pharmacy. Raises ``NotStocked``."""
    items = {item.medicine_id: item for item in queries.items(pharmacy, _codes(wanted))}
    for line, (code, _) in wanted.items():
        if code not in items:
            raise NotStocked(line=line)
    return {line: items[code].price_fen * units for line, (code, units) in wanted.items()}


def reserve(prescription: Prescription, pharmacy: Organisation, wanted: Wanted) -> None:
    """
    Keep all units for a prescription whose row the caller holds, or nothing.

    Items are locked in the order of their ids, so two baskets never wait for each other.
    Raises ``NotStocked`` or ``OutOfStock``, naming the line.
    """
    locked = queries.items(pharmacy, _codes(wanted)).select_for_update().order_by("id")
    items = {item.medicine_id: item for item in locked}
    for line, (code, units) in wanted.items():
        item = items.get(code)
        if item is None:
            raise NotStocked(line=line)
        if item.on_hand - item.reserved < units:
            raise OutOfStock(line=line, left=item.on_hand - item.reserved)
        item.reserved += units
    StockItem.objects.bulk_update(items.values(), ["reserved"])
    units_of: dict[int, int] = {}
    for code, units in wanted.values():
        units_of[items[code].id] = units_of.get(items[code].id, 0) + units
    Reservation.objects.bulk_create(
        Reservation(prescription=prescription, item_id=item, quantity=units)
        for item, units in units_of.items()
    )


def release(prescription: Prescription) -> int:
    """Give back what is held for a prescription whose row the caller holds; how many items."""
    return _end(prescription.id, Reservation.State.RELEASED)


def take(prescription: Prescription) -> int:
    """The held units leave the shelf; the caller holds the prescription's row."""
    return _end(prescription.id, Reservation.State.TAKEN)


def release_closed() -> int:
    """Release what is held for prescriptions that have no pharmacy any more; how many of those."""
    return sum(_release_closed(one) for one in queries.held_in_vain()[:RELEASE_BATCH])


@transaction.atomic
def _release_closed(prescription_id: UUID) -> bool:
    prescription = lifecycle.lock(prescription_id)
    return prescription.status not in CHOSEN and release(prescription) > 0


def _end(prescription_id: UUID, state: Reservation.State) -> int:
    held = list(
        Reservation.objects.filter(
            prescription_id=prescription_id, state=Reservation.State.HELD
        ).order_by("item_id")
    )
    for reservation in held:
        leaves = {"on_hand": F("on_hand") - reservation.quantity}
        StockItem.objects.filter(id=reservation.item_id).update(
            reserved=F("reserved") - reservation.quantity,
            **(leaves if state is Reservation.State.TAKEN else {}),
        )
    return Reservation.objects.filter(id__in=[one.id for one in held]).update(state=state)


def _codes(wanted: Wanted) -> set[str]:
    return {code for code, _ in wanted.values()}
