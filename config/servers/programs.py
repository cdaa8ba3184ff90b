"""Single programs that outlive their starter: start one, recognise it again, end it."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from config.servers.privileges import OURSELVES, Identity

_launched: list[subprocess.Popen[bytes]] = []
"""Our children, kept so that the dead among them are buried and not taken for living ones."""
_launching = threading.Lock()


def launch(
    argv: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    identity: Identity = OURSELVES,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C in our terminal spares it."""
    with log.open("ab") as output:
        program = subprocess.Popen(  # noqa: S603
            [*identity.prefix, *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
    with _launching:
        _launched.append(program)
    return program


def argv_of(pid: int) -> list[str]:
    """The command line of a living process; empty for a dead one, a zombie or pid ≤ 0."""
    with _launching:
        _launched[:] = [program for program in _launched if program.poll() is None]
    if pid <= 0:
        return []
    if Path("/proc/self/cmdline").exists():
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")[:-1]
        except OSError:
            return []
    return OURSELVES.run("ps", "-ww", "-o", "command=", "-p", str(pid)).stdout.split()


def pid_in(path: Path, *, words: Sequence[str]) -> int:
    """
    The process that a pid file names, if it lives and its command line has all ``words``.

    0 otherwise: a pid file outlives its process, and the number may be somebody else's now.
    """
    try:
        pid = int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    argv = argv_of(pid)
    return pid if argv and all(any(word in part for part in argv) for word in words) else 0


def end(pid: int, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn and wait that many seconds for the end; true when it is gone."""
    argv = argv_of(pid)
    for number, patience_s in signals:
        if not argv:
            return True
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if wait_until(lambda: argv_of(pid) != argv, patience_s):
            return True
    return argv_of(pid) != argv


def wait_until(condition: Callable[[], bool], patience_s: float, pause_s: float = 0.02) -> bool:
    """Ask ``condition`` again and again, for at most ``patience_s`` seconds; its last answer."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_s)
    return True


def group(leader: int) -> list[int]:
    """The living processes of a process group; empty where there is no ``/proc``."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, process_group = path.read_text().rsplit(")", 1)[1].split()[:3]
        except OSError:
            continue
        if int(process_group) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found
