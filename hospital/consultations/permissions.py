"""Whose consultation is it? The one place that answers, for consultations."""

from __future__ import annotations

from hospital import errors
from hospital.consultations.models import Consultation, State
from hospital.roles import Actor, Role


class WrongPatient(errors.Forbidden):
    """This consultation is another patient's."""

    code = "consultation.wrong_patient"


class WrongDoctor(errors.Forbidden):
    """Another doctor has accepted this consultation."""

    code = "consultation.wrong_doctor"


class WrongHospital(errors.Forbidden):
    """This consultation was asked of another hospital."""

    code = "consultation.wrong_hospital"


class WrongDepartment(errors.Forbidden):
    """This consultation was asked of another department."""

    code = "consultation.wrong_department"


class OwnConsultation(errors.Forbidden):
    """Nobody answers his or her own question."""

    code = "consultation.own"


class NotYours(errors.Forbidden):
    """You have no reason to see this consultation."""

    code = "consultation.no_basis"


def check_party(consultation: Consultation, by: Actor) -> None:
    """
    ``by`` is the party to this consultation that the role claims to be.

    Before a doctor has accepted it, any doctor of the hospital may be; which department, says
    ``check_department``. The clock passes.

    Raises:
        WrongPatient, WrongHospital, WrongDoctor, OwnConsultation: see each.
    """
    if by.role is Role.PATIENT and consultation.patient_id != by.patient:
        raise WrongPatient
    if by.role is not Role.DOCTOR:
        return
    if consultation.hospital_id != by.organisation_id:
        raise WrongHospital
    if consultation.doctor_id not in (None, by.account):
        raise WrongDoctor
    if by.person is not None and by.person == consultation.patient.person_id:
        raise OwnConsultation


def check_department(consultation: Consultation, department_id: int | None) -> None:
    """Raises ``WrongDepartment`` unless it was asked of the department."""
    if consultation.department_id != department_id:
        raise WrongDepartment


def basis_to_view(consultation: Consultation, by: Actor, department_id: int | None) -> str:
    """
    Why ``by`` may see the content; the word goes into the ``record.view`` entry.

    Raises: NotYours and the refusals of ``check_party`` and ``check_department``.
    """
    check_party(consultation, by)
    if by.role is Role.PATIENT:
        return "own_record"
    if by.role is Role.DOCTOR and consultation.doctor_id == by.account:
        return "consulted"
    if by.role is Role.DOCTOR and consultation.state == State.ASKED:
        check_department(consultation, department_id)
        return "awaiting"
    raise NotYours
