"""
The witness over HTTP: a WSGI application, served by waitress.

    POST /<role>/add-checkpoint               a cosignature (``cosigning`` says what else)
    GET  /<role>/<sha256 of origin>/checkpoint   what this key cosigned last
    GET  /<role>/<sha256 of origin>/suspects     checkpoints that contradicted it, a JSON list
    GET  /validator/<sha256 of origin>/status    how far the replay is, and why it stopped
    GET  /healthz

``<role>`` is ``witness`` or ``validator``. Sources: https://c2sp.org/tlog-witness.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import waitress  # type: ignore[import-untyped]

from ledger.note import Malformed
from ledger.witness import home as homes
from ledger.witness import validating
from ledger.witness.cosigning import TEXT, Answer, Cosigning
from ledger.witness.home import ROLES, VALIDATOR, Home
from ledger.witness.records import Records
from ledger.witness.requests import MAX_BYTES, AddCheckpoint

THREADS = 8
JSON = "application/json"
Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]
logger = logging.getLogger("witness")

_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    411: "Length Required",
    413: "Content Too Large",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Application:
    """All keys of one organisation and all logs that it watches."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.validators: dict[str, validating.Validating] = {}
        self._cosigning: dict[tuple[str, str], Cosigning] = {}
        self._records: dict[str, Records] = {}
        self._turn = threading.Lock()
        self._open()

    def _open(self) -> None:
        for role in ROLES if self.home.validates else ROLES[:1]:
            if role not in self._records:
                self._records[role] = Records(self.home.path / f"{role}.db")
            self._open_logs(role)

    def _look_again(self) -> None:
        """Take up the logs that the organisation has begun to watch since this program started."""
        with self._turn:
            try:
                found = homes.load(self.home.path)
            except homes.BadHome as error:
                logger.error("The configuration cannot be read: %s", error)
                return
            if found.logs != self.home.logs:
                self.home = found
                self._open()

    def _open_logs(self, role: str) -> None:
        records, keys = self._records[role], self.home.cosigners(role)
        for log in self.home.logs:
            if (role, log.origin) in self._cosigning:
                continue
            more: dict[str, Any] = {}
            if role == VALIDATOR:
                validator = validating.Validating(self.home, log)
                self.validators[log.origin] = validator
                more["admit"] = validator.admit
            self._cosigning[role, log.origin] = Cosigning(
                log.origin, log.keys, keys, records, **more
            )

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            answer = self._answer(environ)
        except Exception:
            logger.exception("A request could not be answered")
            answer = Answer(500, b"this is our fault, not yours\n")
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            "X-Content-Type-Options": "nosniff",
            **({"Retry-After": "1"} if answer.status == 503 else {}),
            **({"Allow": self._allowed(environ)} if answer.status == 405 else {}),
        }
        start(f"{answer.status} {_REASONS[answer.status]}", list(headers.items()))
        return [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        parts = path.strip("/").split("/")
        if path == "/healthz":
            return Answer(200, b"ok\n") if method in ("GET", "HEAD") else _wrong_method()
        if parts[0] not in ROLES or len(parts) not in (2, 3):
            return _unknown()
        if len(parts) == 3:
            return self._read(*parts) if method in ("GET", "HEAD") else _wrong_method()
        if parts[1] != "add-checkpoint":
            return _unknown()
        if method != "POST":
            return _wrong_method()
        body = _body(environ)
        return body if isinstance(body, Answer) else self._add_checkpoint(parts[0], body)

    def _add_checkpoint(self, role: str, body: bytes) -> Answer:
        try:
            request = AddCheckpoint.parse(body)
        except Malformed as error:
            return Answer(400, f"{error}\n".encode())
        if (role, request.head.origin) not in self._cosigning:
            self._look_again()
        cosigning = self._cosigning.get((role, request.head.origin))
        return cosigning.add_checkpoint(request) if cosigning else _unknown()

    def _read(self, role: str, digest: str, what: str) -> Answer:
        for (its_role, origin), cosigning in list(self._cosigning.items()):
            if its_role != role or hashlib.sha256(origin.encode()).hexdigest() != digest:
                continue
            if what == "checkpoint":
                note = cosigning.records.latest(origin).note
                return Answer(200, note) if note else _unknown()
            if what == "suspects":
                notes = [note.decode() for note in cosigning.records.suspects(origin)]
                return _json(notes)
            if what == "status" and role == VALIDATOR:
                return _json(self.validators[origin].status())
        return _unknown()

    def _allowed(self, environ: Environ) -> str:
        return "POST" if environ["PATH_INFO"].count("/") == 2 else "GET, HEAD"


def serve(home: Home, host: str, port: int) -> None:
    """Serve until SIGTERM. Raises ``OSError`` if the port is taken."""
    application = Application(home)
    server = waitress.create_server(
        application,
        host=host,
        port=port,
        threads=THREADS,
        max_request_body_size=MAX_BYTES + 1,
        max_request_header_size=16 << 10,
        channel_timeout=30,
        cleanup_interval=5,
        ident="",
        clear_untrusted_proxy_headers=True,
    )
    server.run()


def _body(environ: Environ) -> bytes | Answer:
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isascii() or not length.isdigit():
        return Answer(411, b"say how long the body is\n")
    if int(length) > MAX_BYTES:
        return Answer(413, b"the request is too long\n")
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _json(value: Mapping[str, Any] | list[str]) -> Answer:
    return Answer(200, f"{json.dumps(value, ensure_ascii=False)}\n".encode(), JSON)


def _unknown() -> Answer:
    return Answer(404, b"there is nothing here\n", TEXT)


def _wrong_method() -> Answer:
    return Answer(405, b"not by this method\n", TEXT)
