"""What the doctor does first: look at the question, and accept it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.consultations import lifecycle, permissions, practice
from hospital.consultations.actions import ending
from hospital.consultations.models import Consultation
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement


class NoEvidence(errors.Invalid):
    """The patient brought no evidence of an earlier diagnosis, so it is no follow-up visit."""

    code = "consultation.no_evidence"


def draw_accept(
    consultation_id: UUID,
    follow_up: bool,
    guardian: bool,
    *,
    by: Actor,
    key: str,
    at: datetime,
) -> Statement:
    consultation = lifecycle.find(consultation_id)
    facts = _accept_facts(consultation, follow_up, guardian, by=by, at=at)
    return ending.propose(consultation, lifecycle.ACCEPT, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def accept(
    consultation_id: UUID,
    follow_up: bool,
    guardian: bool,
    signed: str,
    *,
    by: Actor,
    at: datetime,
) -> tuple[Consultation, chain.Appended]:
    """
    Take the question on. The doctor signs whether there was evidence of an earlier diagnosis
    (``follow_up``) and whether a guardian is with the patient.

    Raises:
        NoEvidence, permissions.WrongDepartment: see each.
        practice.NotRealName, practice.TooFewYears, practice.ChildNeedsGuardian: see each.
        What ``lifecycle.advance`` raises.
    """
    consultation = lifecycle.lock(consultation_id)
    facts = _accept_facts(consultation, follow_up, guardian, by=by, at=at)
    consultation.doctor_id = by.account
    consultation.follow_up, consultation.guardian = follow_up, guardian
    entry = lifecycle.advance(
        consultation, lifecycle.ACCEPT, by=by, at=at, signed=signed, facts=facts
    )
    return consultation, entry


def _accept_facts(
    consultation: Consultation, follow_up: bool, guardian: bool, *, by: Actor, at: datetime
) -> dict[str, Any]:
    lifecycle.check(consultation, lifecycle.ACCEPT, by=by, at=at)
    doctor = practice.doctor(by)
    practice.check_real_name(doctor, by, at)
    practice.check_years(doctor, at)
    permissions.check_department(consultation, doctor.department_id)
    person = consultation.patient.person
    assert person is not None, "only an identified patient consults"
    practice.check_child(person, doctor, guardian, at)
    if follow_up and not consultation.earlier:
        raise NoEvidence(field="follow_up")
    return {"follow_up": follow_up, "guardian": guardian}
