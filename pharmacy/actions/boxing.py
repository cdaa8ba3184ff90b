"""Boxes that lie in a lot already are scanned in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital.roles import Actor
from pharmacy.actions import boxes, receiving
from pharmacy.lots import Lot


@transaction.atomic(savepoint=False)
def scan_in(lot_id: UUID, codes: Sequence[str], units: int, *, by: Actor, at: datetime) -> Lot:
    """
    Scan boxes of a lot of the caller's pharmacy, each of ``units``; nothing moves.

    Raises ``UnknownLot``, and what ``boxes.scan`` raises.
    """
    lot = receiving.lock_lot(lot_id, by)
    boxes.scan(lot, codes, units, by=by, at=at)
    return lot
