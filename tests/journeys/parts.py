"""Counters at which a part of a prescription is given out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hospital.client import Client, Problem
from hospital.models import Organisation
from hospital.roles import Role
from pharmacy.models import Dispensing
from prescriptions.models import Prescription
from tests.journeys.writes import of
from tests.world import Patient, World, a_member

Units = dict[str, int]


@dataclass
class Desk:
    """A pharmacy and one of its pharmacists, who serves patients as long as there is something."""

    world: World
    pharmacy: Organisation
    pharmacist: Client

    def authorized(self, patient: Patient, rx: str, lines: Units | None = None) -> None:
        chosen: dict[str, Any] = {"pharmacy": self.pharmacy.slug, "way": "collect"}
        patient.client.command(of(rx, "authorize"), chosen | ({"lines": lines} if lines else {}))

    def comes(self, patient: Patient, rx: str, lines: Units | None = None) -> None:
        """The patient authorizes this pharmacy, pays what is to be paid, and shows the code."""
        self.authorized(patient, rx, lines)
        self.shows(patient, rx)

    def shows(self, patient: Patient, rx: str) -> None:
        if status(rx) == "authorized":
            self.world.pay(patient, rx)
        code = self.world.code(patient, rx, pharmacy=self.pharmacy.slug)
        self.pharmacist.write("/api/scans", {"code": code})

    def gives(self, rx: str, lines: Units) -> str:
        """A part; the remainder's id."""
        done = self.pharmacist.command(of(rx, "dispense-part"), {"lines": lines})
        return str(done["remainder"]["id"])

    def gives_all(self, rx: str, lines: Units) -> None:
        self.pharmacist.command(of(rx, "dispense"), {"lines": lines})


def a_desk(world: World) -> Desk:
    pharmacy = world.a_pharmacy(on_hand=1_000)
    return Desk(world, pharmacy, a_member(Role.PHARMACIST, pharmacy))


def three_and_two(world: World, patient: Patient, **changes: Any) -> str:
    """Approved: three boxes of one medicine and two of another; two payers pay for them."""
    _ = world.pharmacy
    lines = world.content("1.5", "1")["lines"]
    world.covers(patient, fund_bp=7_000, insurer_bp=2_000)
    return world.approved(patient, lines=lines, **changes)


def status(rx: str) -> str:
    return str(Prescription.objects.get(id=rx).status)


def given(*rx: str) -> Units:
    """Line → units that were given out of these, together."""
    found: Counter[str] = Counter()
    for one in Dispensing.objects.filter(prescription__id__in=rx):
        found.update(one.lines)
    return dict(found)


def refusal(call: Any, *args: Any) -> str:
    """The code with which a call is refused; empty if it is not."""
    try:
        call(*args)
    except Problem as problem:
        return problem.code
    return ""
