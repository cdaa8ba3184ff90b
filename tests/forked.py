"""
A call in a process of its own, which is killed (SIGKILL) at a step: before a statement of its own
connection, or before or after a commit. Nothing of it is cleaned up but by the database.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

PATIENCE_S = 60.0
FAULTY = 255
_inherited: list[Any] = []


def killed(call: Callable[[], int], step: int, *, database: bool = False) -> int | None:
    """
    What ``call`` gave (0 to 254), or None if its process died at ``step``, counted from 1, and
    PostgreSQL with it if ``database``. The database is done with it when this returns.

    What the call changes in this process's memory is lost with the other's.
    """
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        _as_a_child(call, step, tells, database)
    os.close(tells)
    with open(told, "rb") as pipe:
        backend = int(pipe.read())
    _, status = os.waitpid(child, 0)
    _until(_answers if database else lambda: _is_gone(backend))
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return None
    assert os.WEXITSTATUS(status) != FAULTY, "it failed; see what it has printed"
    return os.WEXITSTATUS(status)


def _as_a_child(call: Callable[[], int], step: int, tells: int, database: bool) -> NoReturn:
    try:
        signal.alarm(int(PATIENCE_S))  # a child that waits for ever ends, and the test fails
        _inherited.append(connection.connection)  # the parent's: neither used nor closed here
        connection.connection = None
        connection.connect()
        os.write(tells, str(connection.connection.info.backend_pid).encode())
        os.close(tells)
        _count(iter(range(step - 1)), database)
        os._exit(call())
    except BaseException:
        traceback.print_exc()
        os._exit(FAULTY)


def _count(left: Iterator[int], database: bool) -> None:
    """From here on each statement is a step, and what is before and after each commit."""

    def step() -> None:
        if next(left, None) is None:
            if database:
                os.kill(connection.connection.info.backend_pid, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    def execute(call: Any, *arguments: Any) -> Any:
        step()
        return call(*arguments)

    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def counted(wrapper: BaseDatabaseWrapper) -> None:
        step()
        commit(wrapper)
        step()

    BaseDatabaseWrapper._commit = counted  # type: ignore[attr-defined]
    connection.execute_wrappers.append(execute)


def _is_gone(backend: int) -> bool:
    """What it held is free again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend])
        return cursor.fetchone() is None


def _answers() -> bool:
    """PostgreSQL starts anew when one of its processes was killed."""
    connection.close()
    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return True


def _until(holds: Callable[[], bool]) -> None:
    until, pause_s = time.monotonic() + PATIENCE_S, 0.001
    while not holds():
        assert time.monotonic() < until, "the database does not come back"
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.1)
