"""What can be asked about consultations; nothing here writes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from hospital import errors, paging
from hospital.consultations import lifecycle, practice
from hospital.consultations.models import Consultation, Message, State
from hospital.models import Account, Department, SealedRecord
from hospital.roles import Actor, OrganisationKind, Role


class UnknownDepartment(errors.Invalid):
    """No hospital has this department."""

    code = "department.unknown"


class UnknownMessage(errors.NotFound):
    """The consultation has no message of this number."""

    code = "consultation.unknown_message"


@dataclass(frozen=True, slots=True)
class Transcript:
    """
    What was said, as the entry that ends a conversation commits to it.

    ``digest``: SHA-256, in hex, over the messages' commitments (32 bytes each) in their order.
    """

    messages: int
    digest: str


def department(department_id: int) -> Department:
    """A hospital's department with its hospital. Raises ``UnknownDepartment``."""
    of_hospitals = Department.objects.select_related("organisation").filter(
        organisation__kind=OrganisationKind.HOSPITAL
    )
    found = of_hospitals.filter(id=department_id).first()
    if found is None:
        raise UnknownDepartment(field="department")
    return found


def department_of(by: Actor) -> int | None:
    """The id of the department in which a doctor works."""
    return Account.objects.values_list("department_id", flat=True).get(id=by.account)


def directory(hospital: str) -> list[tuple[Department, list[Account]]]:
    """The departments of a hospital with their doctors; public facts. Two queries."""
    departments = Department.objects.filter(
        organisation__slug=hospital, organisation__kind=OrganisationKind.HOSPITAL
    )
    doctors = Account.objects.filter(
        role=Role.DOCTOR, is_active=True, department__in=departments
    ).order_by("created_at", "id")
    by_department: dict[int | None, list[Account]] = defaultdict(list)
    for doctor in doctors:
        by_department[doctor.department_id].append(doctor)
    return [(one, by_department[one.id]) for one in departments.order_by("name")]


def online(doctor: Account, on: date) -> bool:
    """Whether the doctor sees patients online."""
    return practice.practises_online(doctor, on)


def with_record(consultation_id: UUID) -> Consultation:
    """One consultation with its sealed record. Raises ``lifecycle.UnknownConsultation``."""
    try:
        return _readable().get(id=consultation_id)
    except Consultation.DoesNotExist:
        raise lifecycle.UnknownConsultation from None


def contents_of(patient: UUID, ids: Collection[UUID]) -> list[SealedRecord]:
    """What was asked in a patient's consultations of these ids; one query."""
    rows = Consultation.objects.filter(patient_id=patient, id__in=ids).select_related("record")
    return [one.record for one in rows]


def own(by: Actor, wanted: paging.Wanted) -> tuple[list[Consultation], paging.Cursor | None]:
    """A page of the patient's own consultations, or of those that the doctor has accepted."""
    mine = {"patient_id": by.patient} if by.role is Role.PATIENT else {"doctor_id": by.account}
    return paging.newest_first(_readable().filter(**mine), wanted)


def going_on(patient: UUID, at: datetime) -> int:
    """
    How many consultations of a patient's account wait for a doctor or are open at ``at``.

    What has run out is not counted, whether the clock has said so yet or not. None outlives
    ``lifecycle.TALKING``, so the cost is that of the last days.
    """
    young = Consultation.objects.filter(patient=patient, created_at__gt=at - lifecycle.TALKING)
    waits = Q(state=State.ASKED, accept_until__gt=at)
    return young.filter(waits | Q(state=State.OPEN, close_until__gt=at)).count()


def awaiting(
    department_id: int | None, wanted: paging.Wanted
) -> tuple[list[Consultation], paging.Cursor | None]:
    """A page of what a department's doctors have been asked, the oldest first."""
    rows = _readable().filter(department=department_id, state=State.ASKED)
    return paging.oldest_first(rows, wanted)


def messages(consultation: Consultation, *, after: int, size: int) -> list[Message]:
    """Up to ``size`` messages behind number ``after``, with their records."""
    rows = consultation.messages.select_related("record").filter(number__gt=after)
    return list(rows.order_by("number")[:size])


def message(consultation: Consultation, number: int) -> Message:
    """One message with its record. Raises ``UnknownMessage``."""
    found = consultation.messages.select_related("record").filter(number=number).first()
    if found is None:
        raise UnknownMessage
    return found


def transcript(consultation: Consultation) -> Transcript:
    """The messages so far. Ask it with the consultation's row locked, or it may be outrun."""
    rows = consultation.messages.order_by("number")
    commitments = [bytes(one) for one in rows.values_list("record__commitment", flat=True)]
    return Transcript(len(commitments), hashlib.sha256(b"".join(commitments)).hexdigest())


def _readable() -> QuerySet[Consultation]:
    return Consultation.objects.select_related(
        "record", "patient__person", "hospital", "department"
    )
