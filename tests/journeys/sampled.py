"""Samples as if a month had ended: drawn from the logs' entries of a test, months long ago."""

from __future__ import annotations

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
_appraisers: dict[str, Client] = {}
_months = (Month(date(1900 + at // 12, 1 + at % 12, 1)) for at in range(59 * 12))
_quiet_months = (Month(date(year, 6, 1)) for year in range(1962, 2020, YEARS_APART))


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
    return next(one for one in _months if not Draw.objects.filter(month=one.first).exists())


def a_quiet_month() -> Month:
    """One that nobody has drawn, nor any month of the period of assessment that it ends."""
    return next(_quiet_months)


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
