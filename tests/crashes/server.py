"""
A web server that forks for every request; a child kills itself where the request says.

    X-Crash: 7          dies before its seventh step
    X-Crash: answer     dies before its first step of this name

Steps are SQL statements (``sql``), ``before commit`` and ``after commit``, what touches files
(``file``), and the ``answer``, made but not yet sent. ``kill -9`` leaves no time to clean up
anything. The name of the last step, and the answer that was made, are left in ``RX_CRASHES``.
``POST /task/NAME`` runs a task of Celery's in the same way.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from socketserver import ForkingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from config.celery import app
from config.wsgi import application as django

TOUCHES_FILES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


class Steps:
    """Counts what a request does, and ends its process before the step that was asked for."""

    def __init__(self, folder: Path, until: str) -> None:
        self.folder, self.until, self.count = folder, until, 0

    def __call__(self, name: str) -> None:
        self.count += 1
        if self.until in (name, str(self.count)):
            descriptor = os.open(self.folder / "last", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(descriptor, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self) -> None:
        """Have everything counted that this process does from now on."""
        connection.execute_wrappers.append(self._execute)
        commit, fsync = BaseDatabaseWrapper._commit, os.fsync  # type: ignore[attr-defined]

        def counted_commit(wrapper: BaseDatabaseWrapper) -> None:
            self("before commit")
            commit(wrapper)
            self("after commit")

        def counted_fsync(descriptor: int) -> None:
            self("file")
            fsync(descriptor)

        BaseDatabaseWrapper._commit = counted_commit  # type: ignore[attr-defined]
        os.fsync = counted_fsync  # type: ignore[assignment]
        sys.addaudithook(self._heard)

    def _execute(self, execute: Any, *arguments: Any) -> Any:
        self("sql")
        return execute(*arguments)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        written = event == "open" and str(arguments[0]).endswith(".tmp")
        if written or event in TOUCHES_FILES:
            self("file")


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django, or a task, under ``Steps``."""
    steps = Steps(Path(os.environ["RX_CRASHES"]), environ.get("HTTP_X_CRASH", ""))
    steps.arm()
    path = environ["PATH_INFO"]
    if path.startswith("/task/"):
        app.tasks[path.removeprefix("/task/")]()
        start_response("204 No Content", [])
        body = b""
    else:
        body = b"".join(django(environ, start_response))
    if steps.until:
        (steps.folder / "answer").write_bytes(body)
    steps("answer")
    return [body]


class Server(ForkingMixIn, WSGIServer):
    """One process a request."""

    request_queue_size = 64


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output readable."""


def main() -> None:
    """Serve on a free port, which is printed."""
    app.loader.import_default_modules()
    with make_server("127.0.0.1", 0, application, Server, Silent) as server:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever(poll_interval=0.05)
