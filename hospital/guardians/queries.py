"""Guardians and wards, found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
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


def guarding_any(patients: Sequence[str], *, at: datetime) -> list[str]:
    """
    The accounts of the guardians, now, of any of these, each once; not of who has left.

    Of very many patients each is looked for by the index, however many guardianships there are.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GUARDING_ANY, [list(patients), at])
        return [guardian for (guardian,) in cursor.fetchall()]


_GUARDING_ANY = """
    SELECT DISTINCT guardian.id::text FROM unnest(%s::uuid[]) AS ward
    CROSS JOIN LATERAL (
        SELECT guardian_id FROM guardians_guardianship
        WHERE patient_id = ward AND until > %s AND ended_at IS NULL OFFSET 0
    ) AS live
    JOIN hospital_account AS guardian ON guardian.id = live.guardian_id
    WHERE guardian.left_at IS NULL
"""


def evidence_of(patient: UUID, ids: Collection[UUID]) -> list[SealedRecord]:
    """What the registrar was shown for a patient's guardianships of these ids; one query."""
    rows = Guardianship.objects.filter(patient_id=patient, id__in=ids, record__isnull=False)
    return [one.record for one in rows.select_related("record") if one.record is not None]


def in_force(patient: UUID, *, at: datetime) -> QuerySet[Guardianship]:
    """Those of a patient that are neither ended nor over."""
    return Guardianship.objects.filter(patient_id=patient, until__gt=at, ended_at__isnull=True)
