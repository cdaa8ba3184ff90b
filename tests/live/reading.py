"""The feed's real process, and readers of it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from django.db import connection, transaction
from django.utils import timezone

from config.home import BASE, socket_folder
from hospital import services
from ledger import chain, network, sequencer
from ledger.entry import Statement

SITE = "http://site.example"
UP_WITHIN_S = 60


@transaction.atomic
def enter(log: str, mark: str) -> None:
    """An entry that nobody else has: a refusal of ``mark``."""
    statement = Statement(
        log=log,
        subject=f"view/{uuid4().hex}",
        version=1,
        prev=b"",
        kind="record.refuse",
        by=services.key_name("access", log),
        at=timezone.now(),
        patient="",
        commitment=b"",
        facts={"reader": "r", "role": "doctor", "organisation": "h", "of": mark, "code": mark},
    )
    chain.append(services.sign("access", statement), drawn=statement)


def sequence() -> float:
    """Give leaves to all that was entered; the moment of the commit."""
    for line in network.lines():
        sequencer.sequence(network.origin(line))
    return time.time()


@dataclass
class Process:
    """The feed on a port of its own; it can be killed and started again."""

    port: int
    more: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        name = connection.settings_dict["NAME"]
        database = f"postgresql://rx@{str(socket_folder()).replace('/', '%2F')}/{name}"
        if given := os.environ.get("DATABASE_URL"):
            database = f"{given.rpartition('/')[0]}/{name}"
        env = {**os.environ, "DATABASE_URL": database, "RX_SITE": SITE, **self.more}
        self.running = subprocess.Popen(
            [sys.executable, "-m", "hospital.live", "--port", str(self.port)], cwd=BASE, env=env
        )
        until = time.monotonic() + UP_WITHIN_S
        while not self._answers():
            assert self.running.poll() is None, "the feed has ended"
            assert time.monotonic() < until, "the feed does not start"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None


@contextmanager
def running(**more: str) -> Iterator[Process]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = Process(port, more)
    try:
        process.start()
        yield process
    finally:
        process.kill()


@dataclass
class Reader:
    """A page's reader: it keeps the last id, and goes on behind it when the connection ends."""

    url: str
    token: str
    last: str = ""
    ready: bool = False
    got: list[dict[str, Any]] = field(default_factory=list)
    connects: int = 0

    async def read(self, client: httpx.AsyncClient) -> None:
        """For ever."""
        while True:
            with suppress(httpx.TransportError):
                await self._once(client)
            await asyncio.sleep(0.05)

    async def _once(self, client: httpx.AsyncClient) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        if self.last:
            headers["Last-Event-ID"] = self.last
        async with client.stream("GET", f"{self.url}/live", headers=headers) as answer:
            if answer.status_code == 503:
                return
            assert answer.status_code == 200, await answer.aread()
            self.connects += 1
            said: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    said[name] = value
                else:
                    self._take(said)
                    said = {}

    def _take(self, said: dict[str, str]) -> None:
        if said.get("event") == "ready":
            self.ready = True
        if said.get("event") == "entry":
            self.got.append({**json.loads(said["data"]), "seen": time.time()})
        self.last = said.get("id", self.last)
