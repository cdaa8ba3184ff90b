"""The feed's rules, in this process: who reads, from where, and who is cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from hospital import authentication, http
from hospital.live import admission, asgi, feed, frames, hub
from ledger import tailing
from ledger.entry import Statement
from ledger.tailing import Position, Read
from tests.world import World

SITE = "https://site.example"
AT = datetime(2026, 11, 27, 9, tzinfo=UTC)
DOCTOR = "hospital-1/doctor/0123456789abcdef"


def an_entry(log: int, index: int, by: str = DOCTOR, **facts: Any) -> Read:
    said = Statement(f"log/{log}", "rx/1", 1, b"", "prescription.issue", by, AT, "tag", b"", facts)
    return Read(log, f"log/{log}", index, bytes(32), AT, said)


class Logs:
    """Logs that grow, read as ``tailing.after`` reads them."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self.sizes = sizes

    def after(self, position: Position, most: int, until: Position | None = None) -> list[Read]:
        return [
            an_entry(log, index)
            for log, size in sorted(self.sizes.items())
            for index in list(range(position.get(log, 0), min(size, (until or {}).get(log, size))))[
                :most
            ]
        ]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(question: Callable[..., Any], *values: Any) -> Any:
        await asyncio.sleep(0)
        return question(*values)

    monkeypatch.setattr(feed, "ask", ask)


async def told(
    logs: Logs, begun: dict[int, int], grow: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Log and index of what a reader is sent who began there, while the logs grow."""
    shared = hub.Hub()
    position: Position = dict(logs.sizes)
    await shared.put([], dict(position))
    got: list[tuple[int, int]] = []
    reader = asyncio.create_task(take(shared, begun, got))
    for log, more in grow:
        await asyncio.sleep(0)
        logs.sizes[log] = logs.sizes.get(log, 0) + more
        made, position = frames.framed(logs.after(position, 500), position)
        await shared.put(made, dict(position))
    for _ in range(1_000):
        if len(got) >= sum(logs.sizes.values()) - sum(begun.values()):
            break
        await asyncio.sleep(0)
    reader.cancel()
    with suppress(asyncio.CancelledError):
        await reader
    return got


async def take(shared: hub.Hub, begun: dict[int, int], got: list[tuple[int, int]]) -> None:
    async for chunk in feed.stream(shared, dict(begun)):
        for event in chunk.decode().split("\n\n"):
            if "event: entry" in event:
                said = json.loads(event.partition("data: ")[2])
                got.append((int(said["log"][4:]), said["index"]))


steps = st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 4)), max_size=12)


@given(
    sizes=st.dictionaries(st.sampled_from([1, 2]), st.integers(0, 9)),
    steps=steps,
    read=st.integers(0, 9),
    page=st.integers(1, 3),
)
def test_whoever_comes_whenever_gets_each_entry_once_and_in_order(sizes, steps, read, page):
    """I4: behind a position, out of the database and out of the hub, whatever grows meanwhile."""
    logs = Logs(dict(sizes))
    begun = {log: min(size, read) for log, size in sizes.items()}

    async def ask(question: Callable[..., Any], *values: Any) -> Any:
        await asyncio.sleep(0)
        return logs.after(values[0], page, values[2])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "ask", ask)
        got = asyncio.run(told(logs, begun, steps))

    for log, size in logs.sizes.items():
        assert [index for one, index in got if one == log] == list(range(begun.get(log, 0), size))


async def asked(
    app: asgi.Feed,
    *,
    method: str = "GET",
    path: str = "/live",
    query: str = "",
    send: Callable[[dict[str, Any]], Awaitable[None]] | None = None,
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer; a stream is left after a moment."""
    parts: list[dict[str, Any]] = []

    async def keep(part: dict[str, Any]) -> None:
        parts.append(part)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.1)
        return {"type": "http.disconnect"}

    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": names}
    await app({**scope, "query_string": query.encode()}, receive, send or keep)
    said = {name.decode(): value.decode() for name, value in parts[0]["headers"]} if parts else {}
    status = parts[0]["status"] if parts else 0
    return status, said, b"".join(part.get("body", b"") for part in parts[1:])


REGULATORS = {"good": "somebody", "again": "somebody", "other": "another"}
"""Session → whose it is."""


@pytest.fixture
def app(at_once: None, monkeypatch: pytest.MonkeyPatch) -> asgi.Feed:
    """A feed at a log of three entries, whose regulators bring "good", "again" and "other"."""

    def admitted(token: str) -> admission.Admitted:
        if token in REGULATORS:
            return admission.Admitted(token, REGULATORS[token])
        raise http.WrongRole if token == "doctor" else authentication.BadToken

    monkeypatch.setattr(admission, "admitted", admitted)
    monkeypatch.setattr(tailing, "after", Logs({1: 3}).after)
    shared = hub.Hub()
    asyncio.run(shared.put([], {1: 3}))
    return asgi.Feed(shared, site=SITE, most=3, each=2)


GOOD: dict[str, Any] = {"authorization": "Bearer good"}


@pytest.mark.parametrize(
    ("headers", "query", "status", "code"),
    [
        ({}, "", 401, "token.invalid"),
        ({"authorization": "Basic good"}, "", 401, "token.invalid"),
        ({"authorization": "Bearer bad"}, "", 401, "token.invalid"),
        ({"authorization": "Bearer doctor"}, "", 403, "access.wrong_role"),
        ({**GOOD, "last_event_id": "1:4"}, "", 409, "live.ahead"),
        ({**GOOD, "last_event_id": "7:1"}, "", 409, "live.ahead"),
        *(
            ({**GOOD, "last_event_id": text}, "", 422, "live.bad_position")
            for text in (
                "1",
                "1:",
                "1:01",
                "1:-1",
                "2:1,1:1",
                "1:1,1:2",
                "1:1 ",
                "\xe9",
                "1:" + "9" * 17,
            )
        ),
        *((GOOD, f"recent={text}", 422, "live.bad_position") for text in ("501", "x", "-1", "٣")),
    ],
)
def test_refuses_with_a_stable_code(app, headers, query, status, code):
    """Z2, G2"""
    found, _, body = asyncio.run(asked(app, query=query, **headers))

    assert (found, json.loads(body)["code"]) == (status, code)


def test_goes_on_behind_the_last_event_or_begins_some_entries_back(app):
    async def all_four() -> list[tuple[int, dict[str, str], bytes]]:
        return [
            await asked(app, **GOOD, last_event_id="1:1"),
            await asked(app, query="recent=1", **GOOD),
            await asked(app, **GOOD),
            await asked(app, **GOOD, last_event_id=""),
        ]

    (_, said, body), *others = asyncio.run(all_four())

    assert said["content-type"].startswith("text/event-stream")
    ids = [line for line in body.decode().splitlines() if line.startswith("id: ")]
    assert ids == ["id: 1:1", "id: 1:2", "id: 1:3"]
    assert [one.count(b"event: entry") for _, _, one in others] == [1, 0, 3]


def test_a_page_of_the_site_may_read_it_and_of_no_other(app):
    good = {**GOOD, "origin": SITE}
    _, said, _ = asyncio.run(asked(app, **good))
    status, before, _ = asyncio.run(asked(app, method="OPTIONS", **good))
    _, foreign, _ = asyncio.run(asked(app, method="OPTIONS", origin="https://other.example"))

    assert said["access-control-allow-origin"] == SITE
    assert (status, before["access-control-allow-origin"]) == (204, SITE)
    assert "last-event-id" in before["access-control-allow-headers"]
    assert not [name for name in foreign if name.startswith("access-control")]


async def together(app: asgi.Feed, *tokens: str) -> list[tuple[int, str]]:
    """What each of these is told, and the code of a refusal."""
    said: list[dict[str, Any]] = [{"authorization": f"Bearer {token}"} for token in tokens]
    answers = await asyncio.gather(*(asked(app, **one) for one in said))
    return sorted((it[0], json.loads(it[2])["code"] if it[0] != 200 else "") for it in answers)


def test_serves_no_more_readers_than_it_may(app):
    async def twice() -> list[list[tuple[int, str]]]:
        many = ("good", "good", "other", "other")
        return [await together(app, *many), await together(app, *many)]

    full = [*[(200, "")] * 3, (503, "live.full")]
    assert asyncio.run(twice()) == [full] * 2, "a reader who has left leaves room"


def test_nobody_takes_all_places_with_many_sessions(app):
    """Z7, G2: what one account may not have, another one still gets."""
    found = asyncio.run(together(app, "good", "again", "good", "again", "other"))

    assert found == [*[(200, "")] * 3, *[(429, "live.too_many")] * 2]


def test_cuts_who_takes_nothing(app, monkeypatch):
    monkeypatch.setattr(asgi, "SENT_WITHIN_S", 0.02)

    async def stuck(part: dict[str, Any]) -> None:
        if part["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def quick() -> None:
        async with asyncio.timeout(10):
            await asked(app, send=stuck, **GOOD)

    asyncio.run(quick())


def test_cuts_who_falls_behind_what_is_kept(monkeypatch):
    monkeypatch.setattr(hub, "KEPT", 2)

    async def slow() -> None:
        shared = hub.Hub()
        await shared.put([], {1: 0})
        made, at = frames.framed([an_entry(1, index) for index in range(3)], {1: 0})
        await shared.put(made, at)
        assert len(await shared.since(1, 10, 1)) == 2
        with pytest.raises(hub.Behind):
            await shared.since(0, 10, 1)

    asyncio.run(slow())


def test_cuts_whose_session_has_ended(app, monkeypatch):
    """Z7"""
    monkeypatch.setattr(asgi, "ASKED_EVERY_S", 0.01)
    monkeypatch.setattr(admission, "still", lambda digests, at: set())

    async def ended() -> None:
        async def never() -> dict[str, Any]:
            await asyncio.sleep(60)
            return {}

        async def nowhere(part: dict[str, Any]) -> None:
            pass

        scope = {"type": "http", "method": "GET", "path": "/live", "query_string": b""}
        watching = asyncio.create_task(app.watch())
        async with asyncio.timeout(10):
            await app({**scope, "headers": [(b"authorization", b"Bearer good")]}, never, nowhere)
        watching.cancel()

    asyncio.run(ended())


def test_a_silent_stream_has_a_heartbeat(app, monkeypatch):
    monkeypatch.setattr(feed, "HEARTBEAT_S", 0.01)

    _, _, body = asyncio.run(asked(app, **GOOD))

    assert body.endswith(frames.HEARTBEAT)


@pytest.mark.parametrize(
    ("by", "facts", "who"),
    [
        (DOCTOR, {}, ("hospital-1", "doctor")),
        ("patient/0123456789abcdef", {}, ("", "patient")),
        ("log/1/cashier", {}, ("", "cashier")),
        ("log/1/access", {"organisation": "h", "role": "reviewer"}, ("h", "reviewer")),
        ("log/1", {}, ("", "log")),
    ],
)
def test_an_event_says_who_acts_in_which_capacity(by, facts, who):
    assert frames.who(an_entry(1, 0, by, **facts).statement) == who


def test_only_a_regulators_session_in_force_is_admitted(world: World):
    """Z2, Z7"""
    with pytest.raises(http.WrongRole):
        admission.admitted(world.doctor.token)
    world.regulator.enter_with_key()
    session = admission.admitted(world.regulator.token).session
    assert admission.still([session, "unknown"], timezone.now()) == {session}

    world.regulator.post("/api/logout")

    assert admission.still([session], timezone.now()) == set()
    with pytest.raises(authentication.BadToken):
        admission.admitted(world.regulator.token)
    world.regulator.enter_with_key()
