"""Guardians and wards, found."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from hospital.guardians.models import Guardianship
from hospital.models import SealedRecord


def guardians_of(patient: UUID) -> QuerySet[Guardianship]:
    """All who guard or have guarded this patient, the newest first."""
    return Guardianship.objects.filter(patient_id=patient).order_by("-since", "-id")


def wards_of(guardian: UUID) -> QuerySet[Guardianship]:
    """All whom this patient guards or has guarded, the newest first."""
    return Guardianship.objects.filter(guardian_id=guardian).order_by("-since", "-id")


def guarding(patients: Collection[UUID], *, at: datetime) -> list[tuple[UUID, UUID]]:
    """Patient and guardian, for each guardianship over one of the patients that is in force."""
    live = Guardianship.objects.filter(patient__in=patients, until__gt=at, ended_at__isnull=True)
    return list(live.order_by("id").values_list("patient_id", "guardian_id"))


def guarding_any(patients: QuerySet[Any], *, at: datetime) -> QuerySet[Any]:
    """Ids of the guardians, now, of any of these patients; ``patients`` gives their ids."""
    live = Guardianship.objects.filter(patient__in=patients, until__gt=at, ended_at__isnull=True)
    return live.values("guardian_id")


def evidence_of(patient: UUID, ids: Collection[UUID]) -> list[SealedRecord]:
    """What the registrar was shown for a patient's guardianships of these ids; one query."""
    rows = Guardianship.objects.filter(patient_id=patient, id__in=ids, record__isnull=False)
    return [one.record for one in rows.select_related("record") if one.record is not None]


def in_force(patient: UUID, *, at: datetime) -> QuerySet[Guardianship]:
    """Those of a patient that are neither ended nor over."""
    return Guardianship.objects.filter(patient_id=patient, until__gt=at, ended_at__isnull=True)
