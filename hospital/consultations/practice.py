"""
Who may see patients over the internet, and which of them.

Sources:
    Rules for the Supervision of Internet Diagnosis and Treatment (国卫办医发〔2022〕2号), art. 13:
    the doctor's identity is proved by real name before the doctor receives patients.
    Measures for Internet Diagnosis and Treatment (国卫医发〔2018〕25号), art. 25: three years of
    independent practice; art. 19: a child below six with a guardian and a specialist.

Decisions: the proof is a log-in with the doctor's own registered key, at most ``REAL_NAME_FOR``
old. A session opened with an enrolment code does not count, not even after it has registered the
key: the code came from the operator, the key proves the person. Article 19 speaks of prescribing;
here a child below six is not received without guardian and specialist in the first place.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hospital import errors, identity, sealing
from hospital.calendar import age, legal_day
from hospital.models import Account, Person
from hospital.roles import Actor

REAL_NAME_FOR = timedelta(hours=12)
YEARS = 3
GUARDED_BELOW_YEARS = 6
MEASURES = "互联网诊疗管理办法（试行）"
SUPERVISION = "互联网诊疗监管细则（试行）"


class NotRealName(errors.Forbidden):
    """The doctor's identity is not proved for this session; ``missing`` says what lacks."""

    code = "consultation.not_real_name"


class TooFewYears(errors.Forbidden):
    """Only after three years of independent practice does a doctor see patients online."""

    code = "consultation.too_few_years"


class ChildNeedsGuardian(errors.Forbidden):
    """A child below six is seen with a guardian, by a doctor of a paediatric department."""

    code = "consultation.child_needs_guardian"


def doctor(by: Actor) -> Account:
    """The doctor's account with its department."""
    return Account.objects.select_related("department").get(id=by.account)


def check_real_name(who: Account, by: Actor, at: datetime) -> None:
    """
    Identity, licence, department, and a log-in with the key.

    Raises ``NotRealName``.
    """
    missing = [*_lacks(who), *([] if _logged_in(by, at) else ["key_login"])]
    if missing:
        raise NotRealName(missing=missing, instrument=SUPERVISION, article="第十三条")


def check_years(who: Account, at: datetime) -> None:
    """Raises ``TooFewYears``."""
    if not _experienced(who, legal_day(at)):
        raise TooFewYears(years=YEARS, instrument=MEASURES, article="第二十五条")


def check_child(patient: Person, who: Account, guardian: bool, at: datetime) -> None:
    """Raises ``ChildNeedsGuardian``."""
    paediatric = who.department is not None and who.department.paediatric
    guarded = guardian and paediatric
    if not guarded and age(_born(patient), legal_day(at)) < GUARDED_BELOW_YEARS:
        raise ChildNeedsGuardian(
            guardian=guardian, specialist=paediatric, instrument=MEASURES, article="第十九条"
        )


def practises_online(who: Account, on: date) -> bool:
    """Whether the directory shows this doctor as one who sees patients online."""
    return not _lacks(who) and _experienced(who, on)


def _lacks(who: Account) -> list[str]:
    has = {
        "person": who.person_id is not None,
        "license_number": who.license_number != "",
        "department": who.department_id is not None,
    }
    return [name for name, there in has.items() if not there]


def _logged_in(by: Actor, at: datetime) -> bool:
    return by.key_login_at is not None and at - by.key_login_at <= REAL_NAME_FOR


def _experienced(who: Account, on: date) -> bool:
    return who.practising_since is not None and age(who.practising_since, on) >= YEARS


def _born(person: Person) -> date:
    number = sealing.unseal(person.id_number, f"person/{person.handle.hex}/id_number")
    return identity.born(number.decode())
