"""
Goods come in by lot, are counted, and are put aside: every unit's way is a ``Movement``.

The item's row is locked first, as by whoever reserves or gives out. A difference that a count finds
is corrected at once, with a reason; of narcotics and psychotropics of class I when a second person
has confirmed it.

Source: regulation on narcotics and psychotropics (State Council order 442): ledgers of their own
(专用账册), books and goods agree (账物相符), two persons; from memory, unconfirmed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import calendar, errors
from hospital.roles import Actor
from ledger import commitments
from pharmacy import queries, queries_stock
from pharmacy.actions import boxes, storage
from pharmacy.actions.lots import CameBack, UnknownLot, check_not_recalled
from pharmacy.actions.stock import NotStocked
from pharmacy.lots import Count, Lot, Movement, Placing, commitment
from pharmacy.models import StockItem
from prescriptions.permissions import SamePharmacist

SHELF_MAX = 1_000_000_000
"""Units of one medicine in one pharmacy: far from what a column holds."""


class ExpiredGoods(errors.Invalid):
    """What has expired is not received."""

    code = "lot.expired"


class OtherExpiry(errors.Conflict):
    """This lot lies there with another expiry; one of the two is wrong."""

    code = "lot.other_expiry"


class ReasonMissing(errors.Invalid):
    """Say why: a difference, or what is put aside, has a reason."""

    code = "lot.reason_missing"


class LessThanReserved(errors.Conflict):
    """More of it is reserved for patients than would be left."""

    code = "stock.less_than_reserved"


class TooMuch(errors.Invalid):
    """No shelf holds so many units."""

    code = "stock.too_much"


class ColdChainBroken(errors.Conflict):
    """It is kept cold and came back from its way; it is not given out again."""

    code = "lot.cold_chain_broken"


class UnknownCount(errors.NotFound):
    """No such count waits for a second person here."""

    code = "count.unknown"


@dataclass(frozen=True, slots=True)
class Goods:
    """
    What a delivery note says of one lot; ``document``: its number.

    ``storage``: in which temperature class it travelled. ``boxes``: codes that were scanned, each
    on a box of ``box_units`` dispensing units; what is in none of them has no code.
    """

    medicine: str
    number: str
    expires_on: date
    units: int
    document: str
    storage: str = ""
    boxes: Sequence[str] = ()
    box_units: int = 1


@transaction.atomic(savepoint=False)
def receive(goods: Goods, *, by: Actor, at: datetime) -> Lot:
    """
    Put goods on the caller's shelf.

    Raises:
        NotStocked: the pharmacy has no price for it; it says first what it asks for one unit.
        ExpiredGoods, RecalledLot, OtherExpiry: see each.
        and what ``storage.check`` and ``boxes.scan`` raise.
    """
    if goods.expires_on < calendar.legal_day(at):
        raise ExpiredGoods(field="expires_on")
    items = StockItem.objects.select_for_update(of=("self",)).select_related("pharmacy")
    item = items.filter(pharmacy_id=by.organisation_id, medicine_id=goods.medicine).first()
    if item is None:
        raise NotStocked(field="medicine")
    storage.check(item, goods.storage)
    check_not_recalled(goods.medicine, goods.number)
    lot = lot_of(item, goods.number, goods.expires_on, at=at)
    move(lot, Movement.Kind.RECEIVED, goods.units, goods.document, by, at, storage=goods.storage)
    boxes.scan(lot, goods.boxes, goods.box_units, by=by, at=at)
    return lot


def lot_of(item: StockItem, number: str, expires_on: date, *, at: datetime) -> Lot:
    """The item's lot of this number, new if there is none. Raises ``OtherExpiry``."""
    lot = Lot.objects.filter(item=item, number=number, back_from=None).first()
    lot = lot or open_lot(item, number, expires_on, at=at)
    if lot.expires_on != expires_on:
        raise OtherExpiry(expires_on=lot.expires_on.isoformat())
    return lot


def open_lot(item: StockItem, number: str, expires_on: date, *, at: datetime) -> Lot:
    """A new lot, empty; the caller holds the item's row."""
    made = new_lot(item, number, expires_on, at=at)
    made.save(force_insert=True)
    return made


def new_lot(item: StockItem, number: str, expires_on: date, *, at: datetime) -> Lot:
    """The same, not stored yet."""
    salt = os.urandom(commitments.SALT_SIZE)
    named = commitment(salt, item.pharmacy.slug, item.medicine_id, number, expires_on)
    return Lot(
        item=item,
        number=number,
        expires_on=expires_on,
        salt=salt,
        commitment=named,
        created_at=at,
    )


@transaction.atomic
def open_with(
    items: Iterable[StockItem], number: str, expires_on: date, units: int, *, at: datetime
) -> list[Lot]:
    """What lay there when the books were opened: so many units of a new lot of each item."""
    made = [new_lot(item, number, expires_on, at=at) for item in items]
    Lot.objects.bulk_create(made)
    Movement.objects.bulk_create(
        Movement(lot=lot, kind=Movement.Kind.OPENED, quantity=units, at=at) for lot in made
    )
    return made


@transaction.atomic(savepoint=False)
def count(
    lot_id: UUID,
    units: int,
    reason: str,
    *,
    by: Actor,
    at: datetime,
    missing: Sequence[str] = (),
) -> Count:
    """
    Write down what was counted of a lot, and correct a difference, or have it confirmed first.

    A count that waits is replaced: the last one counts. ``missing``: codes of boxes that are not
    there any more, with what was left in them.

    Raises ``UnknownLot``, ``ReasonMissing``, ``LessThanReserved``, and what ``boxes.lose`` raises.
    """
    lot = lock_lot(lot_id, by)
    if units != lot.on_hand and not reason:
        raise ReasonMissing(field="reason")
    boxes.lose(lot, missing, units - lot.on_hand)
    queries_stock.waiting_counts(lot).update(state=Count.State.REPLACED)
    assert by.person is not None, "pharmacists are people"
    two = lot.item.medicine.control in queries.BOUND
    waits = two and units != lot.on_hand
    counted = Count.objects.create(
        lot=lot,
        units=units,
        expected=lot.on_hand,
        reason=reason,
        missing=list(missing),
        state=Count.State.WAITING if waits else Count.State.SETTLED,
        two=two,
        counter_id=by.account,
        counter_person_id=by.person,
        counted_at=at,
    )
    if not waits:
        _correct(lot, counted, by, at)
    return counted


@transaction.atomic(savepoint=False)
def confirm(count_id: UUID, *, by: Actor, at: datetime) -> Count:
    """
    Confirm, as the second person, a difference that a colleague counted; it is corrected.

    What moved since the count does not matter: the difference is corrected, not the sum.

    Raises ``UnknownCount``, ``LessThanReserved``.
    ``SamePharmacist``: the caller has counted it, from whatever account.
    """
    found = Count.objects.filter(id=count_id, lot__item__pharmacy_id=by.organisation_id).first()
    if found is None:
        raise UnknownCount
    lot = lock_lot(found.lot_id, by)
    counted = queries_stock.waiting_counts(lot).filter(id=count_id).first()
    if counted is None:
        raise UnknownCount
    if counted.counter_person_id == by.person:
        raise SamePharmacist
    counted.state, counted.confirmed_at = Count.State.SETTLED, at
    counted.confirmer_id, counted.confirmer_person_id = by.account, by.person
    counted.save(update_fields=["state", "confirmed_at", "confirmer", "confirmer_person"])
    _correct(lot, counted, by, at)
    return counted


@transaction.atomic(savepoint=False)
def put(lot_id: UUID, state: str, reason: str, *, by: Actor, at: datetime) -> Lot:
    """
    Put a lot aside, or back; a ``Placing`` says who did it, when and why.

    Raises ``UnknownLot``, ``ReasonMissing``, ``CameBack``, ``ColdChainBroken``.
    """
    lot = lock_lot(lot_id, by)
    if not reason:
        raise ReasonMissing(field="reason")
    if state == Lot.State.OPEN and lot.by_patient:
        raise CameBack
    came_back = lot.back_from_id is not None
    if state == Lot.State.OPEN and came_back and lot.item.storage == StockItem.Storage.COLD:
        raise ColdChainBroken
    lot.state, lot.state_reason = state, reason
    lot.save(update_fields=["state", "state_reason"])
    Placing.objects.create(lot=lot, state=state, reason=reason, by_id=by.account, at=at)
    return lot


def lock_lot(lot_id: UUID, by: Actor) -> Lot:
    """A lot of the caller's pharmacy, its item's row locked, then its own."""
    mine = StockItem.objects.filter(pharmacy_id=by.organisation_id, lots__id=lot_id)
    if mine.select_for_update(of=("self",)).first() is None:
        raise UnknownLot
    return (
        Lot.objects.select_for_update(of=("self",)).select_related("item__medicine").get(id=lot_id)
    )


def _correct(lot: Lot, counted: Count, by: Actor, at: datetime) -> None:
    more = counted.difference
    if not more and not counted.missing:
        return
    if lot.on_hand + more < 0 or lot.item.on_hand + more < lot.item.reserved:
        raise LessThanReserved(reserved=lot.item.reserved)
    lost = boxes.lose(lot, counted.missing, more)
    moved = move(lot, Movement.Kind.CORRECTED, more, counted.reason, by, at, count=counted)
    boxes.take(lost, [moved])


def move(
    lot: Lot,
    kind: Movement.Kind,
    quantity: int,
    reason: str,
    by: Actor,
    at: datetime,
    **more: Any,
) -> Movement:
    """Units come to a lot or leave it; the caller holds the item's row. Raises ``TooMuch``."""
    if lot.item.on_hand + quantity > SHELF_MAX:
        raise TooMuch(field="units", most=SHELF_MAX)
    moved = Movement.objects.create(
        lot=lot, kind=kind, quantity=quantity, reason=reason, by_id=by.account, at=at, **more
    )
    lot.refresh_from_db(fields=["on_hand"])
    return moved
