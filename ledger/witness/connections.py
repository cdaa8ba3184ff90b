"""
The sockets: waitress, with a deadline for each request.

Waitress reads all connections in one thread and hands whole requests to its workers, so a slow
client holds no worker. But to waitress a client that sends a byte now and then is active for ever,
and a few of them would take all places. Here a request must be complete within ``DEADLINE_S`` of
its first byte, and a connection that says nothing is closed after the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import waitress  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import BaseWSGIServer  # type: ignore[import-untyped]

THREADS = 8
DEADLINE_S = 10
LOOK_S = 2
"""How often waitress looks for connections whose time is over."""
MOST = 500
HEADER_BYTES = 4 << 10
"""Ours are short; and no number in a header has so many digits that Python refuses to read it."""
KEPT_IN_MEMORY = 64 << 10
"""What is longer waits in a temporary file until it is complete."""

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that counts as active when a request begins or is complete, not in between."""

    last_activity: float

    def handle_read(self) -> None:
        """Read what has come."""
        unfinished, waiting, since = self.request, len(self.requests), self.last_activity
        super().handle_read()
        # Empty lines may come before a request; they are not yet its beginning.
        begins = unfinished is None and self.request and self.request.header_plus.strip()
        if not begins and len(self.requests) <= waiting:
            self.last_activity = since


def server(application: Application, host: str, port: int, *, max_bytes: int) -> Any:
    """
    Listen, and give the server, whose ``run`` serves until SIGTERM.

    A body of more than ``max_bytes`` is answered with 413. Raises ``OSError`` if the port is taken.
    """
    sockets: dict[int, Any] = {}
    made = waitress.create_server(
        application,
        map=sockets,
        host=host,
        port=port,
        threads=THREADS,
        max_request_body_size=max_bytes + 1,
        max_request_header_size=HEADER_BYTES,
        inbuf_overflow=KEPT_IN_MEMORY,
        connection_limit=MOST,
        channel_timeout=DEADLINE_S,
        cleanup_interval=LOOK_S,
        asyncore_use_poll=True,
        ident="",
        clear_untrusted_proxy_headers=True,
    )
    for one in sockets.values():  # a host name may have several addresses
        if isinstance(one, BaseWSGIServer):
            one.channel_class = Channel
    return made
