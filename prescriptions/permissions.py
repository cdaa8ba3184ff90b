"""Whose prescription is it? The one place that answers, for prescriptions."""

from __future__ import annotations

from hospital import errors, records
from hospital.roles import Actor, Role
from prescriptions.models import Prescription, Status


class WrongPatient(errors.Forbidden):
    """This prescription is another patient's."""

    code = "access.wrong_patient"


class WrongDoctor(errors.Forbidden):
    """Another doctor issued this prescription."""

    code = "access.wrong_doctor"


class WrongHospital(errors.Forbidden):
    """This prescription is another hospital's."""

    code = "access.wrong_hospital"


class NotUploaded(errors.Forbidden):
    """It was written here and not uploaded by a hospital's system."""

    code = "access.not_uploaded"


class WrongPharmacy(errors.Forbidden):
    """The patient did not choose your pharmacy."""

    code = "access.wrong_pharmacy"


class WrongCourier(errors.Forbidden):
    """The patient did not choose your courier company."""

    code = "access.wrong_courier"


class OwnPrescription(errors.Forbidden):
    """Nobody reviews or dispenses what he or she prescribed, countersigned or is to receive."""

    code = "access.own_prescription"


class SameReviewer(errors.Forbidden):
    """Two persons review this prescription, and you are the first."""

    code = "access.same_reviewer"


class SamePharmacist(errors.Forbidden):
    """One pharmacist gives this out and another checks it; you cannot be both."""

    code = "access.same_pharmacist"


class NotYours(errors.Forbidden):
    """You have no reason to see this prescription."""

    code = "access.no_basis"


def check_party(prescription: Prescription, by: Actor) -> None:
    """
    ``by`` is the party to this prescription that the role claims to be.

    The server's own roles and payers pass: a payer's right comes from the bill, which the layer
    above knows.

    Raises:
        WrongPatient, WrongDoctor, WrongHospital, NotUploaded, WrongPharmacy, WrongCourier: see
            each.
    """
    if by.role is Role.PATIENT and prescription.patient_id != by.patient:
        raise WrongPatient
    if by.role is Role.DOCTOR and prescription.doctor_id != by.account:
        raise WrongDoctor
    if by.role in (Role.REVIEWER, Role.SYSTEM) and prescription.hospital_id != by.organisation_id:
        raise WrongHospital
    if by.role is Role.SYSTEM and not prescription.uploaded:
        raise NotUploaded
    if by.role is Role.PHARMACIST and prescription.pharmacy_id != by.organisation_id:
        raise WrongPharmacy
    if by.role is Role.COURIER and prescription.courier_id != by.organisation_id:
        raise WrongCourier


def check_colleague(prescription: Prescription, by: Actor) -> None:
    """Raises ``WrongHospital`` unless ``by`` works at the hospital that issues it."""
    if prescription.hospital_id != by.organisation_id:
        raise WrongHospital


def check_four_eyes(prescription: Prescription, by: Actor) -> None:
    """Raises ``OwnPrescription`` if ``by`` prescribed or countersigned it or will receive it."""
    involved = {
        prescription.doctor.person_id,
        prescription.countersigner_id,
        prescription.patient.person_id,
    }
    if by.person is not None and by.person in involved:
        raise OwnPrescription


def check_second_reviewer(prescription: Prescription, by: Actor) -> None:
    """Raises ``SameReviewer`` if ``by`` is the person who reviewed it first, whatever account."""
    if prescription.checker_id is not None and prescription.checker_id == by.person:
        raise SameReviewer


def check_second_pharmacist(prescription: Prescription, by: Actor) -> None:
    """Raises ``SamePharmacist`` if ``by`` is the person who checked it at the counter."""
    if prescription.double_checker_id is not None and prescription.double_checker_id == by.person:
        raise SamePharmacist


def basis_to_view(prescription: Prescription, by: Actor) -> str:
    """
    Why ``by`` may see the content; the word goes into the ``record.view`` entry.

    Pharmacists are not here: what opens a prescription for them is the patient's code.

    Raises:
        NotYours and the refusals of ``check_party``.
    """
    if by.role is Role.REGULATOR:
        if not records.was_erased(prescription.record):
            raise NotYours
        return "retention"
    check_party(prescription, by)
    if by.role is Role.PATIENT and prescription.status != Status.DRAFT:
        return "own_record"
    if by.role is Role.DOCTOR:
        return "prescriber"
    if by.role is Role.REVIEWER and prescription.status in (Status.ISSUED, Status.CHECKED):
        return "review"
    raise NotYours
