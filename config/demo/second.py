"""Where the law wants two people: who signs second in the demo, and what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.demo.cast import Cast
from hospital.client import Problem
from prescriptions.uploaded import Uploaded

Step = Callable[..., dict[str, Any]]
"""``Play._step``: who, verb, body, the state that it leads to."""
APPROVE = {"decision": "approve"}


def countersign(cast: Cast, script: Uploaded, step: Step) -> None:
    """Another doctor of the hospital signs what an assistant wrote."""
    step(cast.colleague(script), "countersign", APPROVE, status="issued")


def confirm(cast: Cast, script: Uploaded, number: int, step: Step) -> None:
    """Another reviewer than the ``number``-th approves what the first has only checked."""
    second = cast.member(script.hospital, "reviewer", number + 1)
    step(second, "review", APPROVE, status="approved")


def double_check(
    cast: Cast, at: tuple[str, int], scan: dict[str, Any], lines: dict[str, int]
) -> None:
    """Another pharmacist than ``at`` (pharmacy, number) looks at what was scanned, and signs."""
    pharmacy, number = at
    second = cast.member(pharmacy, "pharmacist", number + 1)
    about = f"/api/prescriptions/{scan['prescription']}/double-check"
    second.get(f"{about}/{scan['id']}")
    second.command(about, {"scan": scan["id"], "lines": lines})


def only_at(problem: Problem) -> str:
    """The pharmacy where a narcotic has to be fetched. Raises ``problem`` if it is another."""
    if problem.code != "checkout.only_at_its_hospital":
        raise problem
    return str(problem.body["pharmacy"])
