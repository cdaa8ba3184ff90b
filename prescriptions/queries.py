"""What can be asked about prescriptions and medicines; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from hospital import errors, paging, records
from hospital.models import SealedRecord
from hospital.roles import Actor, Role
from prescriptions import lifecycle
from prescriptions.models import ChangeRequest, Prescription, Status, Version
from prescriptions.waiting import AWAITING_REVIEW


class UnknownSeries(errors.NotFound):
    """There is no such long-term prescription."""

    code = "series.unknown"


def with_record(prescription_id: UUID) -> Prescription:
    """One prescription with its sealed record. Raises ``lifecycle.UnknownPrescription``."""
    try:
        return readable().get(id=prescription_id)
    except Prescription.DoesNotExist:
        raise lifecycle.UnknownPrescription from None


def page_for(by: Actor, wanted: paging.Wanted) -> tuple[list[Prescription], paging.Cursor | None]:
    """
    A page of the caller's prescriptions, newest first, and where the next page begins.

    A patient's own, a doctor's own, a reviewer's hospital's that await review.
    """
    return paging.newest_first(_own(by), wanted)


def awaiting_countersignature(
    by: Actor, wanted: paging.Wanted
) -> tuple[list[Prescription], paging.Cursor | None]:
    """A page of the hospital's that wait for another doctor's signature, and the next page."""
    pending = Prescription.objects.filter(hospital_id=by.organisation_id, status=Status.PENDING)
    return paging.newest_first(pending, wanted)


def of_series(series: UUID) -> list[Prescription]:
    """The issues of a long-term prescription, in order. Raises ``UnknownSeries``."""
    found = list(readable().filter(series=series).order_by("issue_number"))
    if not found:
        raise UnknownSeries
    return found


def history_of(
    patient: UUID, wanted: paging.Wanted, among: Q
) -> tuple[list[Prescription], paging.Cursor | None]:
    """
    A page of a patient's prescriptions of all hospitals ``among`` some, newest first, and the next.

    Drafts are nobody's history: no doctor has signed them.
    """
    issued = readable().filter(among, patient_id=patient).exclude(status=Status.DRAFT)
    return paging.newest_first(issued, wanted)


def replaced(prescription: Prescription) -> QuerySet[Version]:
    """The contents that changes have replaced, the newest first."""
    rows = Version.objects.filter(prescription=prescription, replaced_at__isnull=False)
    return rows.select_related("record").order_by("-number")


def contents_of(patient: UUID, ids: Collection[UUID]) -> list[SealedRecord]:
    """The contents, former ones too, of a patient's prescriptions of these ids; two queries."""
    rows = Prescription.objects.filter(patient_id=patient, id__in=ids).select_related("record")
    former = Version.objects.filter(prescription__patient_id=patient, prescription__in=ids)
    return [one.record for one in (*rows, *former.select_related("record"))]


def open_requests() -> QuerySet[ChangeRequest]:
    """
    Change requests that wait for the doctor's answer, oldest first.

    What became of the prescription meanwhile has answered the others.
    """
    return (
        ChangeRequest.objects.filter(
            answer="", prescription__status__in=[Status.AUTHORIZED, Status.PAID]
        )
        .select_related("record", "pharmacy", "prescription")
        .order_by("asked_at", "id")
    )


def requests_of(pharmacy: int | None) -> QuerySet[ChangeRequest]:
    """What a pharmacy has asked, newest first."""
    rows = ChangeRequest.objects.filter(pharmacy_id=pharmacy).select_related("prescription")
    return rows.order_by("-asked_at", "-id")


def can_be_fetched(prescription: Prescription, at: datetime) -> bool:
    """Whether the patient may choose a pharmacy for it at ``at``, as far as its row tells."""
    opened = prescription.opens_at is None or prescription.opens_at <= at
    return prescription.status == Status.APPROVED and opened and at < prescription.valid_until


def readable() -> QuerySet[Prescription]:
    """With what readers are shown, and no more: planning a join costs more than doing it."""
    return Prescription.objects.select_related(
        "record", "patient__person", "hospital", "pharmacy", "remainder"
    ).only(
        *(field.name for field in Prescription._meta.concrete_fields),
        *("patient__person__handle", "patient__person__tag_key", "hospital__slug"),
        *("pharmacy__slug", *(f"record__{column}" for column in records.COLUMNS)),
        "remainder__id",
    )


def _own(by: Actor) -> QuerySet[Prescription]:
    if by.role is Role.PATIENT:
        return readable().filter(patient_id=by.account).exclude(status=Status.DRAFT)
    if by.role is Role.DOCTOR:
        return readable().filter(doctor_id=by.account)
    return readable().filter(hospital_id=by.organisation_id, status__in=AWAITING_REVIEW)
