"""How long evidence of guardianships is kept: as long as what was done by it may be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from hospital.guardians.models import Guardianship
from hospital.retention import Term


def of_guardians(patient: UUID) -> Iterator[tuple[UUID, datetime | None]]:
    """Of the guardianships over this patient; they are over with the patient's account."""
    with_evidence = Guardianship.objects.filter(patient_id=patient, record__isnull=False)
    for record, until, ended in with_evidence.values_list("record_id", "until", "ended_at"):
        yield record, Term.OVERSIGHT.ends(ended or until)
