"""
What all readers share: the latest events, and the thread that reads them once for everybody.

A reader has no queue: it is a number in the hub's row of events. So memory is bounded by ``KEPT``,
however many readers there are and however slow; who falls behind the row is cut, and comes back
with the position that it has reached.

The hub lives in the event loop alone. The thread hands over what it has read.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice

from django.db import Error, connection

from hospital.live import frames
from hospital.live.frames import Frame
from ledger import tailing
from ledger.note import Malformed

EVERY_S = 0.2
"""A board shows a step within two seconds, and the sequencer takes one of them."""
REST_S = 1.0
"""After a fault of the database."""
STALE_S = 10.0
KEPT = 10_000
PAGE = 500
logger = logging.getLogger(__name__)


class Behind(Exception):
    """The reader is slower than the feed; what it has not read is no longer kept here."""


class Hub:
    """The events numbered from ``first``, and the ``position`` behind the last of them."""

    def __init__(self) -> None:
        self.position: dict[int, int] | None = None
        self.read_at = 0.0
        self._row: deque[Frame] = deque(maxlen=KEPT)
        self._number = 0
        self._news = asyncio.Condition()

    @property
    def fresh(self) -> bool:
        """Whether the database was read a moment ago."""
        return self.position is not None and time.monotonic() - self.read_at < STALE_S

    @property
    def number(self) -> int:
        """The number that the next event will have."""
        return self._number

    async def put(self, more: Sequence[Frame], position: dict[int, int]) -> None:
        """Take what the thread has read, and tell everybody who waits."""
        self.position, self.read_at = position, time.monotonic()
        if more:
            self._row.extend(more)
            self._number += len(more)
            async with self._news:
                self._news.notify_all()

    def keeps(self, number: int) -> bool:
        """Whether all events from this number on are still there."""
        return number >= self._number - len(self._row)

    async def since(self, number: int, most: int, wait_s: float) -> list[Frame]:
        """
        Up to ``most`` events from ``number`` on; none if none came for so many seconds.

        Raises:
            Behind: some of them are gone.
        """
        if number == self._number:
            async with self._news:
                try:
                    await asyncio.wait_for(
                        self._news.wait_for(lambda: self._number > number), wait_s
                    )
                except TimeoutError:
                    return []
        if not self.keeps(number):
            raise Behind
        start = len(self._row) - (self._number - number)
        return list(islice(self._row, start, start + most))


class Tail(threading.Thread):
    """Reads what is new, a few times a second: one query for all readers together."""

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="tail", daemon=True)
        self._hub, self._loop = hub, loop
        self._ending = threading.Event()
        self._position: dict[int, int] | None = None

    def end(self) -> None:
        """Let the thread come to its end."""
        self._ending.set()

    def run(self) -> None:
        """Read until ``end``; a fault of the database costs time and no entry."""
        rest_s = 0.0
        while not self._ending.wait(rest_s):
            try:
                rest_s = 0.0 if self._read() else EVERY_S
            except (Error, Malformed) as fault:
                logger.error("live.tail %s", type(fault).__name__)
                connection.close()
                rest_s = REST_S
        connection.close()

    def _read(self) -> bool:
        """Whether there may be more at once."""
        if self._position is None:
            self._position = tailing.ends()
        entries = tailing.after(self._position, PAGE)
        made, self._position = frames.framed(entries, self._position)
        handed = self._hub.put(made, dict(self._position))
        asyncio.run_coroutine_threadsafe(handed, self._loop).result()
        return len(entries) >= PAGE
