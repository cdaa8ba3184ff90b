"""Calls to ``tests.crashes.server``, whose answers may be lost on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from config import home as places
from tests.journeys.writes import Write

SERVER = "from tests.crashes import server; server.main()"
BUSY = {"idempotency.in_progress", "server.contended", "server.busy"}


@dataclass
class Dying:
    """A server whose processes die at a step; ``None`` for an answer means that one did."""

    http: httpx.Client
    folder: Path

    def send(self, ready: Write, key: str, crash: str = "") -> httpx.Response | None:
        """A write under an Idempotency-Key, as often as somebody who died still seems to run."""
        headers = {"Authorization": f"Bearer {ready.by.token}", "Idempotency-Key": key}
        for _ in range(200):
            answer = self._post(ready.path, headers | {"X-Crash": crash}, ready.body)
            if answer is None or answer.status_code < 400 or answer.json()["code"] not in BUSY:
                return answer
        raise AssertionError("the key is stuck")

    def run(self, task: str, crash: str = "") -> bool:
        """Whether a task came to its end."""
        answer = self._post(f"/task/{task}", {"X-Crash": crash}, {})
        assert answer is None or answer.status_code == 204
        return answer is not None

    @property
    def last(self) -> str:
        """Before which step the last one died."""
        return (self.folder / "last").read_text()

    @property
    def unsent(self) -> bytes:
        """The answer that was made and not sent."""
        return (self.folder / "answer").read_bytes()

    def _post(self, path: str, headers: dict[str, str], body: object) -> httpx.Response | None:
        try:
            return self.http.post(path, headers=headers, json=body)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return None


@contextmanager
def dying(database_url: str, folder: Path) -> Iterator[Dying]:
    """The server as a program beside the tests, on their database, keys and log."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SERVER],
        cwd=places.BASE,
        env={**os.environ, "DATABASE_URL": database_url, "RX_CRASHES": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
            yield Dying(http, folder)
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()
