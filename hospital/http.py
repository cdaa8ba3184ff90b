"""
How every endpoint of ours behaves: read the input, make one call, show the answer.

``Query`` answers a read, ``Draw`` gives a statement to sign, ``Command`` is a write under an
Idempotency-Key. Roles are checked here (may this role call this at all?); whether the caller may
touch this very object is asked in each app's ``permissions``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypedDict, cast
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import access, acting, authentication, errors, idempotency, sealedanswers
from hospital.inputfields import Flag as Flag
from hospital.inputfields import Strict as Strict
from hospital.inputfields import Text as Text
from hospital.inputfields import Whole as Whole
from hospital.roles import Actor, Role
from ledger import entry, lag, network

Drawn = entry.Statement | list[entry.Statement]
MOST_LINES = 256
RECORDED = (errors.Forbidden, errors.NotFound, errors.Conflict, errors.Gone)


class BadInput(errors.Invalid):
    """At least one field is wrong; ``fields`` says which and why."""

    code = "body.invalid"


class WrongRole(errors.Forbidden):
    """This role may not make this call."""

    code = "access.wrong_role"


class Turning(errors.Unavailable):
    """The ledger goes over to its next log; nothing was changed, try again in a few seconds."""

    code = "ledger.turning"


class WrongClock(errors.Unavailable):
    """A clock of the server is wrong, so nothing can be dated; nothing was changed."""

    code = "ledger.clock"


class Lagging(errors.Unavailable):
    """The ledger is later than it promises; nothing was changed, try again in a few seconds."""

    code = "ledger.lagging"


def check_lag() -> None:
    """
    Push a write back while older entries wait longer than was promised; reads go on.

    Raises ``Lagging``, ``Turning``.
    """
    try:
        lag.check()
    except network.Turning as fault:
        raise Turning(retry_after_s=2) from fault
    except lag.Lagging as fault:
        raise Lagging(retry_after_s=fault.retry_after_s) from fault


class Nothing(Strict):
    """No input."""


class ToSign(Strict):
    """Every call for a statement names the key that will sign it."""

    key = Text(max_length=160, help_text="Name of the registered key that will sign.")


class Signed(Strict):
    """Every signed call brings the statement with its signature."""

    note = Text(
        max_length=65_535,
        trim_whitespace=False,
        help_text="C2SP signed note: the statement's exact bytes, an empty line, the signature.",
    )


class SignedTogether(Signed):
    """What takes several statements, all or none: each is signed, in the order of the call."""

    more = serializers.ListField(
        child=Text(max_length=65_535, trim_whitespace=False),
        required=False,
        max_length=MOST_LINES - 1,
        help_text="The other statements that the server has drawn, signed in the same way.",
    )


class Endpoint(sealedanswers.SealedAnswers):
    """
    ``query`` names the parameters of a GET and what they mean, for the interface's document;
    ``answers`` is the status of a success that is no command's; ``answers_who_left`` lets in whose
    account has ended, for the answer to the last call; ``for_wards``: a guardian may call it
    for the ward whose guardianship the header ``Guardianship`` names.
    """

    roles: ClassVar[tuple[Role, ...]] = tuple(Role)
    Input: ClassVar[type[serializers.BaseSerializer[Any]]] = Nothing
    query: ClassVar[Mapping[str, str]] = {}
    answers: ClassVar[int] = 200
    records_refusals: ClassVar[bool] = False
    for_wards: ClassVar[bool] = False
    _acting: Actor | None = None
    answers_who_left: ClassVar[bool] = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        _ = request._request.body  # read at once, so that Django's size limit holds
        super().initial(request, *args, **kwargs)
        if request.user and self.actor.role not in self.roles:
            raise WrongRole(role=self.actor.role, needed=[str(role) for role in self.roles])
        if request.user and (named := request.headers.get(acting.HEADER)) is not None:
            if not self.for_wards:
                raise acting.NotForWards
            self._acting = acting.for_ward(self.actor, named, at=timezone.now())

    @property
    def actor(self) -> Actor:
        """Who calls, and for which ward."""
        return self._acting or authentication.actor_of(self.request)

    def read(self) -> dict[str, Any]:
        """The validated input. Raises ``BadInput``."""
        body = self.Input(data=self.request.data)
        if not body.is_valid():
            raise BadInput(fields=_plain(body.errors))
        return dict(body.validated_data)

    def handle_exception(self, exc: Exception) -> Response:
        try:
            if self.records_refusals and isinstance(exc, RECORDED):
                self._record(exc)
        except Exception as fault:  # what cannot be recorded is not answered either
            return super().handle_exception(fault)
        return super().handle_exception(exc)

    def _record(self, refusal: errors.Refusal) -> None:
        if not self.request.user:
            return
        of = str(self.kwargs.get("prescription_id", "")) or self.request.path
        access.record_refusal(by=self.actor, at=timezone.now(), of=of, code=refusal.code)


class Doer(TypedDict):
    """The two that every action wants to know: who, and when."""

    by: Actor
    at: datetime


class Drawer(Doer):
    """And with which key the statement will be signed."""

    key: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who asks, when, about what (the parts of the URL), with which checked input."""

    by: Actor
    at: datetime
    where: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prescription_id(self) -> UUID:
        return cast(UUID, self.where["prescription_id"])

    @property
    def note(self) -> str:
        return cast(str, self.values["note"])

    @property
    def notes(self) -> list[str]:
        return [self.note, *self.values.get("more", [])]

    @property
    def doer(self) -> Doer:
        return {"by": self.by, "at": self.at}

    @property
    def drawer(self) -> Drawer:
        return {"by": self.by, "at": self.at, "key": self.values["key"]}


class Query(Endpoint):
    """A read: ``show`` gives the answer as JSON values."""

    def get(self, request: Request, **where: Any) -> Response:
        return Response(self.show(Call(self.actor, timezone.now(), where)))

    def show(self, call: Call) -> dict[str, Any]:
        raise NotImplementedError


class Draw(Endpoint):
    """The first call of a command: ``draw`` gives the statement and what it means."""

    def post(self, request: Request, **where: Any) -> Response:
        values = self.read()
        check_lag()
        drawn, shows = self.draw(Call(self.actor, timezone.now(), where, values))
        first, *more = drawn if isinstance(drawn, list) else [drawn]
        answer = {"statement": _text(first), "key": first.by, "shows": shows}
        return Response({**answer, "more": list(map(_text, more))} if more else answer)

    def draw(self, call: Call) -> tuple[Drawn, dict[str, Any]]:
        raise NotImplementedError


class Command(Endpoint):
    """A write: ``act`` does it and gives the answer, all in one transaction."""

    success: ClassVar[int] = 200

    def post(self, request: Request, **where: Any) -> HttpResponse:
        key = idempotency.check_key(request.headers.get("Idempotency-Key"))
        call = Call(self.actor, timezone.now(), where, self.read())

        def act() -> tuple[int, bytes]:
            check_lag()
            return self.success, self.sealed(JSONRenderer().render(self.act(call)))

        path = f"{request.path}{_of_ward(call.by)}"
        asked = (request.method or "", path, request._request.body)
        status, body, replayed = idempotency.once(call.by.account, key, asked, act, at=call.at)
        answer = HttpResponse(body, status=status, content_type="application/json")
        if replayed:
            answer.headers["Idempotency-Replayed"] = "true"
        return answer

    def act(self, call: Call) -> dict[str, Any]:
        raise NotImplementedError


def _of_ward(by: Actor) -> str:
    """What tells a call for a ward from the same for oneself; no path has a space in it."""
    return f" {acting.HEADER} {by.guardianship.hex}" if by.guardianship else ""


def _text(statement: entry.Statement) -> str:
    return statement.text().decode()


def _plain(problems: Any) -> Any:
    """DRF's error details without their classes."""
    if isinstance(problems, Mapping):
        return {str(name): _plain(problem) for name, problem in problems.items()}
    if isinstance(problems, list | tuple):
        return [_plain(problem) for problem in problems]
    return str(problems)
