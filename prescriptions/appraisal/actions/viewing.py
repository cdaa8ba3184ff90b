"""Reading what is to be appraised: the view is recorded and committed, then it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access
from hospital.corrections.attached import Amendment
from hospital.roles import Actor
from prescriptions import content
from prescriptions import queries as every
from prescriptions.appraisal import permissions, queries
from prescriptions.appraisal.models import Case

PURPOSE = BASIS = "appraisal"


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with the content of its prescription, and with what is attached to that."""

    case: Case
    fields: dict[str, Any]
    amendments: Sequence[Amendment]


def view(prescription_id: UUID, *, by: Actor, at: datetime) -> Opened:
    """
    A sampled prescription in full, for who may judge it; judged already or not.

    Raises:
        lifecycle.UnknownPrescription, queries.NotSampled, records.RecordErased: see each; and what
        ``permissions.check_appraiser`` raises.
    """
    with transaction.atomic():
        prescription = every.with_record(prescription_id)
        found = queries.case(prescription_id)
        reviewers = queries.reviewers_of(prescription)
        permissions.check_appraiser(prescription, reviewers, by)
        looked = access.view(
            by=by,
            at=at,
            purpose=PURPOSE,
            basis=BASIS,
            of=[prescription.record],
            about=prescription.subject,
            fields=content.EVERYTHING,
            patient=prescription.patient.person,
        )
    record = prescription.record
    return Opened(found, access.opened(record, looked), access.amendments(record, looked))
