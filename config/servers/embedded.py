"""
Both servers of a home, as long as somebody uses them.

``DATABASE_URL`` and ``REDIS_URL`` name real servers; then the embedded one is left alone, and
the real one is only asked whether it answers.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config import home as places
from config.servers import folder, locks, postgres, valkey
from config.servers.folder import ServerProblem

Say = Callable[[str], None]


def to_stderr(sentence: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers of ``home`` are; ``embedded`` holds the modules of those that are ours."""

    home: Path
    database_url: str
    redis_url: str
    own_postgres: bool
    own_valkey: bool

    def start(self, say: Say) -> None:
        """Start what does not run. The caller holds ``locks.changing``."""
        folder.prepare_sockets(places.socket_folder(self.home))
        if self.own_postgres and postgres.start(self.home):
            say(f"PostgreSQL started in {self.home}")
        if self.own_valkey and valkey.start(self.home):
            say(f"Valkey started in {self.home}")

    def repair(self, say: Say) -> None:
        """Start again whichever server has died."""
        dead_postgres = self.own_postgres and not postgres.pid(self.home)
        dead_valkey = self.own_valkey and not valkey.pid(self.home)
        if dead_postgres or dead_valkey:
            with locks.changing(self.home):
                self.start(say)

    def stop(self) -> None:
        """Stop what is ours. The caller holds ``locks.changing``."""
        if self.own_valkey:
            valkey.stop(self.home)
        if self.own_postgres:
            postgres.stop(self.home)
        with suppress(OSError):
            places.socket_folder(self.home).rmdir()

    def check(self) -> None:
        """
        Raises:
            ServerProblem: a real server does not answer.
        """
        if not self.own_postgres:
            problem = postgres.problem_with(self.database_url)
            _require(problem, "DATABASE_URL", self.database_url)
        if not self.own_valkey:
            problem = valkey.problem_with(self.redis_url)
            _require(problem, "REDIS_URL", self.redis_url)


def of(home: Path) -> Servers:
    """The servers of ``home``, started or not."""
    sockets = places.socket_folder(home)
    user, name = places.DATABASE_USER, places.DATABASE
    embedded = f"postgresql://{user}@{quote(str(sockets), safe='')}/{name}"
    return Servers(
        home=home,
        database_url=os.environ.get("DATABASE_URL") or embedded,
        redis_url=os.environ.get("REDIS_URL") or f"unix://{valkey.socket(home)}",
        own_postgres=not os.environ.get("DATABASE_URL"),
        own_valkey=not os.environ.get("REDIS_URL"),
    )


@contextmanager
def running(home: Path = places.HOME, say: Say = to_stderr) -> Iterator[Servers]:
    """
    Have both servers of ``home`` running; the last user of a home stops them.

    Raises:
        ServerProblem: a server cannot run or does not answer; the text says what to do.
    """
    servers = of(home)
    servers.check()
    folder.prepare(home)
    with locks.changing(home):
        user = locks.User(home)
        try:
            servers.start(say)
        except BaseException:
            if user.leave():
                servers.stop()
            raise
    try:
        yield servers
    finally:
        with locks.changing(home):
            if user.leave():
                servers.stop()


def _require(problem: str, name: str, url: str) -> None:
    """Refuse to go on with a real server that does not answer."""
    if problem:
        raise ServerProblem(
            f"{name} {_without_password(url)} does not answer: {problem}\n"
            f"Start that server, correct the address, or unset {name} to use our own."
        )


def _without_password(url: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)
