"""What a regulator meets: persons and events of a story's own, by API, and witnesses that fall silent."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page

from hospital.client import Client, Problem
from prescriptions.uploaded import Patient
from tests.web import entering
from tests.web.counter import AMLODIPINE, HOSPITAL, Waiting, paid
from tests.web.stacks import Stack

REGULATOR = "liuzhou-regulator/regulator/1"
PHARMACIES = ("longcheng-pharmacy", "yufeng-pharmacy", "liunan-pharmacy", "liubei-pharmacy")


def at_the_board(page: Page, path: str = "board/") -> Page:
    """The demo's regulator, who has come in."""
    entering.played(page, REGULATOR, back=path)
    return page


def everywhere(stack: Stack, somebody: Patient) -> list[Waiting]:
    """The same medicine, given to the same person at each of four pharmacies."""
    given = [paid(stack, somebody, pharmacy=one) for one in PHARMACIES]
    for one in given:
        one.handed_over()
    return given


def issued(stack: Stack, somebody: Patient) -> str:
    """One prescription of a person who has come by WeChat."""
    stack.cast.introduce(somebody)
    doctor = stack.cast.member(HOSPITAL, "doctor")
    line = {"medicine": AMLODIPINE, "dose": "5", "dose_unit": "mg", "route": "1"}
    body = {
        "patient": somebody.id_number,
        "online": False,
        "diagnoses": [{"code": "I10.x00", "name": "原发性高血压", "main": True}],
        "lines": [{**line, "frequency": "qd", "days": 7, "quantity": 1}],
    }
    rx = str(doctor.write("/api/prescriptions", body)["id"])
    doctor.command(f"/api/prescriptions/{rx}/issue")
    return rx


def approved(stack: Stack, rx: str) -> None:
    reviewer = stack.cast.member(HOSPITAL, "reviewer")
    reviewer.command(f"/api/prescriptions/{rx}/review", {"decision": "approve"})


def tries(client: Client, rx: str, times: int) -> None:
    """To look at what is none of this one's business; each is refused, and entered."""
    for _ in range(times):
        with pytest.raises(Problem, match=r"^40[34] "):
            client.get(f"/api/prescriptions/{rx}")


def breaks_the_glass(stack: Stack, somebody: Patient, reason: str) -> str:
    """A doctor pleads and a colleague signs too; the emergency's id."""
    first, second = (stack.cast.member(HOSPITAL, "doctor", number) for number in (0, 1))
    salt = base64.b64encode(os.urandom(16)).decode()
    asked = {"patient": somebody.id_number, "reason": reason, "salt": salt}
    plea = str(first.command("/api/break-glass", asked)["id"])
    second.command(f"/api/break-glass/{plea}/second")
    return plea


def draws(stack: Stack, *prescriptions: str) -> str:
    """As if these were all that the hospital issued in a month long ago; the month."""
    return stack.operator("sample", HOSPITAL, *prescriptions)


def judges(stack: Stack, rx: str, **opinion: Any) -> None:
    """A reviewer who had no hand in it."""
    stack.cast.member(HOSPITAL, "reviewer", 1).command(f"/api/appraisals/{rx}/judge", opinion)


@contextmanager
def silent(stack: Stack, slug: str) -> Iterator[None]:
    """This organisation's witness is stopped (SIGSTOP): it takes connections and answers nothing."""
    home = os.fsencode(stack.home / "witnesses" / slug)
    (process,) = [one for one in Path("/proc").glob("[0-9]*") if home in _arguments(one)]
    os.kill(int(process.name), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(int(process.name), signal.SIGCONT)


def _arguments(process: Path) -> list[bytes]:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended meanwhile
        return []


def hexed(rx: str) -> str:
    return UUID(rx).hex
