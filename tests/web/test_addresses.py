"""Whatever address a page's program names, somebody answers there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import home
from tests import routes

PROGRAMS = sorted((home.BASE / "web/static/web").rglob("*.js"))
NAMED = re.compile(r"[`\"'](/api/[^`\"'?\s]*)")
VALUE = re.compile(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|<[^<>]*>|\([^()]*\)")


def parts(address: str) -> list[str]:
    """Between its slashes; ``*`` for what is put in."""
    return VALUE.sub("*", address.strip("/^$")).split("/")


KNOWN = [
    parts(one) for one in {one.template for one in routes.every_route()} | routes.other_routes()
]


def leads_on(asked: list[str]) -> bool:
    """Some address begins so: what a program puts together may go on."""
    return any(
        len(known) >= len(asked)
        and all(a in (k, "*", "") or k == "*" for a, k in zip(asked, known, strict=False))
        for known in KNOWN
    )


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: f"{one.parent.name}/{one.name}")
def test_every_address_of_a_program_is_one(program: Path):
    """A page that asks where nobody is has a button that never works."""
    named = set(NAMED.findall(program.read_text()))
    assert [one for one in sorted(named) if not leads_on(parts(one))] == []
