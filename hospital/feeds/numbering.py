"""
Items get their numbers after they were committed: so a cursor never skips one that came late.

Ids are drawn before the commit and transactions end in another order; a reader who goes by ids
passes over what is committed behind its back. Here only committed items are numbered, under the
lock of the feed's row: whatever is committed later has a higher number. Per subject numbers rise
with the versions, because ids do, and a version is committed before the next one draws its id.

From a number on, an endpoint's deliveries are made (``fan_out``), never more than ``WINDOW`` that
wait: what an endpoint is behind with lies in the feed and not in a table of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from hospital.feeds.models import Delivery, Endpoint, Feed, Item

AT_ONCE: Final = 1_000
WINDOW: Final = 500


def number_all(*, at: datetime) -> int:
    """Number what is new and make deliveries of it; how many items got a number."""
    new = Item.objects.filter(sequence=None).order_by().values_list("organisation", flat=True)
    numbered = sum(number(organisation) for organisation in sorted(set(new.distinct())))
    behind = Endpoint.objects.filter(state=Endpoint.State.ACTIVE)
    behind = behind.filter(organisation__feed__last__gt=F("reached"))
    for endpoint in behind.values_list("id", flat=True):
        fan_out(endpoint, at=at)
    return numbered


@transaction.atomic(savepoint=False)
def number(organisation: int) -> int:
    """
    Number an organisation's committed items, ``AT_ONCE`` at most; how many.

    Whoever comes while another numbers does nothing.
    """
    Feed.objects.bulk_create([Feed(organisation_id=organisation)], ignore_conflicts=True)
    feeds = Feed.objects.select_for_update(skip_locked=True, no_key=True)
    feed = feeds.filter(organisation=organisation).first()
    if feed is None:
        return 0
    with connection.cursor() as cursor:
        # A statement of its own: its snapshot must be younger than the lock.
        cursor.execute(_NUMBER, {"of": organisation, "last": feed.last, "most": AT_ONCE})
        count = int(cursor.rowcount)
    if count:
        feed.last += count
        feed.save(update_fields=["last"])
    return count


_NUMBER = """
    UPDATE feeds_item i SET sequence = %(last)s + new.place FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM feeds_item
        WHERE organisation_id = %(of)s AND sequence IS NULL ORDER BY id LIMIT %(most)s
    ) new WHERE i.id = new.id
"""


@transaction.atomic(savepoint=False)
def fan_out(endpoint_id: UUID, *, at: datetime) -> int:
    """Make deliveries of what is behind what the endpoint has reached; how many."""
    rows = Endpoint.objects.select_for_update(skip_locked=True, no_key=True)
    endpoint = rows.filter(id=endpoint_id, state=Endpoint.State.ACTIVE).first()
    if endpoint is None:
        return 0
    waiting = endpoint.deliveries.filter(outcome="")
    room = WINDOW - waiting.count()
    behind = Item.objects.filter(
        organisation_id=endpoint.organisation_id, sequence__gt=endpoint.reached
    )
    items = list(behind.order_by("sequence")[: max(room, 0)])
    if not items:
        return 0
    wanted = [item for item in items if endpoint.wants(item.kind)]
    made = _deliveries(endpoint, wanted, at)
    Delivery.objects.bulk_create(made)
    endpoint.reached = items[-1].sequence or 0
    endpoint.save(update_fields=["reached"])
    return len(made)


def _deliveries(endpoint: Endpoint, items: list[Item], at: datetime) -> list[Delivery]:
    """Due is the first of each subject that waits for no other."""
    waiting = endpoint.deliveries.filter(outcome="", subject__in={one.subject for one in items})
    busy = set(waiting.values_list("subject", flat=True))
    made = []
    for item in items:
        made.append(
            Delivery(
                endpoint=endpoint,
                item=item,
                subject=item.subject,
                sequence=item.sequence or 0,
                due_at=None if item.subject in busy else at,
            )
        )
        busy.add(item.subject)
    return made
