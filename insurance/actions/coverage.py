"""A payer says what it promises a patient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from hospital import queries
from hospital.roles import Actor
from insurance.models import Coverage


@transaction.atomic(savepoint=False)
def promise(
    *,
    patient: str,
    rates_bp: Mapping[str, int],
    ceiling_fen: int | None,
    valid_from: datetime,
    valid_until: datetime,
    by: Actor,
) -> Coverage:
    """
    Store the caller's payer's promise to the patient of this identity number; the newest counts.

    Raises:
        queries.UnknownPatient, identity.BadIdNumber: see each.
    """
    made, _ = Coverage.objects.update_or_create(
        patient=queries.patient_by_id_number(patient),
        payer_id=by.organisation_id,
        defaults={
            "rates_bp": dict(rates_bp),
            "ceiling_fen": ceiling_fen,
            "valid_from": valid_from,
            "valid_until": valid_until,
        },
    )
    return made
