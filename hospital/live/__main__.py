"""
The feed's process: ``python -m hospital.live --port 8002``, one of it; it keeps nothing.

Settings come from the environment, as for every other program. Behind a proxy it wants an address
of its own or the path ``/live`` of the site, unbuffered.
"""

from __future__ import annotations

import asyncio
import socket
from argparse import ArgumentParser

import django
import uvicorn

GONE_AFTER_S = 20
"""TCP itself drops who acknowledges nothing for so long, or keeps its window shut (RFC 5482)."""
UNREAD_BYTES = 65_536
"""So much the kernel keeps for each reader, beside as much in the process."""
ENDS_WITHIN_S = 3


def listening(host: str, port: int) -> socket.socket:
    """A socket whose connections end when nobody reads them; they inherit what it is set to."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_AFTER_S * 1_000)
    made.bind((host, port))
    made.listen(1_024)
    return made


async def serve(sockets: list[socket.socket]) -> None:
    """Serve until a signal comes."""
    from django.conf import settings  # noqa: PLC0415 -- after django.setup()

    from hospital.live import asgi, hub  # noqa: PLC0415

    shared = hub.Hub()
    feed = asgi.Feed(
        shared,
        site=settings.SITE_ORIGIN,
        most=settings.LIVE_CLIENTS_MOST,
        each=settings.LIVE_EACH_MOST,
    )
    config = uvicorn.Config(
        feed,
        lifespan="off",
        http="h11",
        ws="none",
        access_log=False,
        log_level="critical",
        server_header=False,
        timeout_graceful_shutdown=ENDS_WITHIN_S,
    )
    tail = hub.Tail(shared, asyncio.get_running_loop())
    tail.start()
    watching = asyncio.create_task(feed.watch())
    try:
        await uvicorn.Server(config).serve(sockets=sockets)
    finally:
        watching.cancel()
        tail.end()


def main() -> None:
    """Read the arguments and serve."""
    parser = ArgumentParser(prog="hospital.live")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    django.setup()
    asyncio.run(serve([listening(asked.host, asked.port)]))


if __name__ == "__main__":
    main()
