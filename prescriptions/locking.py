"""Find a prescription, and lock its row: the first thing that every command does."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from prescriptions.models import Prescription
from prescriptions.refused import UnknownPrescription


def find(prescription_id: UUID) -> Prescription:
    """The prescription, for drawing a statement. Raises ``UnknownPrescription``."""
    return _first(with_parties(Prescription.objects.all()), prescription_id)


def lock(prescription_id: UUID) -> Prescription:
    """
    The prescription, its row locked: the first thing that every command does.

    Event ids are drawn while this lock is held, so they rise per prescription. Whoever had to wait
    while the content was changed sees nothing: PostgreSQL joins the row as it is now to the record
    that it had, and drops it. The row is locked by then, and a second look finds it.
    Raises ``UnknownPrescription``.
    """
    rows = with_parties(Prescription.objects.select_for_update(of=("self",)))
    return rows.filter(id=prescription_id).first() or _first(rows, prescription_id)


def with_parties(rows: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """With what a move asks of them, and no more: planning a join costs more than doing it."""
    return rows.select_related("patient__person", "doctor", "hospital", "record").only(
        *(field.name for field in Prescription._meta.concrete_fields),
        *("patient__person__handle", "patient__person__tag_key", "doctor__person"),
        *("hospital__slug", "record__commitment"),
    )


def _first(rows: QuerySet[Prescription], prescription_id: UUID) -> Prescription:
    try:
        return rows.get(id=prescription_id)
    except Prescription.DoesNotExist:
        raise UnknownPrescription from None
