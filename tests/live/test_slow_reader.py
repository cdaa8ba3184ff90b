"""A reader that takes nothing: the process lets go of it, and others notice nothing."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from hospital.live.__main__ import GONE_AFTER_S
from hospital.live.asgi import SENT_WITHIN_S
from ledger import network
from tests.live import reading
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.alone]
ENTRIES = 1_500
"""About a megabyte, which no buffer on the way holds."""
GENEROUS_S = 60


def test_lets_go_of_who_takes_nothing(world: World):
    """Its place is free again, and the kernel keeps nothing for it."""
    world.regulator.enter_with_key()
    for _ in range(ENTRIES):
        reading.enter(network.origin(), uuid4().hex)
    reading.sequence()
    token = world.regulator.token
    with reading.running(RX_LIVE_CLIENTS="1") as process, socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stuck.connect(("127.0.0.1", urlsplit(process.url).port))
        lines = [
            "GET /live HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {token}",
            "Last-Event-ID:",
        ]
        stuck.sendall("\r\n".join([*lines, "", ""]).encode())
        headers = {"Authorization": f"Bearer {token}"}
        _until(lambda: _status(process.url, headers) == 503, 10)

        _until(lambda: _status(process.url, headers) == 200, SENT_WITHIN_S + GENEROUS_S)
        _until(lambda: _unsent(process.port) == 0, GONE_AFTER_S + GENEROUS_S)


def _status(url: str, headers: dict[str, str]) -> int:
    with httpx.stream("GET", f"{url}/live", headers=headers, trust_env=False) as answer:
        return answer.status_code


def _unsent(port: int) -> int:
    """Bytes that the kernel keeps for peers of this port (``/proc/net/tcp``, ``tx_queue``)."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sum(int(one[4].split(":")[0], 16) for one in rows if one[1].endswith(f":{port:04X}"))


def _until(what, within_s: float) -> None:
    until = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until
        time.sleep(0.2)
