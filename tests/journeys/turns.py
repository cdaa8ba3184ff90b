"""
Two calls whose order is forced, without sleeping: the first has done all but commit when the second
begins, and it commits when the database says that the second waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, connections

PATIENCE_S = 20


@dataclass
class _Turn:
    """One call in a thread with a connection of its own."""

    call: Callable[[], Any]
    begun: threading.Event = field(default_factory=threading.Event)
    ready: threading.Event = field(default_factory=threading.Event)
    commit: threading.Event = field(default_factory=threading.Event)
    pid: int = 0
    result: Any = None

    def run(self, hold: bool) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.pid = cursor.fetchone()[0]
            self.begun.set()
            if hold:
                self._hold_the_commit()
            self.result = self.call()
        except Exception as fault:
            self.result = fault
        finally:
            self.begun.set()
            self.ready.set()
            connections.close_all()

    def _hold_the_commit(self) -> None:
        """This thread's next COMMIT waits for ``commit``."""
        wrapper: Any = connections["default"]
        commit = wrapper._commit

        def held() -> None:
            wrapper._commit = commit
            self.ready.set()
            assert self.commit.wait(PATIENCE_S)
            commit()

        wrapper._commit = held


def in_turn(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """
    What each gave, or the exception that it raised.

    ``second`` is seen to wait for ``first``: a test whose two calls lock nothing in common fails.
    """
    one, two = _Turn(first), _Turn(second)
    holder = threading.Thread(target=one.run, args=(True,))
    waiter = threading.Thread(target=two.run, args=(False,))
    holder.start()
    assert one.ready.wait(PATIENCE_S)
    waiter.start()
    assert two.begun.wait(PATIENCE_S)
    waited = _waits(two, one, waiter)
    one.commit.set()
    holder.join()
    waiter.join()
    assert waited, ("the second did not wait for the first", one.result, two.result)
    return one.result, two.result


def _waits(waiter: _Turn, holder: _Turn, thread: threading.Thread) -> bool:
    until = time.monotonic() + PATIENCE_S
    while thread.is_alive() and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s = ANY(pg_blocking_pids(%s))", [holder.pid, waiter.pid])
            if cursor.fetchone()[0]:
                return True
    return False
