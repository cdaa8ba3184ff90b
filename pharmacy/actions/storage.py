"""
Goods that come in travelled in the temperature class in which they are kept.

Source: GSP, checks of cold goods on receipt; from memory, unconfirmed.
"""

from __future__ import annotations

from hospital import errors
from pharmacy.models import StockItem


class StorageMissing(errors.Invalid):
    """What is kept cold came cold: say in which class it travelled."""

    code = "stock.storage_missing"


class OtherStorage(errors.Conflict):
    """It travelled in another temperature class than that in which it is kept here."""

    code = "stock.other_storage"


def check(item: StockItem, travelled: str) -> None:
    """``travelled``: in which class, empty if nobody said. Raises what stands above."""
    if not travelled and item.storage == StockItem.Storage.COLD:
        raise StorageMissing(field="storage")
    if travelled and travelled != item.storage:
        raise OtherStorage(storage=item.storage)
