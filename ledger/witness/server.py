"""
The witness over HTTP: a WSGI application; ``connections`` has the sockets.

    POST /<role>/add-checkpoint               a cosignature (``cosigning`` says what else)
    GET  /<role>/<sha256 of origin>/checkpoint   what this key cosigned last
    GET  /<role>/<sha256 of origin>/checkpoint/<size>   what it cosigned first at this size
    GET  /<role>/<sha256 of origin>/suspects     what did not fit: the log's notes, a JSON list
    GET  /validator/<sha256 of origin>/status    how far the replay is, and why it stopped
    POST /validator/add-patients                 the same for the patients' lists (``patients``)
    GET  /validator/<sha256 of origin>/patients  the head of lists that was cosigned last
    GET  /validator/<sha256 of origin>/suspected-patients  those that contradicted the replay
    GET  /healthz

``<role>`` is ``witness`` or ``validator``. Sources: https://c2sp.org/tlog-witness.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ledger.note import Malformed
from ledger.patients import origin_of as lists_of
from ledger.witness import connections, patients, validating
from ledger.witness import home as homes
from ledger.witness.cosigning import TEXT, Answer, Cosigning
from ledger.witness.home import VALIDATOR, Home
from ledger.witness.records import Records
from ledger.witness.requests import MAX_BYTES, AddCheckpoint

JSON = "application/json"
Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]
logger = logging.getLogger("witness")
_ADD, _ADD_LISTS = "add-checkpoint", "add-patients"
_SIZE = re.compile("0|[1-9][0-9]{0,15}")

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
        self._lists: dict[str, patients.ListCosigning] = {}
        self._records: dict[str, Records] = {}
        self._turn = threading.Lock()
        self._open()

    def _open(self) -> None:
        for role in self.home.roles:
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
                lists = patients.ListCosigning(log.keys, keys, records, validator.lists)
                self._lists[lists.origin] = lists
            self._cosigning[role, log.origin] = Cosigning(
                log.origin, log.keys, keys, records, **more
            )

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            answer = self._answer(environ)
        except sqlite3.OperationalError as error:
            logger.error("What we say cannot be stored, so it is not said: %s", error)
            answer = Answer(503, b"nothing can be stored here now\n")
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
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        _, role, *rest = path.split("/") if path.startswith("/") else ("", "")
        if rest not in ([_ADD], [_ADD_LISTS]):
            answer = self._read(role, *rest) if path != "/healthz" else Answer(200, b"ok\n")
            is_known = answer.status != 404
            return _wrong_method() if is_known and method not in ("GET", "HEAD") else answer
        if role not in self.home.roles or (rest == [_ADD_LISTS] and role != VALIDATOR):
            return _unknown()
        if method != "POST":
            return _wrong_method()
        body = _body(environ)
        if isinstance(body, Answer):
            return body
        if rest == [_ADD_LISTS]:
            return patients.add(body, self._lists)
        return self._add_checkpoint(role, body)

    def _add_checkpoint(self, role: str, body: bytes) -> Answer:
        try:
            request = AddCheckpoint.parse(body)
        except Malformed as error:
            return Answer(400, f"{error}\n".encode())
        if (role, request.head.origin) not in self._cosigning:
            self._look_again()
        cosigning = self._cosigning.get((role, request.head.origin))
        return cosigning.add_checkpoint(request) if cosigning else _unknown()

    def _read(self, role: str, digest: str = "", what: str = "", *more: str) -> Answer:
        for (its_role, origin), cosigning in list(self._cosigning.items()):
            if its_role != role or hashlib.sha256(origin.encode()).hexdigest() != digest:
                continue
            if what == "checkpoint":
                return _cosigned(cosigning.records, origin, more)
            if more:
                return _unknown()
            if what == "suspects":
                notes = [note.decode() for note in cosigning.records.suspects(origin)]
                return _json(notes)
            if role == VALIDATOR:
                return self._read_replayed(origin, what)
        return _unknown()

    def _read_replayed(self, origin: str, what: str) -> Answer:
        lists = self._lists[lists_of(origin)]
        if what == "status":
            return _json(self.validators[origin].status())
        if what == "patients" and (note := lists.latest()):
            return Answer(200, note)
        if what == "suspected-patients":
            return _json([note.decode() for note in lists.suspects()])
        return _unknown()

    def _allowed(self, environ: Environ) -> str:
        return "POST" if environ["PATH_INFO"].endswith((_ADD, _ADD_LISTS)) else "GET, HEAD"


def serve(home: Home, host: str, port: int) -> None:
    """Serve until SIGTERM. Raises ``OSError`` if the port is taken."""
    connections.server(Application(home), host, port, max_bytes=MAX_BYTES).run()


def _cosigned(records: Records, origin: str, size: tuple[str, ...]) -> Answer:
    """The latest checkpoint, or that of one size."""
    if not size:
        note = records.latest(origin).note
    elif len(size) == 1 and _SIZE.fullmatch(size[0]):
        note = records.cosigned(origin, int(size[0])).note
    else:
        note = b""
    return Answer(200, note) if note else _unknown()


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
