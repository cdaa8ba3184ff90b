"""What can be asked about the register of narcotics, and by whom; nothing here writes."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from hospital import records
from hospital.roles import Actor, Role
from prescriptions.registers import Serial

_JOINED = ("register__hospital", "prescription")
_SHOWN = (
    *("number", "form", "created_at", "record_id", "register__day", "register__volume"),
    *("register__hospital__slug", "prescription__status", "prescription__record_id"),
    "prescription__patient_id",
)


def readable_by(by: Actor, hospital: str) -> QuerySet[Serial]:
    """
    Those whose register ``by`` may read: the own hospital's, or that of the hospital whose own
    pharmacy it is; a regulator's is narrowed to one ``hospital`` unless that is empty.
    """
    rows = Serial.objects.select_related(*_JOINED).only(*_SHOWN)
    if by.role is Role.REVIEWER:
        return rows.filter(register__hospital_id=by.organisation_id)
    if by.role is Role.PHARMACIST:
        return rows.filter(register__hospital__own_pharmacy=by.organisation_id)
    assert by.role is Role.REGULATOR
    return rows.filter(register__hospital__slug=hospital) if hospital else rows


def with_sheets(rows: QuerySet[Serial]) -> QuerySet[Serial]:
    """With what each sheet says, still sealed."""
    return rows.select_related(*_JOINED, "record").only(
        *_SHOWN, *(f"record__{column}" for column in records.COLUMNS)
    )


def between(rows: QuerySet[Serial], since: date, until: date) -> QuerySet[Serial]:
    """Those of the legal days from ``since`` to before ``until``."""
    return rows.filter(register__day__gte=since, register__day__lt=until)
