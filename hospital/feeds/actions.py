"""
What an organisation's people do with its endpoints.

One person suffices: an endpoint is told no content, everybody of the organisation sees it and who
registered it, and what a drug is opens by a scan alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.feeds import addresses, cursors, queries
from hospital.feeds.models import Delivery, Endpoint, Feed
from hospital.models import Organisation
from hospital.roles import Actor

MOST_ENDPOINTS: Final = 5
OVERLAP: Final = timedelta(hours=24)
"""So long a former key signs too; the number is ours."""


class TooManyEndpoints(errors.Conflict):
    """Your organisation has five endpoints; remove one first."""

    code = "feed.too_many_endpoints"


class Disabled(errors.Conflict):
    """This endpoint is disabled; a replay puts it in force again."""

    code = "feed.endpoint_disabled"


@transaction.atomic(savepoint=False)
def register(url: str, kinds: list[str], *, by: Actor, at: datetime) -> Endpoint:
    """
    Send webhooks of these kinds, or all, to ``url`` from now on; what was before, a replay sends.

    Raises ``TooManyEndpoints``, ``addresses.BadUrl``.
    """
    addresses.target(url)
    Organisation.objects.select_for_update(no_key=True).get(id=by.organisation_id)
    if Endpoint.objects.filter(organisation_id=by.organisation_id).count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints(most=MOST_ENDPOINTS)
    feed, _ = Feed.objects.get_or_create(organisation_id=by.organisation_id)
    made = Endpoint.objects.create(
        organisation_id=by.organisation_id,
        url=url,
        kinds=sorted(set(kinds)),
        reached=feed.last,
        registered_by_id=by.account,
        registered_at=at,
    )
    return queries.endpoint(by.organisation_id, made.id)


@transaction.atomic(savepoint=False)
def renew_key(endpoint_id: UUID, *, by: Actor, at: datetime) -> Endpoint:
    """Sign with another key from now on, and with the former one too for ``OVERLAP``."""
    found = queries.endpoint(by.organisation_id, endpoint_id, lock=True)
    found.generation += 1
    found.former_until = at + OVERLAP
    found.save(update_fields=["generation", "former_until"])
    return found


@transaction.atomic(savepoint=False)
def replay(endpoint_id: UUID, cursor: str | None, *, by: Actor, at: datetime) -> Endpoint:
    """
    Send everything behind ``cursor`` (all that is kept, if None) again, in order and with the same
    ids; a disabled endpoint is in force again. What waits meanwhile comes in its turn.

    Raises ``paging.BadCursor``, and what ``queries.check_kept`` raises.
    """
    found = queries.endpoint(by.organisation_id, endpoint_id, lock=True)
    after = None if cursor is None else cursors.sequence(by.organisation_id, cursor)
    found.reached = queries.check_kept(by.organisation_id, after)
    found.state, found.reason = Endpoint.State.ACTIVE, Endpoint.Reason.NONE
    found.failing_since = found.rests_until = None
    found.deliveries.filter(sequence__gt=found.reached, item__isnull=False).delete()
    found.save(update_fields=["reached", "state", "reason", "failing_since", "rests_until"])
    return found


@transaction.atomic(savepoint=False)
def test(endpoint_id: UUID, *, by: Actor, at: datetime) -> Endpoint:
    """Send a webhook of the type ``feed.test``, in the place of any test before. Raises
    ``Disabled``."""
    found = queries.endpoint(by.organisation_id, endpoint_id, lock=True)
    if found.state != Endpoint.State.ACTIVE:
        raise Disabled
    found.deliveries.filter(item=None).delete()
    Delivery.objects.create(
        endpoint=found, subject=f"endpoint/{found.id.hex}", sequence=0, due_at=at
    )
    return found


@transaction.atomic(savepoint=False)
def remove(endpoint_id: UUID, *, by: Actor, at: datetime) -> None:
    """Send nothing there any more, and forget what was sent."""
    queries.endpoint(by.organisation_id, endpoint_id, lock=True).delete()
