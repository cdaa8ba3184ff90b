"""Whose correction is it, who answers it, who sees it? The one place that answers."""

from __future__ import annotations

from datetime import datetime

from hospital import errors, records
from hospital.corrections.models import Correction, State
from hospital.roles import Actor, Role


class WrongPatient(errors.Forbidden):
    """Another patient has asked for this correction."""

    code = "correction.wrong_patient"


class WrongHospital(errors.Forbidden):
    """The disputed record is another hospital's."""

    code = "correction.wrong_hospital"


class OwnCorrection(errors.Forbidden):
    """Nobody answers the own request, or decides about the own answer."""

    code = "correction.own"


class NotYours(errors.Forbidden):
    """You have no reason to see this correction."""

    code = "correction.no_basis"


def check_party(correction: Correction, by: Actor) -> None:
    """
    ``by`` is the party that the role claims to be: its patient, a doctor of the hospital, whether
    the author or not, a regulator.

    Raises:
        WrongPatient, WrongHospital, OwnCorrection: see each.
    """
    if by.role is Role.PATIENT and correction.patient_id != by.account:
        raise WrongPatient
    if by.role is Role.DOCTOR and correction.hospital_id != by.organisation_id:
        raise WrongHospital
    if by.role is Role.PATIENT or by.person is None:
        return
    answerer = correction.answerer if by.role is Role.REGULATOR else None
    if by.person in (correction.patient.person_id, answerer and answerer.person_id):
        raise OwnCorrection


def basis_to_view(correction: Correction, by: Actor, at: datetime) -> str:
    """
    Why ``by`` may read the request and the record; the word goes into the ``record.view`` entry.

    A doctor of the hospital while it waits for an answer, and afterwards who wrote the record or
    answered. A regulator while an appeal waits or the hospital is late, afterwards who decided; and
    what its patient had erased and the law keeps.

    Raises:
        NotYours, and what ``check_party`` raises.
    """
    check_party(correction, by)
    if by.role is Role.PATIENT:
        return "own_record"
    if by.role is Role.DOCTOR:
        if correction.state == State.ASKED or by.account in (
            correction.author_id,
            correction.answerer_id,
        ):
            return "correction"
        raise NotYours
    if records.was_erased(correction.of):
        return "retention"
    waits = correction.state == State.APPEALED or correction.is_overdue(at)
    if not waits and correction.decider_id != by.account:
        raise NotYours
    return "regulator"
