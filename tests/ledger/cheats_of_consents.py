"""Cheats with grants, with emergencies, and with the looks that rest on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from config import law as published
from hospital import consents
from hospital.units import stamp
from tests.ledger.cheating import Cheat
from tests.ledger.lawful import END, OTHER_TAG, TAG, Book

GRANT, EMERGENCY = "grant/" + "9" * 32, "emergency/" + "e" * 32
READER = "hospital2/doctor/p7"
REASON = b"r" * 32
SKEW = timedelta(seconds=published.SKEW_S)


def granted(book: Book, *, by: str = "patient", says: Any = None, **fields: Any) -> Book:
    """The patient lets the doctors of another hospital see lines and diagnoses until ``END``."""
    facts = {
        "fields": ["diagnosis/", "line/"],
        "purpose": "treatment",
        "reader": "",
        "to": "hospital2",
        "until": stamp(END),
        **(says or {}),
    }
    book.add(GRANT, "consent.grant", facts, book.keys[by], **{"patient": TAG, **fields})
    return book


def withdrawn(book: Book, *, by: str = "patient", **fields: Any) -> Book:
    book.add(GRANT, "consent.withdraw", {}, book.keys[by], **{"patient": TAG, **fields})
    return book


def pleaded(book: Book, *, by: str = "doctor", says: Any = None, **fields: Any) -> Book:
    """The doctor pleads, for half an hour from the entry's second."""
    facts = {
        "fields": list(consents.OPENED_BY_EMERGENCY),
        "until": stamp(book.now + timedelta(seconds=1) + consents.WINDOW),
        **(says or {}),
    }
    fields = {"patient": TAG, "commitment": REASON, **fields}
    book.add(EMERGENCY, "emergency.plead", facts, book.keys[by], **fields)
    return book


def seconded(book: Book, *, by: str = "doctor2", **fields: Any) -> Book:
    """A colleague signs second."""
    fields = {"patient": TAG, "commitment": REASON, **fields}
    book.add(EMERGENCY, "emergency.open", {}, book.keys[by], **fields)
    return book


def opened(book: Book) -> Book:
    """Both have signed."""
    return seconded(pleaded(book))


def judged(book: Book, verdict: str = "justified", *, by: str = "regulator", **more: Any) -> Book:
    fields = {"patient": TAG, "commitment": REASON, **more}
    facts = {"verdict": verdict}
    book.add(EMERGENCY, "emergency.review", facts, book.keys[by], **fields)
    return book


def looked(book: Book, *, says: Any = None, **fields: Any) -> Book:
    """A doctor of the other hospital looks under the grant."""
    facts = {
        "reader": READER,
        "role": "doctor",
        "organisation": "hospital2",
        "purpose": "treatment",
        "basis": GRANT,
        "of": "history",
        "records": 3,
        "fields": ["diagnosis/", "line/"],
        **(says or {}),
    }
    fields = {"patient": TAG, **fields}
    book.add(f"view/{len(book.entries):032x}", "record.view", facts, book.keys["access"], **fields)
    return book


THROUGH_GLASS = {
    "reader": "hospital/doctor/p1",
    "organisation": "hospital",
    "purpose": consents.EMERGENCY,
    "basis": EMERGENCY,
    "fields": list(consents.OPENED_BY_EMERGENCY),
}


def granting(**says: Any) -> Cheat:
    return lambda book: granted(book, says=says)


def looking(**says: Any) -> Cheat:
    return lambda book: looked(granted(book), says=says)


def through_glass(**says: Any) -> Cheat:
    return lambda book: looked(opened(book), says={**THROUGH_GLASS, **says})


def granted_too_much(purpose: str, *fields: str) -> Cheat:
    """A grant for ``purpose`` of something that only others need."""
    return granting(purpose=purpose, fields=list(fields))


def looking_for(purpose: str, role: str, field: str) -> Cheat:
    """A lawful grant for a purpose, under which somebody of ``role`` looks."""
    says = {"purpose": purpose, "fields": [field]}
    return lambda book: looked(granted(book, says=says), says={**says, "role": role})


FOR_ONE = {"reader": "hospital2/doctor/p8"}
TOO_LONG = stamp(END + consents.LONGEST)
CHEATS: dict[str, tuple[str, Cheat]] = {
    # what is granted
    "granted by another patient": ("wrong_patient", lambda book: granted(book, by="patient2")),
    "granted by a doctor": ("wrong_role", lambda book: granted(book, by="doctor")),
    "granted until yesterday": (
        "wrong_end",
        granting(until=stamp(END - timedelta(days=4))),
    ),
    "granted for years": ("wrong_end", granting(until=TOO_LONG)),
    "granted for what nobody grants": ("wrong_purpose", granting(purpose="emergency")),
    "granted the patient's name": ("wrong_fields", granting(fields=["line/", "patient/"])),
    "granted a pharmacist the diagnosis": (
        "wrong_fields",
        granted_too_much("medication_review", "diagnosis/", "line/"),
    ),
    "granted for a claim who gave what out": (
        "wrong_fields",
        granted_too_much("claim", "dispensing/", "line/"),
    ),
    "granted for a policy what was prescribed": (
        "wrong_fields",
        granted_too_much("underwriting", "diagnosis/", "line/"),
    ),
    "granted for research the hospital": (
        "wrong_fields",
        granted_too_much("research", "hospital/"),
    ),
    "granted nothing": ("wrong_fields", granting(fields=[])),
    "granted in disorder": ("wrong_fields", granting(fields=["line/", "diagnosis/"])),
    "granted twice": ("wrong_state", lambda book: granted(granted(book))),
    "withdrawn before it was granted": ("wrong_state", withdrawn),
    "withdrawn twice": ("wrong_state", lambda book: withdrawn(withdrawn(granted(book)))),
    "a grant withdrawn by another patient": (
        "wrong_patient",
        lambda book: withdrawn(granted(book), by="patient2"),
    ),
    "a grant moved to another patient": (
        "patient_changed",
        lambda book: withdrawn(granted(book), by="patient2", patient=OTHER_TAG),
    ),
    # a look under a grant
    "a look under no grant": ("no_basis", looked),
    "a look after the withdrawal": ("no_basis", lambda book: looked(withdrawn(granted(book)))),
    "a look after the end": (
        "no_basis",
        lambda book: looked(granted(book), at=END + SKEW),
    ),
    "a look at another patient": (
        "wrong_patient",
        lambda book: looked(granted(book), patient=OTHER_TAG),
    ),
    "a look from another hospital": ("wrong_reader", looking(organisation="hospital")),
    "a look by a colleague": (
        "wrong_reader",
        lambda book: looked(granted(book, says=FOR_ONE)),
    ),
    "a look for another purpose": ("wrong_purpose", looking(purpose="emergency")),
    "a look by a reviewer": ("wrong_role", looking(role="reviewer")),
    "a look at more than was granted": ("wrong_fields", looking(fields=["allergies", "line/"])),
    "a pharmacist's look for a claim": (
        "wrong_role",
        looking_for("claim", "pharmacist", "line/"),
    ),
    "a doctor's look for research": ("wrong_role", looking_for("research", "doctor", "line/")),
    "an officer's look for a review": (
        "wrong_role",
        looking_for("medication_review", "officer", "line/"),
    ),
    "an agent's look for a policy": (
        "wrong_role",
        looking_for("underwriting", "agent", "diagnosis/"),
    ),
    # broken glass
    "pleaded by a pharmacist": ("wrong_role", lambda book: pleaded(book, by="pharmacist")),
    "pleaded for nobody": ("wrong_patient", lambda book: pleaded(book, patient="")),
    "pleaded without a reason": (
        "no_commitment",
        lambda book: pleaded(book, commitment=b""),
    ),
    "pleaded for days": ("wrong_end", lambda book: pleaded(book, says={"until": stamp(END)})),
    "pleaded for the patient's name": (
        "wrong_fields",
        lambda book: pleaded(book, says={"fields": ["patient/"]}),
    ),
    "pleaded for nothing": (
        "wrong_fields",
        lambda book: pleaded(book, says={"fields": []}),
    ),
    "pleaded in disorder": (
        "wrong_fields",
        lambda book: pleaded(book, says={"fields": ["line/", "allergies"]}),
    ),
    "glass broken without a plea": ("wrong_state", seconded),
    "glass broken twice": ("wrong_state", lambda book: seconded(opened(book))),
    "glass broken by who pleaded": (
        "four_eyes",
        lambda book: seconded(pleaded(book), by="doctor"),
    ),
    "glass broken by a pharmacist": (
        "wrong_role",
        lambda book: seconded(pleaded(book), by="pharmacist"),
    ),
    "glass broken from another hospital": (
        "wrong_owner",
        lambda book: seconded(pleaded(book), by="foreign_doctor"),
    ),
    "glass broken after half an hour": (
        "wrong_end",
        lambda book: seconded(
            pleaded(book), at=book.now + timedelta(seconds=1) + consents.WINDOW + SKEW
        ),
    ),
    "glass broken for another reason": (
        "commitment_changed",
        lambda book: seconded(pleaded(book), commitment=b"s" * 32),
    ),
    "a look through a plea": (
        "no_basis",
        lambda book: looked(pleaded(book), says=THROUGH_GLASS),
    ),
    "a look through glass that is whole": (
        "no_basis",
        lambda book: looked(book, says=THROUGH_GLASS),
    ),
    "a look through glass after half an hour": (
        "no_basis",
        lambda book: looked(
            opened(book),
            says=THROUGH_GLASS,
            at=book.now + timedelta(seconds=1) + consents.WINDOW + SKEW,
        ),
    ),
    "a look through glass that was not justified": (
        "no_basis",
        lambda book: looked(judged(opened(book), "unjustified"), says=THROUGH_GLASS),
    ),
    "a look through another's glass": ("wrong_reader", through_glass(reader="hospital/doctor/p2")),
    "a look through glass called treatment": ("wrong_purpose", through_glass(purpose="treatment")),
    "judged before it was broken": ("wrong_state", lambda book: judged(pleaded(book))),
    "judged by a doctor": ("wrong_role", lambda book: judged(opened(book), by="doctor2")),
    "judged by who opened it": (
        "four_eyes",
        lambda book: judged(opened(book), by="judge_in_own_cause"),
    ),
    "judged by who signed second": (
        "four_eyes",
        lambda book: judged(opened(book), by="judge_of_own_word"),
    ),
    "judged as something else": ("wrong_decision", lambda book: judged(opened(book), "maybe")),
    "judged twice": ("wrong_state", lambda book: judged(judged(opened(book)))),
    "another reason judged": (
        "commitment_changed",
        lambda book: judged(opened(book), commitment=b"s" * 32),
    ),
}
