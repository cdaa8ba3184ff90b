"""
What a patient can grant, and the closed tables of what happens to a grant and to an emergency.

A grant is the patient's signed word that a reader may see some fields of all his or her records,
for one purpose, until it ends by itself or is withdrawn. An emergency is a doctor's signed word
that there is no time to ask (break-glass). When another doctor of the hospital has signed too, it
opens the same fields to the first one, until half an hour after the plea; the patient sees it in
the log, and a regulator judges it afterwards.

Nothing is stored here; ``hospital.permissions`` says what a reader may see, ``hospital.consentlaw``
makes the law of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from hospital.roles import PAYERS, OrganisationKind, Role

LONGEST = timedelta(days=731)
"""No grant lasts longer: two years, one of them a leap year."""
LIVE_MAX = 50
"""So many grants of one patient at most are in force at a time."""
WINDOW = timedelta(minutes=30)
"""How long after the plea broken glass closes."""
EMERGENCY = "emergency"
"""The purpose of looks through broken glass; nobody grants it."""


class Purpose(StrEnum):
    """What a grant is for; ``TERMS`` says who reads for it, and what."""

    TREATMENT = "treatment"
    MEDICATION_REVIEW = "medication_review"
    CLAIM = "claim"
    UNDERWRITING = "underwriting"
    RESEARCH = "research"


class Verdict(StrEnum):
    """What a regulator says of an emergency; one that was not justified is over at once."""

    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


@dataclass(frozen=True, slots=True)
class Terms:
    """
    Who reads for a purpose (``role`` at an organisation of one of ``kinds``), and what at most.

    ``fields`` are prefixes of the names of records' fields, sorted; ``dispensing/`` stands for what
    a pharmacy really gave out. Who ``knows_patient`` may ask by the identity number; whoever does
    not gets a pseudonym and nobody's free words. Who ``knows_prescription`` sees its id and day,
    which lead to its entries in the log; whoever does not sees the month.
    """

    role: Role
    kinds: tuple[OrganisationKind, ...]
    fields: tuple[str, ...]
    knows_patient: bool = False
    knows_prescription: bool = False


TERMS: Mapping[Purpose, Terms] = {
    Purpose.TREATMENT: Terms(
        Role.DOCTOR,
        (OrganisationKind.HOSPITAL,),
        ("allergies", "diagnosis/", "dispensing/", "hospital/", "line/"),
        knows_patient=True,
        knows_prescription=True,
    ),
    Purpose.MEDICATION_REVIEW: Terms(
        Role.PHARMACIST,
        (OrganisationKind.PHARMACY,),
        ("allergies", "dispensing/", "line/"),
        knows_patient=True,
        knows_prescription=True,
    ),
    Purpose.CLAIM: Terms(Role.OFFICER, PAYERS, ("diagnosis/", "line/"), knows_prescription=True),
    Purpose.UNDERWRITING: Terms(Role.OFFICER, (OrganisationKind.INSURER,), ("diagnosis/",)),
    Purpose.RESEARCH: Terms(Role.RESEARCHER, (OrganisationKind.RESEARCH,), ("diagnosis/", "line/")),
}
"""The law of who may read what for what; decisions 0014 and 0040 say why no more."""
OPENED_BY_EMERGENCY = TERMS[Purpose.TREATMENT].fields
EVERY_FIELD = tuple(sorted({field for terms in TERMS.values() for field in terms.fields}))
READERS = tuple(dict.fromkeys(terms.role for terms in TERMS.values()))
"""The roles to which something can be granted."""


def terms_of(purpose: str) -> Terms:
    """What a look for ``purpose`` shows; an emergency's and a guardian's are like treatment's."""
    return TERMS[Purpose(purpose) if purpose in TERMS else Purpose.TREATMENT]


@dataclass(frozen=True, slots=True)
class Move:
    """``by`` takes a subject of ``family`` from ``source`` to ``target`` by an entry ``kind``."""

    kind: str
    family: str
    source: str
    target: str
    by: Role


NEW, LIVE, WITHDRAWN = "unknown", "live", "withdrawn"
PLEADED, OPEN, REVIEWED = "pleaded", "open", "reviewed"

# fmt: off
GRANT       = Move("consent.grant",    "grant",     NEW,     LIVE,      Role.PATIENT)
WITHDRAW    = Move("consent.withdraw", "grant",     LIVE,    WITHDRAWN, Role.PATIENT)
PLEAD       = Move("emergency.plead",  "emergency", NEW,     PLEADED,   Role.DOCTOR)
BREAK_GLASS = Move("emergency.open",   "emergency", PLEADED, OPEN,      Role.DOCTOR)
REVIEW      = Move("emergency.review", "emergency", OPEN,    REVIEWED,  Role.REGULATOR)
# fmt: on

MOVES = (GRANT, WITHDRAW, PLEAD, BREAK_GLASS, REVIEW)
