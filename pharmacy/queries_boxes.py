"""What can be asked about boxes and what is on its way; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import F, Q

from hospital import paging
from pharmacy.boxes import Box, BoxMove, Collision
from pharmacy.consignments import Consignment
from pharmacy.lots import Movement
from prescriptions.models import Prescription


def with_codes(codes: Collection[str]) -> list[Box]:
    """The boxes with these codes, at whatever pharmacy, in the order of their codes."""
    found = Box.objects.filter(code__in=codes).select_related("lot__item")
    return list(found.order_by("code"))


def lock(codes: Collection[str], among: Collection[UUID]) -> list[Box]:
    """The boxes with these codes that lie in these lots, locked in the order of their ids."""
    found = Box.objects.filter(code__in=codes, lot_id__in=among, consignment=None)
    return list(found.select_for_update().order_by("id"))


def in_lot(lot: UUID, wanted: paging.Wanted) -> tuple[list[Box], paging.Cursor | None]:
    """A page of the boxes of a lot that are not empty, the newest first."""
    rows = Box.objects.filter(lot_id=lot, on_hand__gt=0).annotate(created_at=F("scanned_at"))
    return paging.newest_first(rows, wanted)


def moves_of(box: Box, pharmacy: int | None) -> list[BoxMove]:
    """A box's way in order, as far as it went through one pharmacy; None: all of it."""
    rows = BoxMove.objects.filter(box=box).select_related("lot__item__pharmacy", "movement")
    return list((rows.filter(lot__item__pharmacy_id=pharmacy) if pharmacy else rows).order_by("id"))


def was_at(box: Box, pharmacy: int | None) -> bool:
    return BoxMove.objects.filter(box=box, lot__item__pharmacy_id=pharmacy).exists()


def collisions(
    wanted: paging.Wanted, box: Box | None = None
) -> tuple[list[Collision], paging.Cursor | None]:
    """A page of the codes that were brought a second time, the newest first."""
    rows = Collision.objects.select_related("box__lot__item__pharmacy", "pharmacy")
    rows = rows.filter(box=box) if box else rows
    return paging.newest_first(rows.annotate(created_at=F("at")), wanted)


def given_out(prescription: Prescription) -> list[Movement]:
    """What left a shelf for a prescription, lot by lot, with the boxes it came out of."""
    rows = Movement.objects.filter(prescription=prescription, kind=Movement.Kind.DISPENSED)
    rows = rows.select_related("lot__item").prefetch_related("box_moves__box")
    return list(rows.order_by("id"))


def consignments_of(
    pharmacy: int | None, wanted: paging.Wanted
) -> tuple[list[Consignment], paging.Cursor | None]:
    """A page of what a pharmacy sent or was sent, the newest first."""
    rows = Consignment.objects.filter(Q(sender_id=pharmacy) | Q(receiver_id=pharmacy))
    rows = rows.select_related("lot__item", "sender", "receiver").prefetch_related("boxes")
    return paging.newest_first(rows, wanted)
