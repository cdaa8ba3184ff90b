"""What can be asked about corrections; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from hospital import paging
from hospital.corrections.lifecycle import UnknownCorrection
from hospital.corrections.models import OPEN, Correction, State
from hospital.models import SealedRecord
from hospital.roles import Actor, Role


def own(by: Actor, wanted: paging.Wanted) -> tuple[list[Correction], paging.Cursor | None]:
    """A page of the patient's own, newest first."""
    return paging.newest_first(_readable().filter(patient_id=by.account), wanted)


def awaiting(
    by: Actor, wanted: paging.Wanted, *, at: datetime
) -> tuple[list[Correction], paging.Cursor | None]:
    """
    A page of what waits for the caller, the oldest first: what the own hospital has to answer, or
    for a regulator the appeals and what a hospital has not answered in time.
    """
    rows = Correction.objects.select_related("hospital")
    if by.role is Role.DOCTOR:
        waiting = rows.filter(hospital_id=by.organisation_id, state=State.ASKED)
    else:
        late = Q(state=State.ASKED, answer_until__lte=at)
        waiting = rows.filter(late | Q(state=State.APPEALED), state__in=OPEN)
    return paging.oldest_first(waiting, wanted)


def with_records(correction_id: UUID) -> Correction:
    """One with all its sealed records. Raises ``UnknownCorrection``."""
    rows = _readable().select_related("of", "answerer")
    found = rows.filter(id=correction_id).first()
    if found is None:
        raise UnknownCorrection
    return found


def contents_of(patient: UUID, ids: Collection[UUID]) -> list[SealedRecord]:
    """What was written in a patient's corrections of these ids; one query."""
    if not ids:
        return []
    rows = _readable().filter(patient_id=patient, id__in=ids)
    return [record for one in rows for record in written(one)]


def written(one: Correction) -> list[SealedRecord]:
    """Request, answer and appeal, as far as there are any; asks nothing of who selected them."""
    return [record for record in (one.request, one.answer, one.appeal) if record is not None]


def open_of(patient: UUID) -> QuerySet[Correction]:
    """Those of a patient that somebody has to answer."""
    return Correction.objects.filter(patient_id=patient, state__in=OPEN)


def is_disputed(record: UUID) -> bool:
    """Whether an open correction is about this record."""
    return Correction.objects.filter(of_id=record, state__in=OPEN).exists()


def _readable() -> QuerySet[Correction]:
    parties = ("hospital", "patient__person")
    return Correction.objects.select_related(*parties, "request", "answer", "appeal")
