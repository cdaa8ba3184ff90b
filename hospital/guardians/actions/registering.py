"""
A child's guardian is registered by the operator, on papers that a hospital has seen.

The server's registrar signs, for the child cannot, and a parent's word is no proof.

Source: Civil Code (民法典), art. 27: a child's guardians are the parents, or others in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from hospital import calendar, errors, guardianlaw, queries, records
from hospital.actions import people
from hospital.guardians import drafts, rules
from hospital.guardians.models import Guardianship
from hospital.models import Account

Kind = Guardianship.Kind
EVIDENCE = "evidence"


class WardIsAdult(errors.Forbidden):
    """Who is 18 appoints the own guardian; nobody registers one."""

    code = "guardianship.ward_is_an_adult"


class NoEvidence(errors.Invalid):
    """Say what shows that this is the child's guardian."""

    code = "guardianship.no_evidence"


@dataclass(frozen=True, slots=True)
class Papers:
    """
    What the operator was shown: two identity numbers and the proof, in words.

    ``ward_name`` is the child's, for whom an account is opened if there is none.
    """

    ward: str
    guardian: str
    evidence: str
    ward_name: str = ""


@transaction.atomic
def register(papers: Papers, *, at: datetime) -> Guardianship:
    """
    Register a child's guardian, until the child's 18th birthday begins; the registrar signs.

    Raises:
        identity.BadIdNumber, queries.UnknownPatient: one of them cannot be found; a ward whose name
            is given is found always.
        NoEvidence, WardIsAdult: see each; and what ``rules.check`` raises.
    """
    if not papers.evidence.strip():
        raise NoEvidence
    guardian = queries.patient_by_id_number(papers.guardian)
    ward = rules.locked(_ward(papers, guardian, at).id)
    until = calendar.begins(calendar.anniversary(rules.born(ward), rules.ADULT_YEARS))
    if at >= until:
        raise WardIsAdult
    rules.check(ward, guardian, at)
    record = records.seal({EVIDENCE: papers.evidence})
    made = Guardianship(
        id=uuid4(),
        patient=ward,
        guardian=guardian,
        kind=Kind.REGISTERED,
        record=record,
        since=at,
        until=until,
    )
    drafts.sign_as_registrar(drafts.beginning(guardianlaw.REGISTER, made), at)
    made.save(force_insert=True)
    return made


def _ward(papers: Papers, guardian: Account, at: datetime) -> Account:
    """The child's account, opened if need be: it has the guardian's telephone for now."""
    try:
        return queries.patient_by_id_number(papers.ward)
    except queries.UnknownPatient:
        name = papers.ward_name.strip()
        if not name:
            raise
    phone = people.phone_of(rules.person_of(rules.patient(guardian.id)))
    return people.admit(name=name, id_number=papers.ward, phone=phone, at=at)


@transaction.atomic
def strike(guardianship_id: UUID, *, at: datetime) -> Guardianship:
    """
    End any guardianship for the operator, as a court or the papers say; the registrar signs.

    Raises ``drafts.UnknownGuardianship``, ``drafts.WrongState``.
    """
    found = drafts.found(Guardianship.objects.select_for_update(of=("self",)), id=guardianship_id)
    drafts.sign_as_registrar(drafts.ending(found), at)
    return drafts.ended(found, at)
