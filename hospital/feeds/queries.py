"""A page of a feed, and an organisation's endpoints."""

from __future__ import annotations

from uuid import UUID

from hospital import errors
from hospital.feeds import cursors
from hospital.feeds.models import Delivery, Endpoint, Feed, Item

FAILED = (Delivery.Outcome.GIVEN_UP, Delivery.Outcome.STOPPED)


class Forgotten(errors.Gone):
    """What follows this cursor is older than the feed is kept; begin without a cursor."""

    code = "feed.forgotten"


class Ahead(errors.Conflict):
    """The feed does not reach this cursor: it was restored from a backup; begin without one."""

    code = "feed.cursor_ahead"


class UnknownEndpoint(errors.NotFound):
    """Your organisation has no such endpoint."""

    code = "feed.unknown_endpoint"


def page(organisation: int, after: int | None, size: int) -> tuple[list[Item], int, bool]:
    """
    Up to ``size`` items behind number ``after``, the oldest kept if None; the number of the last
    (or where it began), and whether more are there already. Two queries; the cost is the page's.

    Raises ``Forgotten``, ``Ahead``.
    """
    rows = Item.objects.filter(organisation_id=organisation, sequence__gt=after or cursors.START)
    found = list(rows.order_by("sequence")[: size + 1])
    # Read after the rows: whatever was forgotten between is noticed, and no gap is shown.
    begins = check_kept(organisation, after)
    items = found[:size]
    return items, (items[-1].sequence or 0) if items else begins, len(found) > size


def check_kept(organisation: int, after: int | None) -> int:
    """Where a reader who is at ``after`` goes on. Raises ``Forgotten``, ``Ahead``."""
    feed = Feed.objects.filter(organisation=organisation).first() or Feed()
    if after is None:
        return feed.forgotten
    if after > feed.last:
        raise Ahead(field="cursor")
    if after < feed.forgotten:
        raise Forgotten(field="cursor")
    return after


def endpoints(organisation: int) -> list[Endpoint]:
    """The organisation's endpoints, the oldest first."""
    rows = Endpoint.objects.select_related("registered_by__organisation")
    return list(rows.filter(organisation_id=organisation).order_by("registered_at", "id"))


def endpoint(organisation: int, endpoint_id: UUID, *, lock: bool = False) -> Endpoint:
    """One of the organisation's endpoints, its row locked if asked. Raises ``UnknownEndpoint``."""
    rows = Endpoint.objects.select_related("registered_by__organisation")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(organisation_id=organisation, id=endpoint_id).first()
    if found is None:
        raise UnknownEndpoint
    return found


def waiting(of: Endpoint) -> int:
    """How many deliveries have no outcome yet; what it has not reached is not counted."""
    return of.deliveries.filter(outcome="").count()


def last_test(of: Endpoint) -> Delivery | None:
    """The test that was asked for last."""
    return of.deliveries.filter(item=None).first()


def failures(of: Endpoint, after: int, size: int) -> tuple[list[Delivery], int, bool]:
    """Deliveries behind number ``after`` that will not be tried again, and as in ``page``."""
    rows = of.deliveries.filter(outcome__in=FAILED, sequence__gt=after, item__isnull=False)
    found = list(rows.select_related("item").order_by("sequence")[: size + 1])
    shown = found[:size]
    return shown, shown[-1].sequence if shown else after, len(found) > size
