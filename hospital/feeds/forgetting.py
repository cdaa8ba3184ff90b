"""Feeds are kept for a while, and forgotten from their beginning on, so that none has a hole."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from django.db import transaction

from hospital.feeds.models import Delivery, Feed, Item

KEPT: Final = timedelta(days=90)
"""The number is ours: longer than any try lasts, and the ledger itself forgets nothing."""
AT_ONCE: Final = 1_000


def forget_old(*, at: datetime) -> int:
    """Forget what is older than ``KEPT``, some of each feed; how many items."""
    return sum(_forget(one, at - KEPT) for one in Feed.objects.values_list("pk", flat=True))


@transaction.atomic(savepoint=False)
def _forget(organisation: int, before: datetime) -> int:
    feed = Feed.objects.select_for_update(no_key=True).get(organisation=organisation)
    rows = Item.objects.filter(organisation_id=organisation, sequence__gt=feed.forgotten)
    oldest = rows.order_by("sequence").values_list("sequence", "at")[:AT_ONCE]
    old = [number for number, _ in takewhile(lambda one: one[1] < before, oldest)]
    if not old:
        return 0
    feed.forgotten = old[-1] or 0
    feed.save(update_fields=["forgotten"])
    gone = rows.filter(sequence__lte=feed.forgotten)
    Delivery.objects.filter(item__in=gone).delete()
    gone.delete()
    return len(old)
