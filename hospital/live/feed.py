"""
One reader's stream: first what lies behind it in the database, then what happens.

A reader is a position. It reads in pages up to where the hub was, then goes on with the hub's
events; an event that it has had is passed over, and a gap is a bug that ends the stream.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import Error, close_old_connections, connection

from hospital import errors
from hospital.live import frames
from hospital.live.frames import Frame
from hospital.live.hub import PAGE, Hub
from ledger import tailing

HEARTBEAT_S = 10.0
AT_ONCE = 100
"""Events in one write."""
THREADS = 4
"""What readers ask the database for waits its turn here, and never the tail."""
RECENT_MOST = 500
Answer = TypeVar("Answer")
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="asks")


class BadPosition(errors.Invalid):
    """This is no position that the feed gave, or not a number of recent entries up to 500."""

    code = "live.bad_position"


class Ahead(errors.Conflict):
    """The logs do not reach this position: the database was restored; begin without one."""

    code = "live.ahead"


class Starting(errors.Unavailable):
    """The feed has not reached its database; try again in a second."""

    code = "live.starting"


async def ask(question: Callable[..., Answer], *values: Any) -> Answer:
    """Put a question to the database in a thread. Raises ``Starting``."""

    def answer() -> Answer:
        close_old_connections()
        try:
            return question(*values)
        except Error as fault:
            connection.close()
            raise Starting(retry_after_s=1) from fault

    return await asyncio.get_running_loop().run_in_executor(_threads, answer)


def begin(hub: Hub, last: str | None, recent: str | None) -> dict[int, int]:
    """
    Where a reader begins: behind the event of this id; else so many entries of each log back from
    now, none if it does not say.

    Raises:
        BadPosition, Ahead, Starting: see there.
    """
    if hub.position is None:
        raise Starting(retry_after_s=1)
    if last is None:
        back = _number(recent)
        return {log: max(0, size - back) for log, size in hub.position.items()}
    try:
        at = tailing.position_of(last)
    except tailing.NoPosition as fault:
        raise BadPosition(field="Last-Event-ID") from fault
    if any(size > hub.position.get(log, 0) for log, size in at.items()):
        raise Ahead(field="Last-Event-ID")
    return at


def _number(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= RECENT_MOST):
        raise BadPosition(field="recent")
    return int(text)


async def stream(hub: Hub, position: dict[int, int]) -> AsyncIterator[bytes]:
    """
    What one reader is sent, for ever; each chunk is whole events or a heartbeat.

    Raises:
        hub.Behind: the reader is too slow.
        Starting: the database did not answer.
    """
    yield frames.greeting(position)
    at = dict(position)
    while True:
        assert hub.position is not None
        goal, number = hub.position, hub.number
        while _before(at, goal):
            entries = await ask(tailing.after, at, PAGE, goal)
            made, at = frames.framed(entries, at)
            for start in range(0, len(made), AT_ONCE):
                yield b"".join(one.data for one in made[start : start + AT_ONCE])
        if hub.keeps(number):
            break
    while True:
        more = await hub.since(number, AT_ONCE, _about(HEARTBEAT_S))
        number += len(more)
        fresh = _taken(more, at)
        yield b"".join(one.data for one in fresh) if fresh else frames.HEARTBEAT


def _taken(more: list[Frame], at: dict[int, int]) -> list[Frame]:
    """Those that the reader at ``at``, which moves on, has not had."""
    fresh = []
    for one in more:
        reached = at.get(one.log_id, 0)
        assert one.index <= reached, "a gap in the feed"
        if one.index == reached:
            at[one.log_id] = reached + 1
            fresh.append(one)
    return fresh


def _before(at: dict[int, int], goal: dict[int, int]) -> bool:
    return any(at.get(log, 0) < size for log, size in goal.items())


def _about(seconds: float) -> float:
    """Not all readers' heartbeats in one moment."""
    return seconds * (0.75 + secrets.randbelow(256) / 1024)
