"""
Deliver what is due to organisations' endpoints. The database says what that is; a task only wakes.

A delivery is taken in one short transaction, sent without any lock, and settled in another. Taking
sets when it is due again (``LEASE``), so that a sender which dies leaves it to the next one: a
webhook arrives at least once, with the same id each time. Only the first delivery of a subject that
has no outcome is due, and settling it makes the next one due: so those of a subject arrive in
order, whoever sends them, and one that fails holds up no other subject.

An endpoint that gives no answer at all rests for a moment, so that it keeps no sender from others.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from hospital import boxes, readingkeylaw, sealing
from hospital.feeds import addresses, cursors, webhook
from hospital.feeds.models import Delivery, Endpoint, Item
from hospital.gateways import exchange
from hospital.units import stamp

Outcome, State, Reason = Delivery.Outcome, Endpoint.State, Endpoint.Reason
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""How long after each failed try the next is due, and up to a tenth more; then it is given up.
The example of Standard Webhooks 1.0.0: ten tries in three days and four hours."""
STOPPED_AFTER: Final = timedelta(days=5)
"""So long without a success, though it was tried, and an endpoint is disabled. Ours."""
REST: Final = timedelta(seconds=30)
LONGEST_REST: Final = timedelta(hours=1)
LEASE: Final = timedelta(seconds=90)
WAKE_S: Final = 20.0
PATIENCE: Final = exchange.Patience(wall_s=15.0, attempts=1, max_bytes=16 * 1024)
TEST: Final = "feed.test"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery in hand: everything that sending it takes. Without a body it cannot be sealed."""

    delivery: int
    endpoint: UUID
    tries: int
    url: str
    message: str
    body: bytes | None
    seeds: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What the receiver answered, an HTTP status; 0 and a fault's word if it did not answer."""

    answered: int = 0
    fault: str = ""
    rest: timedelta | None = None

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.answered < 300


def send_due(*, at: datetime) -> int:
    """Send what is due at this moment, for ``WAKE_S`` at most; how many were sent."""
    ends = time.monotonic() + WAKE_S
    done = 0
    while time.monotonic() < ends and (taken := take(at=at)) is not None:
        settle(taken, _sent(taken, at), at=at)
        done += 1
    return done


@transaction.atomic(savepoint=False)
def take(*, at: datetime) -> Taken | None:
    """The delivery that has been due longest and that nobody else has in hand, or None."""
    due = Delivery.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    rows = due.select_related("item", "endpoint__organisation__reading_key")
    rested = Q(endpoint__rests_until=None) | Q(endpoint__rests_until__lte=at)
    rows = rows.filter(rested, due_at__lte=at, endpoint__state=State.ACTIVE)
    delivery = rows.order_by("due_at", "id").first()
    if delivery is None:
        return None
    delivery.due_at = at + LEASE
    delivery.tries += 1
    delivery.tried_at = at
    delivery.save(update_fields=["due_at", "tries", "tried_at"])
    endpoint = delivery.endpoint
    return Taken(
        delivery=delivery.pk,
        endpoint=endpoint.id,
        tries=delivery.tries,
        url=endpoint.url,
        message=message_id(delivery),
        body=_body(delivery),
        seeds=signing_seeds(endpoint, at),
    )


@transaction.atomic(savepoint=False)
def settle(taken: Taken, result: Result, *, at: datetime) -> None:
    """
    Store what came of it, and make the next one of the subject due if this one is done with.

    Who comes so late that another sender has taken it meanwhile, or that it was replayed, changes
    nothing. The endpoint is locked first, as wherever its deliveries change together.
    """
    rows = Endpoint.objects.select_for_update(no_key=True)
    endpoint = rows.filter(id=taken.endpoint).first()
    mine = Delivery.objects.select_for_update(no_key=True)
    delivery = mine.filter(id=taken.delivery, tries=taken.tries, outcome="").first()
    if endpoint is None or delivery is None:
        return
    delivery.answered, delivery.fault = result.answered or None, result.fault
    delivery.outcome = _outcome(delivery, result)
    delivery.due_at = None if delivery.outcome else at + pause(delivery)
    delivery.save(update_fields=["answered", "fault", "outcome", "due_at"])
    if delivery.outcome:
        _next_of(delivery, at)
    _note(endpoint, result, at)


def pause(delivery: Delivery) -> timedelta:
    """How long after this try the next is due: as ``PAUSES`` says, and a share drawn by its id."""
    usual = PAUSES[delivery.tries - 1]
    drawn = hashlib.sha256(f"{delivery.pk} {delivery.tries}".encode()).digest()[0]
    return usual + usual * drawn / 2_550


def message_id(delivery: Delivery) -> str:
    """The ``webhook-id``: the same for each try and each replay of an item at an endpoint."""
    of = delivery.item_id if delivery.item_id is not None else f"test {delivery.pk}"
    return "msg_" + hashlib.sha256(f"{delivery.endpoint_id.hex} {of}".encode()).hexdigest()[:32]


def signing_seeds(endpoint: Endpoint, at: datetime) -> tuple[bytes, ...]:
    """
    The seeds of the keys that sign for an endpoint now, the newest first.

    They are derived from the server's index key, which never changes, and stored nowhere.
    """
    generations = [endpoint.generation]
    if endpoint.former_until is not None and at < endpoint.former_until:
        generations.append(endpoint.generation - 1)
    return tuple(sealing.index(f"{endpoint.id.hex}/{one}", "webhook") for one in generations)


def shown(item: Item) -> dict[str, Any]:
    """An item as feed and webhook tell it: what happened to what, and nothing of a person."""
    return {
        "cursor": cursors.cursor(item.organisation_id, item.sequence or 0),
        "subject": item.subject,
        "version": item.version,
        "kind": item.kind,
        "move": item.move,
        "state": item.state,
        "leaf": bytes(item.leaf).hex(),
        "at": stamp(item.at),
    }


def _body(delivery: Delivery) -> bytes | None:
    """What is sent, in a box if the organisation has a reading key; None if that is revoked."""
    item, organisation = delivery.item, delivery.endpoint.organisation
    says = {
        "type": item.kind if item else TEST,
        "timestamp": stamp(
            item.at if item else delivery.tried_at or delivery.endpoint.registered_at
        ),
        "data": {"organisation": organisation.slug, **(shown(item) if item else {})},
    }
    key = getattr(organisation, "reading_key", None)
    if key is None or key.state not in (readingkeylaw.SEALED, readingkeylaw.REVOKED):
        return _json(says)
    if key.state == readingkeylaw.REVOKED:
        return None
    name = f"{readingkeylaw.FAMILY}/{organisation.slug}"
    return _json(boxes.seal(_json({"looks": [], "answer": says}), bytes(key.public_key), name))


def _json(says: dict[str, Any]) -> bytes:
    return json.dumps(says, separators=(",", ":")).encode()


def _sent(taken: Taken, at: datetime) -> Result:
    if taken.body is None:
        return Result(fault="no_reading_key")
    headers = webhook.headers(taken.message, int(at.timestamp()), taken.body, taken.seeds)
    try:
        address = addresses.looked_up(taken.url)
        answer = exchange.ask(
            *("POST", taken.url),
            headers=headers,
            content=taken.body,
            patience=PATIENCE,
            address=address,
        )
    except (addresses.NotPublic, addresses.BadUrl):
        return Result(fault="address", rest=REST)
    except exchange.Busy:
        return Result(fault="no_answer", rest=REST)
    except exchange.Unavailable:
        return Result(fault="unusable_answer")
    return Result(answer.status, rest=_asked_rest(answer))


def _asked_rest(answer: exchange.Answer) -> timedelta | None:
    """How long a receiver that has too much (429, 503) wants to be left alone."""
    if answer.status not in (429, 503):
        return None
    said = answer.headers.get("retry-after", "")
    if said.isascii() and said.isdigit() and len(said) < 9:
        return min(timedelta(seconds=int(said)), LONGEST_REST)
    return REST if answer.status == 429 else None


def _outcome(delivery: Delivery, result: Result) -> str:
    if result.acknowledged:
        return Outcome.ACKNOWLEDGED
    return Outcome.GIVEN_UP if delivery.tries > len(PAUSES) else Outcome.NONE


def _next_of(delivery: Delivery, at: datetime) -> None:
    """The next one of the subject is due from now on."""
    rest = Delivery.objects.filter(
        endpoint_id=delivery.endpoint_id, subject=delivery.subject, outcome=""
    )
    following = rest.order_by("sequence").first()
    if following is not None:
        Delivery.objects.filter(id=following.pk).update(due_at=at)


def _note(endpoint: Endpoint, result: Result, at: datetime) -> None:
    """What a result says of the endpoint; disabled, it loses what waits, until it is replayed."""
    endpoint.rests_until = at + result.rest if result.rest else None
    endpoint.failing_since = None if result.acknowledged else endpoint.failing_since or at
    failing = endpoint.failing_since
    if result.answered == 410:
        endpoint.state, endpoint.reason = State.DISABLED, Reason.GONE
    elif failing is not None and at - failing >= STOPPED_AFTER:
        endpoint.state, endpoint.reason = State.DISABLED, Reason.FAILING
    endpoint.save(update_fields=["rests_until", "failing_since", "state", "reason"])
    if endpoint.state == State.DISABLED:
        log.warning("webhooks to an endpoint of organisation %s end", endpoint.organisation_id)
        waiting = endpoint.deliveries.filter(outcome="")
        waiting.update(outcome=Outcome.STOPPED, due_at=None)
