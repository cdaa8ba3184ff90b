"""Where the law wants more than one signature: who signs second in the demo, and what is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from config.demo.cast import Cast
from hospital.client import Client, Problem
from prescriptions import uploaded
from prescriptions.uploaded import Uploaded

Step = Callable[..., dict[str, Any]]
"""``Play._step``: who, verb, body, the state that it leads to."""
APPROVE = {"decision": "approve"}


class Missing(Exception):
    """A list does not show what it should."""


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
    """
    Another pharmacist than ``at`` (pharmacy, number) finds what was scanned, looks, and signs.

    The check names the lots from which it is taken.
    """
    pharmacy, number = at
    second = cast.member(pharmacy, "pharmacist", number + 1)
    if scan["id"] not in [one["scan"] for one in second.get("/api/double-checks")["waiting"]]:
        raise Missing("what was scanned does not wait for the second pharmacist")
    about = f"/api/prescriptions/{scan['prescription']}/double-check"
    seen = second.get(f"{about}/{scan['id']}")["lines"]
    named: Counter[str] = Counter()
    for line, units in lines.items():
        named[first_lot(second, seen[line]["code"])] += units
    lots = [{"lot": lot, "units": units} for lot, units in named.items()]
    second.command(about, {"scan": scan["id"], "lines": lines, "lots": lots})


def first_lot(pharmacist: Client, medicine: str) -> str:
    """What expires first of what may be given out."""
    lots = pharmacist.get("/api/stock/lots", medicine=medicine)["lots"]
    return str(next(one["id"] for one in lots if one["usable"]))


def asked_for(
    problem: Problem, choice: Mapping[str, Any], cast: Cast, patient: uploaded.Patient
) -> dict[str, Any]:
    """
    What a refused choice lacks: the only pharmacy that gives it out, or a look at the face.

    Raises ``problem`` if it is another, or one that was answered.
    """
    if problem.code == "checkout.only_at_its_hospital":
        only = str(problem.body["pharmacy"])
        if choice["pharmacy"] != only:
            return {"pharmacy": only}
    if problem.code == "checkout.face_needed" and "face_check" not in choice:
        return {"face_check": cast.face(patient, "checkout")}
    raise problem
