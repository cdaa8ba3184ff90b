"""
Who may guard whom: what is asked of every ward and guardian, whoever brings them together.

Who is a child says the sealed identity number, which only the server reads; so validators check
signatures and times, and the server checks ages.

Source: Civil Code (民法典), art. 17: who is 18 is an adult.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from hospital import calendar, errors, identity
from hospital.actions import people
from hospital.guardians import queries
from hospital.keydrafts import IdentityMissing
from hospital.models import Account, Person
from hospital.roles import Role

ADULT_YEARS = 18
GUARDIANS_MAX = 10
"""So many guardians of one patient at most are in force at a time."""


class OwnGuardian(errors.Invalid):
    """Nobody is the own guardian."""

    code = "guardianship.own"


class GuardianIsChild(errors.Invalid):
    """A guardian is at least 18 years old."""

    code = "guardianship.guardian_is_a_child"


class GuardianshipExists(errors.Conflict):
    """This guardian guards this patient already."""

    code = "guardianship.exists"


class TooManyGuardians(errors.Conflict):
    """End one of the guardianships first."""

    code = "guardianship.too_many"


def check(ward: Account, guardian: Account, at: datetime) -> None:
    """
    What is asked of every pair; who writes it down has locked the ward's account.

    Raises ``OwnGuardian``, ``GuardianIsChild``, ``GuardianshipExists``, ``TooManyGuardians``.
    """
    if guardian.id == ward.id:
        raise OwnGuardian(field="guardian")
    if not is_adult(guardian, at):
        raise GuardianIsChild(field="guardian")
    others = list(queries.in_force(ward.id, at=at).values_list("guardian_id", flat=True))
    if guardian.id in others:
        raise GuardianshipExists
    if len(others) >= GUARDIANS_MAX:
        raise TooManyGuardians(most=GUARDIANS_MAX)


def is_adult(patient: Account, at: datetime) -> bool:
    """Whether the patient has completed 18 years. Raises ``IdentityMissing``."""
    return calendar.age(born(patient), calendar.legal_day(at)) >= ADULT_YEARS


def born(patient: Account) -> date:
    """The patient's birth date, from the sealed number. Raises ``IdentityMissing``."""
    return identity.born(people.id_number_of(person_of(patient)))


def person_of(patient: Account) -> Person:
    """Who the patient is. Raises ``IdentityMissing``."""
    if patient.person is None:
        raise IdentityMissing
    return patient.person


def patient(account: UUID) -> Account:
    """The patient's account, with the person."""
    return Account.objects.select_related("person").get(id=account, role=Role.PATIENT)


def locked(account: UUID) -> Account:
    """As ``patient``, the account locked: so nobody is guarded twice by the same guardian."""
    Account.objects.select_for_update(no_key=True).get(id=account)
    return patient(account)
