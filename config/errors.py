"""
Refusals become HTTP here and nowhere else: RFC 9457 problem+json with a stable code.

Whatever else goes wrong is a bug or a fault of the machine: the caller gets a number to quote,
the log gets the details, and neither gets personal data.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any
from uuid import uuid4

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from hospital import errors, http
from ledger import chain, network

STATUS: dict[type[errors.Refusal], int] = {
    errors.Malformed: 400,
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.LockedOut: 423,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}

OF_HTTP: dict[int, tuple[str, str]] = {
    400: ("http.bad_request", "The request is malformed."),
    401: ("login.required", "Log in first."),
    403: ("access.forbidden", "You may not do this."),
    404: ("http.not_found", "There is nothing here."),
    405: ("http.method", "This method is not allowed here."),
    406: ("http.not_acceptable", "Only application/json is served here."),
    413: ("body.too_large", "The body is too large."),
    415: ("body.not_json", "Only application/json is taken here."),
    429: ("http.too_many", "Too many requests; wait."),
    500: ("server.fault", "Something broke on our side; nothing was changed."),
    503: ("server.busy", "The database is not available; try again."),
}

RETRIED = {"40001", "40P01", "55P03", "57014"}
"""Serialization failure, deadlock, lock time-out, statement time-out: the same call may succeed."""

READ_ONLY = "25006"
"""The database is a standby, or has been closed for writing."""

CONTENDED = "Somebody else is changing the same thing; try again."

log = logging.getLogger(__name__)


def to_problem(fault: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler."""
    status, code, title, facts = describe(fault)
    answer = Response(
        problem(status, code, title, facts), status=status, content_type="application/problem+json"
    )
    if status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in facts:
        answer["Retry-After"] = str(facts["retry_after_s"])
    return answer


def describe(fault: Exception) -> tuple[int, str, str, dict[str, Any]]:
    """HTTP status, stable code, sentence and facts of whatever was raised."""
    if isinstance(fault, errors.Refusal):
        status = next(number for kind, number in STATUS.items() if isinstance(fault, kind))
        return status, fault.code, fault.sentence(), fault.facts
    if isinstance(fault, chain.Turned | network.Turning):
        turning = http.Turning(retry_after_s=2)
        return 503, turning.code, turning.sentence(), turning.facts
    if isinstance(fault, chain.WrongClock):
        clock = http.WrongClock(reason=str(fault), retry_after_s=60)
        return 503, clock.code, clock.sentence(), clock.facts
    if isinstance(fault, DatabaseError):
        return _of_database(fault)
    if isinstance(fault, RequestDataTooBig):
        return (413, *OF_HTTP[413], {})
    if isinstance(fault, Http404):
        return (404, *OF_HTTP[404], {})
    if isinstance(fault, exceptions.APIException):
        status = fault.status_code if fault.status_code in OF_HTTP else 400
        return (422 if status == 415 else status, *OF_HTTP[status], {})
    return _of_bug(fault)


def problem(status: int, code: str, title: str, facts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "about:blank", "status": status, "code": code, "title": title, **facts}


def page(status: int) -> Any:
    """A Django error view that speaks problem+json."""

    def view(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        fault = sys.exc_info()[1] if status == 500 else None
        _, code, title, facts = (
            _of_bug(fault) if isinstance(fault, Exception) else (status, *OF_HTTP[status], {})
        )
        body = problem(status, code, title, facts)
        return JsonResponse(body, status=status, content_type="application/problem+json")

    return view


def _of_database(fault: DatabaseError) -> tuple[int, str, str, dict[str, Any]]:
    state = getattr(fault.__cause__, "pgcode", None)
    if state in RETRIED:
        return 409, "server.contended", CONTENDED, {"retry_after_s": 1}
    if isinstance(fault, OperationalError) or state == READ_ONLY:
        log.error("the database is not available (%s)", state)
        return (503, *OF_HTTP[503], {"retry_after_s": 2})
    return _of_bug(fault)


def _of_bug(fault: Exception) -> tuple[int, str, str, dict[str, Any]]:
    number = uuid4().hex[:12]
    where = traceback.extract_tb(fault.__traceback__)[-8:]
    # Files and lines, but not the message: it may quote what a person sent.
    lines = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(where))
    log.error("unexpected %s, number %s, at %s", type(fault).__name__, number, lines)
    return (500, *OF_HTTP[500], {"number": number})
