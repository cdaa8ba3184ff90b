"""
Requests, and the SQL statements that one of them issues.

``record`` runs a request through the whole application in this process and rolls back where it
would commit. So a bare client can execute the very same statements later, values and all, and
they succeed: that is the floor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.db import connection

from tests import world

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    """One call, made beforehand; ``body`` None is a GET."""

    path: str
    token: str
    body: Mapping[str, Any] | None = None
    key: str = field(default_factory=lambda: uuid4().hex)

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body).encode()

    @property
    def headers(self) -> dict[str, str]:
        known = {"Host": HOST, "Authorization": f"Bearer {self.token}", "Accept": "*/*"}
        if self.body is None:
            return known
        length = str(len(self.content))
        sent = {"Content-Type": "application/json", "Content-Length": length}
        return {**known, **sent, "Idempotency-Key": self.key}

    def wire(self) -> bytes:
        """The bytes that go over the connection."""
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.content


def record(request: Request) -> list[bytes]:
    """The statements of ``request``, BEGIN and COMMIT among them; nothing of it stays."""
    with _rolled_back() as statements:
        send(request)
    return statements


def send(request: Request) -> Any:
    """Have the application answer here, in this process."""
    answer = _client().request(
        request.method, request.path, content=request.content, headers=request.headers
    )
    if not answer.is_success:
        raise RuntimeError(f"{request.path}: {answer.status_code} {answer.text}")
    return answer.json()


def _client() -> Any:
    return world.a_client().http


@contextmanager
def _rolled_back() -> Iterator[list[bytes]]:
    statements: list[bytes] = []
    wrapper: Any = connection  # stubs leave its inner methods out

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if connection.in_atomic_block and not _open(statements):
            statements.append(b"BEGIN")
        statements.append(context["cursor"].mogrify(sql, params))
        return execute(sql, params, many, context)

    def end() -> None:
        if _open(statements):
            statements.append(b"COMMIT")
        wrapper._rollback()

    connection.ensure_connection()
    wrapper._commit = end
    try:
        with connection.execute_wrapper(note):
            yield statements
    finally:
        del wrapper._commit


def _open(statements: list[bytes]) -> bool:
    """Whether a transaction was begun and not ended."""
    return statements.count(b"BEGIN") > statements.count(b"COMMIT")
