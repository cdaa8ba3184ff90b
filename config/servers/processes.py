"""
A supervisor of child programs: start, wait until ready, start again what dies, stop.

One thread starts and watches them all. Linux ties a child's life to the thread that started it
(``leash``), so the children end with this process, however it ends.
"""

import http.client
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from urllib.parse import urlsplit

from config import home as places
from config.servers import folder, programs
from config.servers.folder import ServerProblem

TICK_S, AFTER_PROBLEM_S = 0.05, 0.5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
LONG_LIFE_S = 10.0
"""Who has lived so long starts again after the first pause, not after a longer one."""

DEATHS_AT_START = 3
LEASH = Path(__file__).with_name("leash.py")

logger = logging.getLogger(__name__)
Say = Callable[[str], None]


def at_once() -> bool:
    """The ready check of a program that has nothing to check."""
    return True


@dataclass(frozen=True, slots=True)
class Program:
    """``argv[0]`` is an absolute path; ``ready`` is asked from the starting thread."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready: Callable[[], bool] = at_once
    ready_within_s: float = 60.0
    stop_within_s: float = 10.0


@dataclass(slots=True)
class _Child:
    """A program, its process if it lives, and when it may start again (monotonic seconds)."""

    program: Program
    process: Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    deaths: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Supervisor:
    """The children of one home; a context manager that stops them."""

    def __init__(self, home: Path, *, heartbeat: Callable[[], None] = lambda: None) -> None:
        """``heartbeat`` is called several times a second, for what else wants watching."""
        self._logs = home / "logs"
        self._heartbeat = heartbeat
        self._children: dict[str, _Child] = {}
        self._stopping, self._stopped = threading.Event(), threading.Event()
        self._watch = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervisor":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, wanted: Iterable[Program], say: Say) -> None:
        """
        Start programs all at once and wait until each is ready.

        Raises:
            ServerProblem: one keeps dying or is not ready in its time; with its last words.
        """
        new = [_Child(program) for program in wanted]
        began = time.monotonic()
        self._children = {**self._children, **{child.program.name: child for child in new}}
        for child in new:
            self._wait_until_ready(child)
            say(f"{child.program.name} is ready ({time.monotonic() - began:.1f} s)")

    def pid(self, name: str) -> int:
        """The process of a program, or 0 while it is dead."""
        process = self._children[name].process
        return process.pid if process and process.poll() is None else 0

    def deaths(self, name: str) -> int:
        """How often a program has ended without having been asked to."""
        return self._children[name].deaths

    def processes(self, name: str) -> list[int]:
        """The process of a program and all that it has started, workers for example."""
        pid = self.pid(name)
        return programs.group(pid) if pid else []

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a program's first process, as a fault; the process it was sent to."""
        pid = self.pid(name)
        if pid:
            os.kill(pid, number)
        return pid

    def stop(self) -> None:
        """Stop all, the last started first: SIGTERM, then SIGKILL for the whole group."""
        self._stopping.set()
        for child in reversed(self._children.values()):
            with child.lock:
                _end(child)
        self._stopped.set()
        self._watch.join()

    def _wait_until_ready(self, child: _Child) -> None:
        program = child.program
        programs.wait_until(
            lambda: (
                child.deaths >= DEATHS_AT_START or bool(self.pid(program.name) and program.ready())
            ),
            program.ready_within_s,
            pause_s=0.05,
        )
        if child.deaths >= DEATHS_AT_START or not program.ready():
            log = self._log(program)
            fate = "keeps ending" if child.deaths else "does not get ready"
            raise ServerProblem(
                f"{program.name} {fate}. Its last words, in {log}:\n{folder.tail(log, 15)}"
            )

    def _run(self) -> None:
        """The watching thread's life, which its children must not outlast: see ``leash``."""
        while not self._stopping.wait(TICK_S):
            try:
                self._tick()
            except Exception:
                # A full disk, say. If the watch ended, so would everything that it watches.
                logger.exception("The supervisor goes on after a problem")
                self._stopping.wait(AFTER_PROBLEM_S)
        self._stopped.wait()

    def _tick(self) -> None:
        for child in self._children.values():
            with child.lock:
                if not self._stopping.is_set():
                    self._look_after(child)
        self._heartbeat()

    def _look_after(self, child: _Child) -> None:
        """Notice a death; start what is due."""
        now = time.monotonic()
        if child.process and child.process.poll() is not None:
            _kill_group(child.process.pid)
            child.process = None
            child.deaths += 1
            short = now - child.started < LONG_LIFE_S
            child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S) if short else FIRST_PAUSE_S
            child.due = now + child.pause_s
        if child.process is None and now >= child.due:
            child.process = self._launch(child.program)
            child.started = now

    def _launch(self, program: Program) -> Popen[bytes]:
        leash = (sys.executable, "-S", "-E", str(LEASH), str(os.getpid()))
        return programs.launch(
            [*leash, *program.argv], log=self._log(program), cwd=places.BASE, env=program.env
        )

    def _log(self, program: Program) -> Path:
        return self._logs / f"{program.name}.log"


def _end(child: _Child) -> None:
    """Ask, wait, then insist; what the child has left behind ends with it."""
    process = child.process
    if process is None:
        return
    if process.poll() is None:
        process.terminate()
        programs.wait_until(lambda: process.poll() is not None, child.program.stop_within_s)
    _kill_group(process.pid)
    process.wait()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def answers(url: str) -> bool:
    """The ready check of a web server: it answers, and not with an error of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=5)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
