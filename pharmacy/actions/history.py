"""
A patient's history across hospitals, with what was really given out, for whom the patient lets
read it for a purpose, for a doctor in an emergency and for the patient's guardian.

It is opened by a grant of the patient's, by an emergency or by a guardianship
(``hospital.permissions``), and by nothing else: having treated a patient shows a doctor what he or
she prescribed, and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, Q

from hospital import access, paging, permissions
from hospital import queries as people
from hospital.consents import Purpose
from hospital.consultations.models import Consultation
from hospital.corrections.attached import Amendment
from hospital.guardians import queries as guardianships
from hospital.guardians.models import Guardianship
from hospital.models import Account
from hospital.notices import unusual
from hospital.permissions import Basis
from hospital.roles import Actor, Role
from pharmacy.models import Dispensing, Reservation
from prescriptions import queries
from prescriptions.models import Prescription

GIVEN_OUT = "dispensing/"
"""What a grant calls the dispensing truth; it is no field of the sealed record."""


OF_ALL = (
    Purpose.TREATMENT,
    Purpose.MEDICATION_REVIEW,
    Purpose.UNDERWRITING,
    Purpose.RESEARCH,
)
"""Purposes for which all prescriptions are read; whoever decides a claim reads its payer's."""
BY_NUMBER = {Role.PHARMACIST: Purpose.MEDICATION_REVIEW}
"""For what who names the patient reads; all others for treatment, or not at all."""


@dataclass(frozen=True, slots=True)
class About:
    """
    Whose history: who made this grant, who has this identity number, for whom this prescription
    or consultation of the doctor's is, or the ward of this guardianship of a patient's. One of the
    five is given.
    """

    id_number: str = ""
    prescription: UUID | None = None
    consultation: UUID | None = None
    guardianship: UUID | None = None
    grant: UUID | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """
    One prescription of the history; ``fields`` are None if its content was erased. ``amendments``
    are attached to it, as far as the basis opens their fields.

    ``dispensing`` is None if nothing was given out, or if the basis does not open it.
    """

    prescription: Prescription
    fields: dict[str, Any] | None
    dispensing: Dispensing | None
    amendments: Sequence[Amendment]

    @property
    def is_parted(self) -> bool:
        """Whether a part was given out, and the rest is another prescription."""
        return getattr(self.prescription, "remainder", None) is not None


@dataclass(frozen=True, slots=True)
class Page:
    """``patient`` is the pseudonym of whose records these are, at the reader's organisation."""

    basis: Basis
    patient: str
    past: list[Past]
    following: paging.Cursor | None


def view(
    about: About,
    wanted: paging.Wanted,
    *,
    by: Actor,
    at: datetime,
    purposes: Collection[Purpose] = OF_ALL,
    among: Q | None = None,
) -> Page:
    """
    A page of the patient's prescriptions of all hospitals, newest first, those ``among`` them.

    One ``record.view`` entry covers the page; it names the grant or the emergency, the fields and
    the number of records. The entry is committed before anything is opened.

    Raises:
        permissions.GuardianshipOver: it was opened to this guardian once.
        permissions.NotGranted: nothing opens it; also if nobody has this identity number, or if
            prescription or consultation is not the doctor's, so that the answer tells nothing.
        identity.BadIdNumber: it is no identity number.
    """
    with transaction.atomic():
        patient, basis = _basis(about, purposes, by, at)
        assert patient.person is not None, "a key that signs is a known person's"
        page, following = queries.history_of(patient.id, wanted, among or Q())
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
    past = [
        Past(
            one,
            access.listed(one.record, looked),
            given.get(one.id),
            access.amendments(one.record, looked),
        )
        for one in page
    ]
    return Page(basis, access.pseudonym(patient.person, by.organisation), past, following)


def _basis(
    about: About, purposes: Collection[Purpose], by: Actor, at: datetime
) -> tuple[Account, Basis]:
    """Whose records, and why ``by`` may read them."""
    if about.grant is not None:
        return permissions.basis_of_grant(about.grant, purposes, by=by, at=at)
    purpose = BY_NUMBER.get(by.role, Purpose.TREATMENT)
    patient = _patient(about, by)
    return patient, permissions.basis_to_read(patient.id, purpose, by=by, at=at)


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
    taken = Reservation.objects.filter(state=Reservation.State.TAKEN).select_related("item")
    found = found.select_related("pharmacist__organisation").prefetch_related(
        Prefetch("prescription__reservations", taken)
    )
    return {one.prescription_id: one for one in found}
