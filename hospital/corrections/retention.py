"""How long the law wants kept what was said about a record: as long as the record itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from hospital.corrections import queries
from hospital.corrections.models import Correction


def of_corrections(
    patient: UUID, records: Mapping[UUID, datetime | None]
) -> Iterator[tuple[UUID, datetime | None]]:
    """``records``: the patient's records, each with until when it has to be kept."""
    rows = Correction.objects.filter(patient_id=patient)
    for of, *written in rows.values_list("of_id", "request_id", "answer_id", "appeal_id"):
        for record in filter(None, written):
            yield record, records[of]


def unfinished(patient: UUID) -> int:
    """How many somebody still has to answer; the patient can take them back."""
    return queries.open_of(patient).count()
