"""Samples as if a month had ended: drawn from the logs' entries of a test, months long ago."""

from __future__ import annotations

import itertools
from datetime import date
from uuid import UUID

import pytest
from django.utils import timezone

from hospital.client import Client, Json, Problem
from hospital.roles import Role
from ledger.treehead import TreeHead
from prescriptions.appraisal.actions import sampling
from prescriptions.appraisal.models import Draw
from prescriptions.appraisal.months import Month
from prescriptions.appraisal.population import Issued, Part
from prescriptions.models import Prescription
from tests.world import Patient, World, a_member

GOOD: Json = {"verdict": "reasonable", "problems": []}
WORST: Json = {"verdict": "abnormal", "problems": ["3-1"]}
YEARS_APART = 3
"""So that no test's month is in the period of assessment of another's."""
_appraisers: dict[str, Client] = {}
_months = itertools.count(1)


def path(rx: str, verb: str = "") -> str:
    return f"/api/appraisals/{rx}/{verb}".rstrip("/")


def appraiser(world: World) -> Client:
    """A reviewer of the world's hospital who has reviewed nothing."""
    slug = world.hospital.slug
    if slug not in _appraisers:
        _appraisers[slug] = a_member(Role.REVIEWER, world.hospital)
    return _appraisers[slug]


def a_month() -> Month:
    """One that nobody has drawn."""
    while True:
        number = next(_months)
        month = Month(date(1900 + number * YEARS_APART % 96, 1 + number // 32 % 12, 1))
        if not Draw.objects.filter(month=month.first).exists():
            return month


def drawn(world: World, *rx: str, month: Month | None = None) -> str:
    """The sample of a month in which the world's hospital issued these; the first of them."""
    month = month or a_month()
    issued = tuple(Issued(Prescription(id=UUID(one)).subject, month.begins_at) for one in rx)
    part = Part(TreeHead("log", 1, bytes(32)), {world.hospital.slug: issued})
    assert sampling.keep(month, [part], at=timezone.now())
    return rx[0]


def one(world: World, patient: Patient) -> str:
    """A sampled prescription that was approved."""
    return drawn(world, world.approved(patient))


def judges(client: Client, rx: str, opinion: Json = GOOD) -> Json:
    return client.command(path(rx, "judge"), opinion)


def refusal_of(client: Client, rx: str, opinion: Json = GOOD) -> tuple[int, str]:
    """How the judgement is refused: status and code."""
    with pytest.raises(Problem) as refused:
        judges(client, rx, opinion)
    return refused.value.status, refused.value.code
