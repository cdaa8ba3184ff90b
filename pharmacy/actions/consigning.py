"""
Goods go from one pharmacy to another (调拨): a pharmacist of each does one half.

The sender takes units of one lot off the shelf, with their boxes; the receiver puts them on its
own, in the same lot, or refuses, and the sender takes them back. Each half is a ``Movement`` of its
consignment, so nothing is lost between them. Narcotics and psychotropics of class I stay where
they are; what has expired, is recalled or quarantined is not sent, and not accepted either. What
is recalled on its way goes back to its sender, who puts it aside.

The consignment's row is locked before the item's.

Source: GSP, checks on receipt and storage by temperature class; order 442 for narcotics; both from
memory, unconfirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import calendar, errors
from hospital.models import Organisation
from hospital.roles import Actor, OrganisationKind
from pharmacy import queries, queries_stock
from pharmacy.actions import boxes, receiving
from pharmacy.actions import storage as storage_classes
from pharmacy.actions.lots import TooFewInLot, UnusableLot, check_not_recalled
from pharmacy.actions.reconciling import UnknownPharmacy
from pharmacy.actions.stock import NotStocked
from pharmacy.boxes import Box
from pharmacy.consignments import Consignment
from pharmacy.lots import Lot, Movement
from pharmacy.models import StockItem


class NotTransferred(errors.Forbidden):
    """Narcotics and psychotropics of class I are not sent to other pharmacies."""

    code = "consignment.controlled"


class UnknownConsignment(errors.NotFound):
    """No such consignment is yours to answer."""

    code = "consignment.unknown"


class Ended(errors.Conflict):
    """The consignment was answered already."""

    code = "consignment.ended"


@dataclass(frozen=True, slots=True)
class Goods:
    """
    What is sent: units of a lot to the pharmacy ``to``, a slug.

    ``boxes``: codes of the sealed boxes among them; a box that was opened stays.
    """

    lot: UUID
    to: str
    units: int
    boxes: Sequence[str] = ()


@transaction.atomic(savepoint=False)
def send(goods: Goods, *, by: Actor, at: datetime) -> Consignment:
    """
    Take goods off the caller's shelf and send them to another pharmacy.

    Raises:
        UnknownPharmacy: there is none, or it is the caller's own.
        UnknownLot, RecalledLot, UnusableLot, NotTransferred, TooFewInLot, LessThanReserved, and
            what ``boxes.whole`` raises.
    """
    receiver = _pharmacy(goods.to, by)
    lot = receiving.lock_lot(goods.lot, by)
    _check(lot, goods.units, at)
    out = boxes.whole(lot, goods.boxes, goods.units)
    sent = Consignment.objects.create(
        lot=lot,
        sender_id=lot.item.pharmacy_id,
        receiver=receiver,
        units=goods.units,
        storage=lot.item.storage,
        sent_by_id=by.account,
        created_at=at,
    )
    left = receiving.move(lot, Movement.Kind.SENT, -goods.units, "", by, at, consignment=sent)
    boxes.take(out, [left])
    Box.objects.filter(id__in=[one.id for one, _ in out]).update(consignment=sent)
    return sent


@transaction.atomic(savepoint=False)
def accept(consignment: UUID, storage: str, *, by: Actor, at: datetime) -> Consignment:
    """
    Put what another pharmacy sent on the caller's shelf; ``storage``: in which class it travelled.

    Raises:
        UnknownConsignment, Ended: see each.
        NotStocked: the pharmacy has no price for it; it says first what it asks for one unit.
        RecalledLot: it was recalled on its way.
        UnusableLot: it expired on its way, or its sender has put the rest of the lot aside.
        receiving.OtherExpiry, and what ``storage.check`` raises.
    """
    coming = _lock(consignment, (Consignment.State.SENT,), receiver_id=by.organisation_id)
    lot = coming.lot
    if not lot.usable(calendar.legal_day(at)):
        raise UnusableLot(lot=lot.number)
    shelf = StockItem.objects.select_for_update(of=("self",)).select_related("pharmacy")
    item = shelf.filter(pharmacy=coming.receiver, medicine=lot.item.medicine_id).first()
    if item is None:
        raise NotStocked(field="medicine")
    if item.storage != coming.storage:
        raise storage_classes.OtherStorage(storage=item.storage)
    storage_classes.check(item, storage)
    check_not_recalled(item.medicine_id, lot.number)
    there = receiving.lot_of(item, lot.number, lot.expires_on, at=at)
    there.item = item
    coming.answered_by_id, coming.answered_at = by.account, at
    return _arrive(coming, there, Consignment.State.ACCEPTED, by, at)


@transaction.atomic(savepoint=False)
def refuse(consignment: UUID, reason: str, *, by: Actor, at: datetime) -> Consignment:
    """
    Do not take what another pharmacy sent; it is on its way until its sender has it again.

    Raises ``UnknownConsignment``, ``Ended``.
    """
    coming = _lock(consignment, (Consignment.State.SENT,), receiver_id=by.organisation_id)
    coming.state, coming.reason = Consignment.State.REFUSED, reason
    coming.answered_by_id, coming.answered_at = by.account, at
    coming.save()
    return coming


@transaction.atomic(savepoint=False)
def take_back(consignment: UUID, reason: str, *, by: Actor, at: datetime) -> Consignment:
    """
    Put what the caller's pharmacy sent, and nobody took, back into its lot; its first reason stays.

    Raises ``UnknownConsignment``, ``Ended``.
    """
    coming = _lock(consignment, Consignment.ON_THE_WAY, sender_id=by.organisation_id)
    lot = receiving.lock_lot(coming.lot_id, by)
    coming.reason = coming.reason or reason
    coming.returned_by_id, coming.returned_at = by.account, at
    return _arrive(coming, lot, Consignment.State.RETURNED, by, at)


def _arrive(
    coming: Consignment, lot: Lot, state: Consignment.State, by: Actor, at: datetime
) -> Consignment:
    """All of it lies in this lot; the caller holds the item's row."""
    coming.state, coming.arrived_in = state, lot
    coming.save()
    arrived = receiving.move(
        lot,
        Movement.Kind.ARRIVED,
        coming.units,
        coming.reason,
        by,
        at,
        consignment=coming,
        storage=coming.storage,
    )
    boxes.put(list(coming.boxes.select_for_update().order_by("id")), arrived)
    return coming


def _lock(
    consignment: UUID, states: Sequence[Consignment.State], **whose: int | None
) -> Consignment:
    rows = Consignment.objects.select_related("lot__item", "receiver")
    found = rows.select_for_update(of=("self",)).filter(id=consignment, **whose).first()
    if found is None:
        raise UnknownConsignment
    if found.state not in states:
        raise Ended(state=found.state)
    return found


def _check(lot: Lot, units: int, at: datetime) -> None:
    if lot.item.medicine.control in queries.BOUND:
        raise NotTransferred
    check_not_recalled(lot.item.medicine_id, lot.number)
    day = calendar.legal_day(at)
    if not lot.usable(day):
        raise UnusableLot(lot=lot.number)
    if units > lot.on_hand:
        raise TooFewInLot(lot=lot.number, left=lot.on_hand)
    item = lot.item
    usable = item.on_hand - queries_stock.withheld([item.id], day).get(item.id, 0)
    if usable - units < item.reserved:
        raise receiving.LessThanReserved(reserved=item.reserved)


def _pharmacy(slug: str, by: Actor) -> Organisation:
    others = Organisation.objects.filter(kind=OrganisationKind.PHARMACY)
    found = others.exclude(id=by.organisation_id).filter(slug=slug).first()
    if found is None:
        raise UnknownPharmacy
    return found
