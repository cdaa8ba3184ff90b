"""Shelves of tests: what lies there is a lot."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from hospital import calendar
from hospital.models import Organisation
from pharmacy.actions import receiving
from pharmacy.models import Lot, StockItem
from prescriptions.models import Medicine

NUMBER = "测20260801"
LATER = timedelta(days=3_000)
"""Long enough for tests that travel in time."""


def a_shelf(
    pharmacy: Organisation, medicine: Medicine, *, on_hand: int, price_fen: int = 100, **more: Any
) -> StockItem:
    """An item with one lot of ``on_hand`` units, which expires long after the test."""
    item = StockItem.objects.create(
        pharmacy=pharmacy, medicine=medicine, price_fen=price_fen, **more
    )
    if on_hand:
        a_lot(item, on_hand)
    item.refresh_from_db()
    return item


def a_lot(item: StockItem, units: int, number: str = NUMBER, expires_on: date | None = None) -> Lot:
    """So many units more on a shelf, in a lot of their own."""
    now = timezone.now()
    until = expires_on or calendar.legal_day(now) + LATER
    (made,) = receiving.open_with([item], number, until, units, at=now)
    made.refresh_from_db()
    return made
