"""
Stock: kept for a prescription, given back, taken. Never below zero, by constraint.

What has expired, is recalled or quarantined lies there, and is kept for nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from hospital import calendar, errors
from hospital.models import Organisation
from hospital.roles import Actor
from ledger import chain
from pharmacy import queries, queries_stock, recalls
from pharmacy.actions import boxes, lots
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


@transaction.atomic(savepoint=False)
def set_item(medicine: str, *, price_fen: int, storage: str, by: Actor) -> StockItem:
    """
    What the caller's pharmacy asks for one unit of a medicine from now on, and how it is kept.

    Raises:
        UnknownMedicine: the catalogue has no such code.
    """
    if not Medicine.objects.filter(code=medicine).exists():
        raise UnknownMedicine(field="medicine")
    item, _ = StockItem.objects.get_or_create(
        pharmacy_id=by.organisation_id, medicine_id=medicine, defaults={"price_fen": price_fen}
    )
    item = StockItem.objects.select_for_update().get(id=item.id)
    item.price_fen, item.storage = price_fen, storage
    item.save(update_fields=["price_fen", "storage"])
    return item


def prices(pharmacy: Organisation, wanted: Wanted) -> dict[str, int]:
    """Line number → fen for its units at this pharmacy. Raises ``NotStocked``."""
    items = {item.medicine_id: item for item in queries.items(pharmacy, _codes(wanted))}
    for line, (code, _) in wanted.items():
        if code not in items:
            raise NotStocked(line=line)
    return {line: items[code].price_fen * units for line, (code, units) in wanted.items()}


def reserve(
    prescription: Prescription, pharmacy: Organisation, wanted: Wanted, *, at: datetime
) -> None:
    """
    Keep all units for a prescription whose row the caller holds, or nothing.

    What cannot be given out today is kept for nobody; asked when the items are locked.

    Items are locked in the order of their ids, so two baskets never wait for each other.
    Raises ``NotStocked`` or ``OutOfStock``, naming the line.
    """
    locked = queries.items(pharmacy, _codes(wanted)).select_for_update().order_by("id")
    items = {item.medicine_id: item for item in locked}
    recalls.hold(items)
    withheld = queries_stock.withheld([one.id for one in items.values()], calendar.legal_day(at))
    for line, (code, units) in wanted.items():
        item = items.get(code)
        if item is None:
            raise NotStocked(line=line)
        left = item.on_hand - item.reserved - withheld.get(item.id, 0)
        if left < units:
            raise OutOfStock(line=line, left=max(left, 0))
        item.reserved += units
    StockItem.objects.bulk_update(items.values(), ["reserved"])
    lines_of: dict[int, dict[str, int]] = defaultdict(dict)
    for line, (code, units) in wanted.items():
        lines_of[items[code].id][line] = units
    Reservation.objects.bulk_create(
        Reservation(
            prescription=prescription, item_id=item, quantity=sum(lines.values()), lines=lines
        )
        for item, lines in lines_of.items()
    )


def release(prescription: Prescription) -> int:
    """Give back what is held for a prescription whose row the caller holds; how many items."""
    held = list(
        Reservation.objects.filter(
            prescription=prescription, state=Reservation.State.HELD
        ).order_by("item_id")
    )
    for reservation in held:
        StockItem.objects.filter(id=reservation.item_id).update(
            reserved=F("reserved") - reservation.quantity
        )
    return _end(held, Reservation.State.RELEASED)


def hold_instead(
    prescription: Prescription, pharmacy: Organisation, wanted: Wanted, *, at: datetime
) -> None:
    """
    Keep these units in place of those that are held; raises as ``reserve``.

    All items of both are locked first, in the order of their ids, as everywhere.
    """
    former = Reservation.objects.filter(prescription=prescription, state=Reservation.State.HELD)
    mine = Q(pharmacy=pharmacy, medicine_id__in=_codes(wanted))
    both = StockItem.objects.filter(mine | Q(id__in=former.values("item_id")))
    list(both.select_for_update().order_by("id").values_list("id"))
    release(prescription)
    reserve(prescription, pharmacy, wanted, at=at)


def take(
    prescription: Prescription,
    given: lots.Given,
    entry: chain.Appended,
    *,
    by: Actor,
    at: datetime,
) -> int:
    """
    The given ones of the held units leave the shelf by their lots, with the entry that says so; the
    others stay there and are free again. How many items.

    The caller holds the prescription's row. Raises what ``lots.choose`` and ``boxes.choose`` raise.
    """
    held = queries_stock.lock_held_for(prescription)
    recalls.hold(one.item.medicine_id for one in held)
    for reservation in held:
        reservation.item.reserved -= reservation.quantity
    StockItem.objects.bulk_update([one.item for one in held], ["reserved"])
    leaving = lots.of_lines(held, given.lines)
    taken = lots.choose(leaving, given.lots, at=at)
    out_of = boxes.choose(taken, given.lots.boxes)
    boxes.take(out_of, lots.take(prescription, taken, given.lots, entry, by=by, at=at))
    Reservation.objects.bulk_update(leaving, ["quantity", "lines"])
    staying = [one for one in held if one not in leaving]
    return _end(staying, Reservation.State.RELEASED) + _end(leaving, Reservation.State.TAKEN)


def release_closed() -> int:
    """Release what is held for prescriptions that have no pharmacy any more; how many of those."""
    return sum(_release_closed(one) for one in queries.held_in_vain()[:RELEASE_BATCH])


@transaction.atomic
def _release_closed(prescription_id: UUID) -> bool:
    prescription = lifecycle.lock(prescription_id)
    return prescription.status not in CHOSEN and release(prescription) > 0


def _end(held: Sequence[Reservation], state: Reservation.State) -> int:
    return Reservation.objects.filter(id__in=[one.id for one in held]).update(state=state)


def _codes(wanted: Wanted) -> set[str]:
    return {code for code, _ in wanted.values()}
