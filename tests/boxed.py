"""Boxes of tests: every one has a code that no other test uses."""

from __future__ import annotations

import itertools
import random
from typing import Any

from django.utils import timezone

from hospital.client import Client
from hospital.models import Account
from pharmacy.actions import boxing
from pharmacy.models import Lot, StockItem
from tests.shelves import a_lot

_numbers = itertools.count(random.SystemRandom().randrange(10**12))


def a_code() -> str:
    """Eight digits of a product, and a serial number."""
    return f"81234567{next(_numbers) % 10**12:012d}"


def codes(many: int) -> list[str]:
    return [a_code() for _ in range(many)]


def a_boxed_lot(
    item: StockItem, by: Client, many: int, units: int = 1, loose: int = 0, **more: Any
) -> tuple[Lot, list[str]]:
    """A lot of so many boxes of ``units`` each, and some units without a code."""
    lot, scanned = a_lot(item, many * units + loose, **more), codes(many)
    actor = Account.objects.select_related("organisation").get(id=by.account).actor
    boxing.scan_in(lot.id, scanned, units, by=actor, at=timezone.now())
    lot.refresh_from_db()
    return lot, scanned


def named(*boxes: str, units: int = 1) -> list[dict[str, Any]]:
    """As an input of a dispensing names boxes."""
    return [{"code": code, "units": units} for code in boxes]
