"""Clusters that are dumped, restored, copied and promoted, and what an operator does in each."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from config import home as places
from config.servers import embedded, postgres
from tests.servers.conftest import make_home as make_home
from tests.servers.conftest import only_embedded as only_embedded
from tests.servers.homes import quiet


@dataclass
class Operator:
    """A running cluster, and the folders of keys and of the published log that go with it."""

    home: Path
    folders: Path
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> "Operator":
        self._running.enter_context(embedded.running(self.home, quiet))
        return self

    def stop(self) -> None:
        self._running.close()

    @property
    def env(self) -> dict[str, str]:
        """By which a process of the operator's finds all of it."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": embedded.of(self.home).database_url,
            "RX_HOME": str(self.home),
            "RX_KEYS": str(self.folders / "keys"),
            "RX_LOG": str(self.folders / "log"),
            "RX_LINES": "1",
        }

    def does(self, *verbs: str) -> list[Any]:
        """What ``tests.drills.operator`` answers."""
        ran = subprocess.run(
            [sys.executable, "-m", "tests.drills.operator", *verbs],
            cwd=places.BASE,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        answers: list[Any] = json.loads(ran.stdout)
        return answers

    def tool(self, name: str, *argv: str | Path) -> None:
        """One of PostgreSQL's programs, as the superuser of this cluster."""
        socket = places.socket_folder(self.home)
        subprocess.run(
            [postgres.binaries() / name, "-h", socket, "-U", postgres.SUPERUSER, *argv],
            capture_output=True,
            check=True,
        )

    def dump(self, path: Path) -> Path:
        """A backup of the database, as ``docs/restoring.md`` makes it."""
        self.tool("pg_dump", "--format=custom", "--file", path, places.DATABASE)
        return path

    def restore(self, path: Path) -> None:
        """Put a backup in the place of this cluster's database."""
        self.tool("dropdb", "--force", places.DATABASE)
        self.tool("createdb", "--owner", places.DATABASE_USER, places.DATABASE)
        self.tool("pg_restore", "--exit-on-error", "--dbname", places.DATABASE, path)


@pytest.fixture
def make_operator(make_home: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Operators with clusters of their own; all share the folders unless told otherwise."""
    made: list[Operator] = []

    def make(name: str, folders: Path | None = None, *, copied_from: Operator | None = None) -> Any:
        home = make_home(name)
        operator = Operator(home, folders or tmp_path / "folders")
        if copied_from is not None:
            home.mkdir(parents=True)
            target = postgres.data_folder(home)
            copied_from.tool("pg_basebackup", "-D", target, "-R", "--checkpoint=fast")
        made.append(operator)
        return operator.start()

    yield make
    for operator in made:
        operator.stop()
        shutil.rmtree(operator.home, ignore_errors=True)
