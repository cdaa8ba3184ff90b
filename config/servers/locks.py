"""
Locks between processes of one home; the kernel drops them when their holder dies.

``changing`` is held while servers are started or stopped. ``User`` is held by everyone who uses
the servers, for as long as they do: who leaves last stops them.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def changing(home: Path) -> Iterator[None]:
    """Wait for, then hold, the right to start and stop the servers of ``home``."""
    handle = _open(home / "servers.lock")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class User:
    """A share in the servers of a home. Join and leave only while ``changing`` is held."""

    def __init__(self, home: Path) -> None:
        self._handle = _open(home / "users.lock")
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Give the share back; true if nobody else holds one."""
        try:
            return claim(self._handle)
        finally:
            os.close(self._handle)


def claim(handle: int) -> bool:
    """Lock an open file exclusively if nobody else holds it, without waiting."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def only_one(path: Path) -> int | None:
    """Hold ``path`` alone for the life of this process; nothing if somebody holds it already."""
    handle = _open(path)
    if claim(handle):
        return handle
    os.close(handle)
    return None
