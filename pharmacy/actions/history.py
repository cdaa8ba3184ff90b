"""
A patient's history across hospitals, with what was really given out, for a doctor who treats
and for the patient's guardian.

It is opened by a grant of the patient's, by an emergency or by a guardianship
(``hospital.permissions``), and by nothing else: having treated a patient shows a doctor what he or
she prescribed, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, paging, permissions
from hospital import queries as people
from hospital.consents import Purpose
from hospital.consultations.models import Consultation
from hospital.guardians import queries as guardianships
from hospital.guardians.models import Guardianship
from hospital.models import Account
from hospital.notices import unusual
from hospital.permissions import Basis
from hospital.roles import Actor
from pharmacy.models import Dispensing
from prescriptions import queries
from prescriptions.models import Prescription

GIVEN_OUT = "dispensing/"
"""What a grant calls the dispensing truth; it is no field of the sealed record."""


@dataclass(frozen=True, slots=True)
class About:
    """
    Whose history: who has this identity number, or for whom this prescription or consultation of
    the doctor's is, or the ward of this guardianship of a patient's. One of the four is given.
    """

    id_number: str = ""
    prescription: UUID | None = None
    consultation: UUID | None = None
    guardianship: UUID | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """
    One prescription of the history; ``fields`` are None if its content was erased.

    ``dispensing`` is None if nothing was given out, or if the basis does not open it.
    """

    prescription: Prescription
    fields: dict[str, Any] | None
    dispensing: Dispensing | None


@dataclass(frozen=True, slots=True)
class Page:
    basis: Basis
    past: list[Past]
    following: paging.Cursor | None


def view(about: About, wanted: paging.Wanted, *, by: Actor, at: datetime) -> Page:
    """
    A page of the patient's prescriptions of all hospitals, newest first.

    One ``record.view`` entry covers the page; it names the grant or the emergency, the fields and
    the number of records. The entry is committed before anything is opened.

    Raises:
        permissions.GuardianshipOver: it was opened to this guardian once.
        permissions.NotGranted: nothing opens it; also if nobody has this identity number, or if
            prescription or consultation is not the doctor's, so that the answer tells nothing.
        identity.BadIdNumber: it is no identity number.
    """
    with transaction.atomic():
        patient = _patient(about, by)
        basis = permissions.basis_to_read(patient.id, Purpose.TREATMENT, by=by, at=at)
        page, following = queries.history_of(patient.id, wanted)
        looked = access.view(
            by=by,
            at=at,
            purpose=basis.purpose,
            basis=basis.subject,
            of=[one.record for one in page],
            about="history",
            fields=basis.fields,
            patient=patient.person,
        )
        unusual.tell_of_look(patient.id, basis.subject, by=by, at=at)
        given = _given_out(page) if GIVEN_OUT in basis.fields else {}
    past = [Past(one, access.listed(one.record, looked), given.get(one.id)) for one in page]
    return Page(basis, past, following)


def _patient(about: About, by: Actor) -> Account:
    if about.id_number:
        try:
            return people.patient_by_id_number(about.id_number)
        except people.UnknownPatient as fault:
            raise permissions.NotGranted from fault
    own: Prescription | Consultation | Guardianship | None = None
    if about.prescription is not None:
        prescriptions = Prescription.objects.select_related("patient__person")
        own = prescriptions.filter(id=about.prescription, doctor_id=by.account).first()
    elif about.consultation is not None:
        consultations = Consultation.objects.select_related("patient__person")
        own = consultations.filter(id=about.consultation, doctor_id=by.account).first()
    elif about.guardianship is not None:
        wards = guardianships.wards_of(by.account).select_related("patient__person")
        own = wards.filter(id=about.guardianship).first()
    if own is None:
        raise permissions.NotGranted
    return own.patient


def _given_out(page: Sequence[Prescription]) -> dict[UUID, Dispensing]:
    found = Dispensing.objects.filter(prescription__in=[one.id for one in page])
    return {one.prescription_id: one for one in found.select_related("pharmacist__organisation")}
