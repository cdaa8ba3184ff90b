"""Witnesses of a test's log, in this process but over real connections, with faults on demand."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ledger.cosignature import Algorithm
from ledger.witness import home
from ledger.witness.home import WatchedLog
from ledger.witness.server import Application
from tests.ledger.logs import ALog

Fault = Callable[[Any, Any], Iterable[bytes] | None]


class Threading(ThreadingMixIn, WSGIServer):
    """A thread per connection, none of which is waited for."""

    daemon_threads = True
    block_on_close = False


class Quiet(WSGIRequestHandler):
    """Says nothing on the console."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Office:
    """One witness. ``fault`` answers in its place, or returns None to let it answer itself."""

    def __init__(self, folder: Path, name: str, log: ALog) -> None:
        watched = WatchedLog((log.signer.verifier.vkey,), "http://127.0.0.1:1")
        self.home = home.make(
            folder / name, name, algorithms=(Algorithm.ED25519,), validates=False, log=watched
        )
        self.name, self.application = f"{name}/witness", Application(self.home)
        self.fault: Fault = lambda environ, start: None
        self.asked = 0
        self._server = make_server("127.0.0.1", 0, self._answer, Threading, Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}/witness"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def size(self) -> int:
        return (
            self.application._cosigning["witness", self._origin].records.latest(self._origin).size
        )

    @property
    def _origin(self) -> str:
        return self.home.logs[0].origin

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _answer(self, environ: Any, start: Any) -> Iterable[bytes]:
        self.asked += 1
        answered = self.fault(environ, start)
        return self.application(environ, start) if answered is None else answered


@contextmanager
def offices(log: ALog, folder: Path, count: int, quorum: int) -> Iterator[list[Office]]:
    """So many witnesses, and a policy file that asks for a quorum of them."""
    made = [Office(folder, f"office-{number}", log) for number in range(count)]
    lines = [f"log {log.signer.verifier.vkey}"]
    for one in made:
        (key,) = one.home.cosigners("witness")
        lines.append(f"witness {one.name} {key.verifier.vkey} {one.url}")
    names = " ".join(one.name for one in made)
    lines += [f"group all-of-them {quorum} {names}", "quorum all-of-them"]
    (folder / "policy").write_text("".join(f"{line}\n" for line in lines))
    try:
        yield made
    finally:
        for one in made:
            one.close()


def says(status: str, body: bytes = b"", **headers: str) -> Fault:
    """A witness that always answers this."""

    def fault(environ: Any, start: Any) -> Iterable[bytes]:
        start(status, [("Content-Length", str(len(body))), *headers.items()])
        return [body]

    return fault


def sleeps(seconds: float) -> Fault:
    """A witness that takes its time."""

    def fault(environ: Any, start: Any) -> None:
        time.sleep(seconds)

    return fault
