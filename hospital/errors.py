"""
The few ways to say no.

A ``Refusal`` has a stable dotted ``code``, a sentence (the first line of its docstring) and facts.
Each refusal stands beside the function that raises it; ``config.errors`` turns its kind into an
HTTP status. A bug is never a refusal: it is an ordinary exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar


class Refusal(Exception):
    """The request was understood and is refused."""

    code: ClassVar[str] = ""

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts

    @classmethod
    def sentence(cls) -> str:
        return (cls.__doc__ or "").strip().splitlines()[0]


class Malformed(Refusal):
    """The request lacks something that every request of its kind carries (400)."""


class Invalid(Refusal):
    """A value is wrong (422). Facts: ``field`` and what is wrong with it."""


class Unauthenticated(Refusal):
    """Nobody is logged in, or the log-in failed (401)."""


class Forbidden(Refusal):
    """The caller may not do this (403)."""


class NotFound(Refusal):
    """There is no such thing (404)."""


class Conflict(Refusal):
    """The state of the thing does not allow it (409)."""


class Gone(Refusal):
    """It is too late (410)."""


class LockedOut(Refusal):
    """Too many failures; locked for a while (423)."""


class TooMany(Refusal):
    """Too many requests (429)."""


class Unavailable(Refusal):
    """A system that is needed does not answer; try again (503)."""


KINDS = (
    Malformed,
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Gone,
    LockedOut,
    TooMany,
    Unavailable,
)


def every_refusal(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every refusal with a code that the imported modules define, in no order."""
    for kind in of.__subclasses__():
        if kind.code:
            yield kind
        yield from every_refusal(kind)
