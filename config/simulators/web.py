"""A WSGI application in the small: a table of routes, and answers that are JSON."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote
from wsgiref.types import StartResponse, WSGIEnvironment

_PHRASES = {200: "OK", 204: "No Content", 302: "Found", 400: "Bad Request", 401: "Unauthorized"}


@dataclass(frozen=True, slots=True)
class Question:
    """A request. ``target`` is path and query as sent: the bytes that a merchant signs."""

    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def content(self) -> dict[str, Any]:
        """
        The body as a JSON object.

        Raises:
            Refusal: it is none.
        """
        try:
            content = json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise Refusal(400, "PARAM_ERROR", "the body is no JSON object")
        return content


@dataclass(frozen=True, slots=True)
class Answer:
    """``pace_s`` is the pause before each byte; 0 sends the body at once."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pace_s: float = 0.0


class Refusal(Exception):
    """An answer that says no, in WeChat Pay's form."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.answer = of_json({"code": code, "message": message}, status)


Handler = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """``pattern`` is a path in which ``{name}`` stands for one segment, passed by that name."""

    method: str
    pattern: str
    handler: Handler

    def match(self, question: Question) -> dict[str, str] | None:
        """The named segments, or None if this is not the route."""
        expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.pattern)
        found = re.fullmatch(expression, question.path)
        return found.groupdict() if found and question.method == self.method else None


def of_json(content: object, status: int = 200, kind: str = "application/json") -> Answer:
    """An answer that holds ``content``."""
    body = json.dumps(content, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": kind})


def dispatch(routes: Iterable[Route], question: Question) -> Answer:
    """Ask the first route that fits; a ``Refusal`` is an answer too."""
    for route in routes:
        names = route.match(question)
        if names is not None:
            try:
                return route.handler(question, **names)
            except Refusal as refusal:
                return refusal.answer
    return Refusal(404, "NOT_FOUND", "no such interface").answer


def read(environ: WSGIEnvironment) -> Question:
    """The request that the server received."""
    query = environ.get("QUERY_STRING", "")
    path = environ.get("PATH_INFO", "") or "/"
    length = int(environ.get("CONTENT_LENGTH") or 0)
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    target = quote(path.encode("latin-1"), safe="/-_.~|*") + (f"?{query}" if query else "")
    return Question(
        method=environ["REQUEST_METHOD"],
        path=path,
        target=target,
        query=dict(parse_qsl(query)),
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
    )


def send(answer: Answer, start_response: StartResponse) -> Iterator[bytes]:
    """Begin the answer and return its body, at its pace."""
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    if answer.status == 204:
        del headers["Content-Length"]
    phrase = _PHRASES.get(answer.status, "Answer")
    start_response(f"{answer.status} {phrase}", list(headers.items()))
    return _paced(answer) if answer.pace_s else iter([answer.body])


def _paced(answer: Answer) -> Iterator[bytes]:
    for byte in answer.body:
        yield bytes([byte])
        time.sleep(answer.pace_s)
