"""Ports of this computer, the same for a home each time as long as they are free."""

import json
import os
import socket
from contextlib import closing
from pathlib import Path

from config.servers.folder import ServerProblem


def choose(home: Path, name: str, wanted: int = 0) -> int:
    """
    The port for ``name``: the wanted one, else the one it had before, else any that is free.

    Raises:
        ServerProblem: the wanted port is taken.
    """
    file = home / "ports.json"
    known = _read(file)
    if wanted and not _is_free(wanted):
        raise ServerProblem(f"Port {wanted} is in use: choose another, or none.")
    port = wanted or known.get(name, 0)
    if not port or not _is_free(port):
        port = _any()
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({**known, name: port}))
    draft.replace(file)
    return port


def _read(file: Path) -> dict[str, int]:
    """The remembered ports; none if the file is missing or damaged."""
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True


def _any() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
