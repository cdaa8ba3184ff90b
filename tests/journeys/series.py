"""A long-term prescription in several issues, and days that pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from hospital.calendar import begins, legal_day
from hospital.client import Client, Problem
from prescriptions.actions import issuing
from prescriptions.models import Prescription
from tests.world import Patient, World

DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
LINES = {"lines": {"1": 1, "2": 1}}


def path(series: str, verb: str = "") -> str:
    return f"/api/series/{series}/{verb}".rstrip("/")


def planned(
    world: World, patient: Patient, issues: int = 3, interval_days: int = 28, **changes: Any
) -> dict[str, Any]:
    """The input of a lawful draft in several issues."""
    body = world.draft(
        patient,
        long_term=True,
        reason_for_longer="病情稳定",
        issues=issues,
        interval_days=interval_days,
        **changes,
    )
    return {**body, "lines": [{**line, "days": interval_days} for line in body["lines"]]}


@dataclass
class Series:
    """Its id and the prescriptions in it, in order."""

    id: str
    rx: list[str]

    def states(self) -> list[str]:
        found = Prescription.objects.filter(series=self.id).order_by("issue_number")
        return list(found.values_list("status", flat=True))

    def row(self, number: int) -> Prescription:
        return Prescription.objects.get(series=self.id, issue_number=number)

    def opens_at(self, number: int) -> datetime:
        opens_at = self.row(number).opens_at
        assert opens_at is not None
        return opens_at


def drafted(world: World, patient: Patient, issues: int = 3, interval_days: int = 28) -> Series:
    made = world.doctor.write("/api/prescriptions", planned(world, patient, issues, interval_days))
    series = made["issue"]["series"]
    rows = Prescription.objects.filter(series=series).order_by("issue_number")
    return Series(series, [str(one) for one in rows.values_list("id", flat=True)])


def issued(world: World, patient: Patient, issues: int = 3, interval_days: int = 28) -> Series:
    series = drafted(world, patient, issues, interval_days)
    world.doctor.command(path(series.id, "issue"))
    return series


def approved(world: World, patient: Patient, issues: int = 3, interval_days: int = 28) -> Series:
    series = issued(world, patient, issues, interval_days)
    world.reviewer.command(path(series.id, "review"), {"decision": "approve"})
    return series


def authorize(world: World, patient: Patient, rx: str, pharmacy: str = "") -> None:
    choice = {**world.choice(patient), **({"pharmacy": pharmacy} if pharmacy else {})}
    patient.client.command(f"/api/prescriptions/{rx}/authorize", choice)


def fetch(
    world: World, patient: Patient, rx: str, by: Client | None = None, pharmacy: str = ""
) -> None:
    """Authorize, scan, dispense and hand over; the fund pays all, so nothing is left to pay."""
    by, pharmacy = by or world.pharmacist, pharmacy or world.pharmacy.slug
    authorize(world, patient, rx, pharmacy)
    give_out(world, patient, rx, by, pharmacy)


def give_out(
    world: World, patient: Patient, rx: str, by: Client | None = None, pharmacy: str = ""
) -> None:
    by, pharmacy = by or world.pharmacist, pharmacy or world.pharmacy.slug
    by.write("/api/scans", {"code": world.code(patient, rx, pharmacy=pharmacy)})
    by.command(f"/api/prescriptions/{rx}/dispense", LINES)
    patient.client.command(f"/api/prescriptions/{rx}/deliver")


@contextmanager
def travelling(world: World, patient: Patient, at: datetime) -> Iterator[None]:
    """The clock stands at ``at``, and who is needed has logged in then."""
    with time_machine.travel(at, tick=False):
        for client in (world.doctor, world.reviewer, world.pharmacist, patient.client):
            client.enter_with_key()
        yield
    for client in (world.doctor, world.reviewer, world.pharmacist, patient.client):
        client.enter_with_key()


@contextmanager
def refused(code: str) -> Iterator[None]:
    """A call is refused with exactly this code."""
    with pytest.raises(Problem) as refusal:
        yield
    assert refusal.value.code == code


def expire(*prescriptions: str) -> list[bool]:
    """The clock's task, for these alone."""
    return [
        issuing._expire(Prescription.objects.get(id=rx).id, timezone.now()) for rx in prescriptions
    ]


def midnight_after(days: int) -> datetime:
    """24:00 in Shanghai of the day so many days after today, less one."""
    return begins(legal_day(timezone.now()) + days * DAY)
