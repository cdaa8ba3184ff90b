"""
The feed over HTTP: two addresses, and no framework.

    GET /live      server-sent events, for a regulator's session; ``Last-Event-ID`` goes on behind
                   that event, ``?recent=`` begins so many entries of each log back
    GET /healthz   whether the logs were read a moment ago

A page of the configured site may read it by ``fetch``: EventSource sends no ``Authorization``.
A reader that does not take what it is sent within ``SENT_WITHIN_S`` is cut, and one whose session
ends within ``ASKED_EVERY_S``; both come back, or not, by themselves.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from django.utils import timezone

from hospital import authentication, errors
from hospital.live import admission, feed
from hospital.live.admission import Admitted
from hospital.live.hub import Behind, Hub

SENT_WITHIN_S = 10.0
ASKED_EVERY_S = 5.0
UNASKED_S = 30.0
"""So long is a session taken for being in force that the database could not be asked about."""
STATUS: tuple[tuple[type[errors.Refusal], int], ...] = (
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Invalid, 422),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
)
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Headers = list[tuple[bytes, bytes]]
logger = logging.getLogger(__name__)


class NoSuchAddress(errors.NotFound):
    """The feed has no such address."""

    code = "live.unknown_address"


class Full(errors.Unavailable):
    """As many read the feed as it serves; try again in some seconds."""

    code = "live.full"


class TooManyReaders(errors.TooMany):
    """Your account reads the feed as often as one may: close one of its other pages."""

    code = "live.too_many"


class Feed:
    """
    The ASGI application: who reads, and until when. It serves ``most`` readers, ``each`` of them of
    one account, whatever sessions that has: nobody takes all places.
    """

    def __init__(self, hub: Hub, *, site: str, most: int, each: int) -> None:
        self._hub, self._site, self._most, self._each = hub, site.encode(), most, each
        self._readers: Counter[Admitted] = Counter()
        self._cut: dict[str, asyncio.Event] = {}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        origin = self._cors(headers)
        try:
            await self._answer(scope, headers, origin, receive, send)
        except errors.Refusal as refusal:
            await _refuse(refusal, origin, send)

    async def _answer(
        self,
        scope: dict[str, Any],
        headers: dict[bytes, bytes],
        origin: Headers,
        receive: Receive,
        send: Send,
    ) -> None:
        match scope["method"], scope["path"]:
            case "GET", "/healthz":
                await _whole(send, 200 if self._hub.fresh else 503, [], b"")
            case "OPTIONS", "/live":
                await _whole(send, 204, [*origin, *(_PREFLIGHT if origin else [])], b"")
            case "GET", "/live":
                await self._read(scope, headers, origin, receive, send)
            case _:
                raise NoSuchAddress

    async def _read(
        self,
        scope: dict[str, Any],
        headers: dict[bytes, bytes],
        origin: Headers,
        receive: Receive,
        send: Send,
    ) -> None:
        reader = await feed.ask(admission.admitted, _token(headers))
        asked = parse_qs(scope["query_string"].decode("ascii", "replace"))
        last = headers.get(b"last-event-id")
        text = None if last is None else last.decode("ascii", "replace")
        position = feed.begin(self._hub, text, asked.get("recent", [None])[0])
        self._check_room(reader.account)
        self._readers[reader] += 1
        cut = self._cut.setdefault(reader.session, asyncio.Event())
        try:
            await _begin(send, 200, [*origin, *_STREAM])
            await _first(self._send(position, send), _gone(receive), cut.wait())
        finally:
            self._readers[reader] -= 1
            if not self._readers[reader]:
                del self._readers[reader], self._cut[reader.session]

    def _check_room(self, account: str) -> None:
        """Raises ``TooManyReaders``, ``Full``."""
        own = sum(number for one, number in self._readers.items() if one.account == account)
        if own >= self._each:
            raise TooManyReaders(most=self._each, retry_after_s=5)
        if self._readers.total() >= self._most:
            raise Full(retry_after_s=5)

    async def _send(self, position: dict[int, int], send: Send) -> None:
        try:
            async for chunk in feed.stream(self._hub, position):
                part = {"type": "http.response.body", "body": chunk, "more_body": True}
                await asyncio.wait_for(send(part), SENT_WITHIN_S)
        except (TimeoutError, Behind, feed.Starting, OSError) as fault:
            logger.info("live.cut %s", type(fault).__name__)

    async def watch(self) -> None:
        """Cut whose session has ended; for ever."""
        asked_at = time.monotonic()
        while True:
            await asyncio.sleep(ASKED_EVERY_S)
            known = list(self._cut)
            try:
                still = await feed.ask(admission.still, known, timezone.now()) if known else set()
                asked_at = time.monotonic()
            except feed.Starting:
                still = set(known) if time.monotonic() - asked_at < UNASKED_S else set()
            for session in set(known) - still:
                if session in self._cut:
                    self._cut[session].set()

    def _cors(self, headers: dict[bytes, bytes]) -> Headers:
        if not self._site or headers.get(b"origin") != self._site:
            return []
        return [(b"access-control-allow-origin", self._site)]


async def _first(*waits: Any) -> None:
    """Until the first of them is over; the others are ended."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _token(headers: dict[bytes, bytes]) -> str:
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer":
        raise authentication.BadToken
    return token.decode("latin-1")


async def _refuse(refusal: errors.Refusal, origin: Headers, send: Send) -> None:
    status = next(number for kind, number in STATUS if isinstance(refusal, kind))
    body = {"type": "about:blank", "status": status, "code": refusal.code}
    said = json.dumps({**body, "title": refusal.sentence(), **refusal.facts}).encode()
    more: Headers = [(b"www-authenticate", b"Bearer")] if status == 401 else []
    if "retry_after_s" in refusal.facts:
        more.append((b"retry-after", str(refusal.facts["retry_after_s"]).encode()))
    kind = (b"content-type", b"application/problem+json")
    await _whole(send, status, [*origin, *more, kind], said)


async def _whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await _begin(send, status, [*headers, (b"content-length", str(len(body)).encode())])
    await send({"type": "http.response.body", "body": body})


async def _begin(send: Send, status: int, headers: Headers) -> None:
    every = [(b"cache-control", b"no-store"), (b"vary", b"Origin"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": every})


_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]
_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET"),
    (b"access-control-allow-headers", b"authorization, last-event-id"),
    (b"access-control-max-age", b"600"),
]
