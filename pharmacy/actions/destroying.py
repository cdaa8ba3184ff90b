"""
What was put aside is destroyed: the only way out of what came back, and of what was recalled.

Source: regulation on narcotics and psychotropics (State Council order 442), destruction under
supervision by two; from memory, unconfirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.roles import Actor
from pharmacy import queries
from pharmacy.actions import boxes as boxed
from pharmacy.actions import receiving
from pharmacy.lots import Lot, Movement
from pharmacy.returns import Destruction
from prescriptions.permissions import SamePharmacist


class NotPutAside(errors.Conflict):
    """Put the lot aside first; what can be given out is not destroyed."""

    code = "lot.not_put_aside"


class DestructionWaits(errors.Conflict):
    """A destruction of this lot waits for its second person."""

    code = "destruction.waits"


class UnknownDestruction(errors.NotFound):
    """No such destruction waits for a second person here."""

    code = "destruction.unknown"


@transaction.atomic(savepoint=False)
def destroy(
    lot_id: UUID,
    units: int,
    document: str,
    *,
    by: Actor,
    at: datetime,
    boxes: Sequence[str] = (),
) -> Destruction:
    """
    Destroy units of a lot that is put aside; narcotics once a second person has confirmed it.
    ``boxes``: codes of the boxes among them, with what was left in them.

    Raises:
        lots.UnknownLot, NotPutAside, DestructionWaits: see each.
        receiving.LessThanReserved: so much does not lie there.
        And what ``boxes.lose`` raises.
    """
    lot = receiving.lock_lot(lot_id, by)
    if lot.state != Lot.State.QUARANTINED:
        raise NotPutAside
    _check_left(lot, units)
    boxed.lose(lot, boxes, -units)
    if Destruction.objects.filter(lot=lot, state=Destruction.State.WAITING).exists():
        raise DestructionWaits
    assert by.person is not None, "pharmacists are people"
    two = lot.item.medicine.control in queries.BOUND
    made = Destruction.objects.create(
        lot=lot,
        units=units,
        document=document,
        boxes=list(boxes),
        state=Destruction.State.WAITING if two else Destruction.State.DONE,
        two=two,
        by_id=by.account,
        person_id=by.person,
        at=at,
    )
    if not two:
        _leave(lot, made, by, at)
    return made


@transaction.atomic(savepoint=False)
def confirm(destruction_id: UUID, *, by: Actor, at: datetime) -> Destruction:
    """
    Confirm, as the second person who was there, that a narcotic was destroyed.

    Raises ``UnknownDestruction``, ``SamePharmacist``, ``receiving.LessThanReserved``.
    """
    mine = Destruction.objects.filter(lot__item__pharmacy_id=by.organisation_id)
    found = mine.filter(id=destruction_id).first()
    if found is None:
        raise UnknownDestruction
    lot = receiving.lock_lot(found.lot_id, by)
    made = mine.filter(id=destruction_id, state=Destruction.State.WAITING).first()
    if made is None:
        raise UnknownDestruction
    if made.person_id == by.person:
        raise SamePharmacist
    _check_left(lot, made.units)
    made.state, made.witnessed_at = Destruction.State.DONE, at
    made.witness_id, made.witness_person_id = by.account, by.person
    made.save(update_fields=["state", "witnessed_at", "witness", "witness_person"])
    _leave(lot, made, by, at)
    return made


def _check_left(lot: Lot, units: int) -> None:
    if units > lot.on_hand or lot.item.on_hand - units < lot.item.reserved:
        raise receiving.LessThanReserved(reserved=lot.item.reserved)


def _leave(lot: Lot, made: Destruction, by: Actor, at: datetime) -> None:
    lost = boxed.lose(lot, made.boxes, -made.units)
    left = Movement.objects.create(
        lot=lot,
        kind=Movement.Kind.DESTROYED,
        quantity=-made.units,
        reason=made.document,
        by_id=by.account,
        at=at,
        destruction=made,
    )
    boxed.take(lost, [left])
