"""The folders the servers live in, and the sentences for what can be wrong with them."""

import os
import shutil
import stat
from pathlib import Path

from django.core.management.base import CommandError

NEEDED_BYTES = 160 * 1024 * 1024
"""A new PostgreSQL cluster takes 40 MB, its first WAL segments 16 MB each; the rest is to work."""

LONGEST_SOCKET_PATH = 107
"""Bytes that ``sun_path`` holds on Linux, without the closing NUL."""


class ServerProblem(CommandError):
    """A server cannot run; the text says why and what to do. Commands end with exit code 1."""


def free_bytes(folder: Path) -> int:
    """Free bytes of the disk that holds ``folder``, or its nearest existing parent."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def advice(folder: Path) -> str:
    """The closing words of every disk problem: the free space and the way out."""
    try:
        free = f"{free_bytes(folder) // 1024**2} MB free there"
    except OSError:
        free = "free space unknown"
    return f"({free}). Make room or set RX_HOME to another folder."


def prepare(home: Path) -> None:
    """
    Make ``home`` and prove that it can be written to.

    Raises:
        ServerProblem: it is not a folder, is read-only, belongs to somebody else or is full.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "logs").mkdir(mode=0o700, exist_ok=True)
        probe = home / f".probe-{os.getpid()}"
        try:
            probe.write_bytes(b"x" * 65536)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise ServerProblem(f"Cannot write to {home}: {error.strerror} {advice(home)}") from error


def require_room(home: Path) -> None:
    """
    Raises:
        ServerProblem: there is not room enough for a new cluster.
    """
    if free_bytes(home) < NEEDED_BYTES:
        needed = NEEDED_BYTES // 1024**2
        raise ServerProblem(f"{home} needs {needed} MB for a new database {advice(home)}")


def prepare_sockets(sockets: Path) -> None:
    """
    Make the private folder of the sockets (mode 0700).

    It lies in the shared temporary folder under a name that others can compute, so a link or
    a folder of somebody else is refused rather than used.

    Raises:
        ServerProblem: the folder is not ours, or its path is too long for a socket.
    """
    longest = len(os.fsencode(sockets)) + len("/.s.PGSQL.5432")
    if longest > LONGEST_SOCKET_PATH:
        raise ServerProblem(f"{sockets} is too long for a socket: set TMPDIR to a shorter folder.")
    try:
        sockets.mkdir(mode=0o700, exist_ok=True)
        found = sockets.lstat()
    except OSError as error:
        raise ServerProblem(
            f"Cannot make {sockets}: {error.strerror}. Set TMPDIR to another folder."
        ) from error
    if not stat.S_ISDIR(found.st_mode) or (os.getuid() and found.st_uid != os.getuid()):
        raise ServerProblem(f"{sockets} belongs to somebody else: set TMPDIR to another folder.")
    if found.st_uid == os.getuid():
        sockets.chmod(0o700)


def tail(path: Path, lines: int = 5) -> str:
    """The last lines of a log, or nothing."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
