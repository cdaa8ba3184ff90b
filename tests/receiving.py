"""A receiver of webhooks: a real HTTP server of a pharmacy, with all its faults."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from hospital.client import Client
from hospital.feeds import webhook
from tests.simulators.server import serving


@dataclass
class Receiver:
    """
    Keeps what it verified, and answers as ``manners`` says: a status, or a word for a fault.

    ``manners`` are by subject, or for all under "". Nobody is answered until ``free`` is set.
    ``without_clock``: it believes any timestamp, for tests that travel in time.
    """

    url: str = ""
    keys: list[str] = field(default_factory=list)
    manners: dict[str, Any] = field(default_factory=dict)
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0
    without_clock: bool = False
    free: threading.Event = field(default_factory=threading.Event)
    came: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.free.set()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        given = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        self.headers.append(given)
        self.bodies.append(body)
        try:
            message, says = webhook.verified(given, body, self.keys, at_s=self._now_s(given))
        except webhook.NotOurs:
            self.refused += 1
            start_response("401 No", [])
            return []
        self.got.append((message, says))
        self.came.set()
        self.free.wait(20)
        subject = says.get("data", {}).get("subject", "")
        return self._answer(self.manners.get(subject, self.manners.get("", 204)), start_response)

    def _now_s(self, given: dict[str, str]) -> int:
        if self.without_clock:
            return int(given["webhook-timestamp"])
        return int(timezone.now().timestamp())

    def _answer(self, manner: Any, start_response: Any) -> Any:
        if isinstance(manner, list):
            manner = manner.pop(0) if manner else 204
        if manner == "huge":
            start_response("200 OK", [])
            return (b"x" * 65_536 for _ in range(160))
        if manner == "drip":
            start_response("200 OK", [])
            return drips()
        if manner == "redirect":
            start_response("302 There", [("Location", f"{self.url}/elsewhere")])
            return []
        if manner == "busy":
            start_response("429 Busy", [("Retry-After", "600")])
            return []
        start_response(f"{manner} Answer", [])
        return [b"\xff\x00 garbage"]

    @property
    def told(self) -> dict[str, list[int]]:
        """The versions that arrived, by subject, in the order in which they did."""
        found: dict[str, list[int]] = defaultdict(list)
        for _, says in self.got:
            if "subject" in says["data"]:
                found[says["data"]["subject"]].append(says["data"]["version"])
        return found


def drips() -> Iterator[bytes]:
    """Twenty seconds of one byte every now and then."""
    for _ in range(400):
        time.sleep(0.05)
        yield b"x"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    with serving(receiver) as url:
        receiver.url = url
        yield receiver
        receiver.free.set()


def registered(receiver: Receiver, by: Client, **more: Any) -> dict[str, Any]:
    """An endpoint of the caller's organisation at the receiver, which trusts its key."""
    made = by.write("/api/feed/endpoints", {"url": f"{receiver.url}/hooks", **more})
    receiver.keys = made["keys"]
    return made
