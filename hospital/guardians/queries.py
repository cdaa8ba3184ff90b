"""Guardians and wards, found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from hospital.guardians.models import Guardianship


def guardians_of(patient: UUID) -> QuerySet[Guardianship]:
    """All who guard or have guarded this patient, the newest first."""
    return Guardianship.objects.filter(patient_id=patient).order_by("-since", "-id")


def wards_of(guardian: UUID) -> QuerySet[Guardianship]:
    """All whom this patient guards or has guarded, the newest first."""
    return Guardianship.objects.filter(guardian_id=guardian).order_by("-since", "-id")


def in_force(patient: UUID, *, at: datetime) -> QuerySet[Guardianship]:
    """Those of a patient that are neither ended nor over."""
    return Guardianship.objects.filter(patient_id=patient, until__gt=at, ended_at__isnull=True)
