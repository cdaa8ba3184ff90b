"""How long the law wants prescriptions kept, by form, by who met, by who gave them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from hospital.retention import Term
from prescriptions.facts import Form
from prescriptions.models import ChangeRequest, Prescription, Status, Version

BY_FORM: Mapping[str, Term] = {
    Form.ORDINARY: Term.ORDINARY,
    Form.EMERGENCY: Term.ORDINARY,
    Form.PAEDIATRIC: Term.ORDINARY,
    Form.TOXIC: Term.TOXIC_OR_CLASS_2,
    Form.PSYCHOTROPIC_2: Term.TOXIC_OR_CLASS_2,
    Form.NARCOTIC: Term.NARCOTIC,
}
GIVEN_OUT = (
    *(Status.DISPENSED, Status.IN_TRANSIT, Status.RETURNING),
    *(Status.DELIVERED, Status.CLAIMED, Status.UNDELIVERED, Status.TAKEN_BACK),
)
FINISHED = (
    *(Status.DRAFT, Status.DELIVERED, Status.CLAIMED),
    *(Status.UNDELIVERED, Status.TAKEN_BACK, Status.CANCELLED, Status.EXPIRED),
)
_DATES = ("id", "record_id", "status", "form", "online", "valid_until")


def kept_until(status: str, form: str, online: bool, since: datetime) -> datetime | None:
    """
    Until when a prescription has to be kept that was valid until ``since``; None for a draft.

    What a pharmacy gave out is in the pharmacy's books too, and what was met online in the record
    of the consultation; of several terms the longest counts.
    """
    if status == Status.DRAFT:
        return None
    terms = [BY_FORM[form]]
    if status in GIVEN_OUT:
        terms.append(Term.AT_A_PHARMACY)
    if online:
        terms.append(Term.ONLINE)
    return max(term.ends(since) for term in terms)


def of_prescriptions(patient: UUID) -> Iterator[tuple[UUID, datetime | None]]:
    """Contents in force and former ones, and what pharmacists asked about them."""
    until: dict[UUID, datetime | None] = {}
    mine = Prescription.objects.filter(patient_id=patient)
    for rx, record, status, *dated in mine.values_list(*_DATES):
        until[rx] = kept_until(status, *dated)
        yield record, until[rx]
    for model in (Version, ChangeRequest):
        more = model.objects.filter(prescription__patient_id=patient)
        for record, rx in more.values_list("record_id", "prescription_id"):
            yield record, until[rx]


def unfinished(patient: UUID) -> int:
    """How many prescriptions can still be given out, or wait to be."""
    return Prescription.objects.filter(patient_id=patient).exclude(status__in=FINISHED).count()
