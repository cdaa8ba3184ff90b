"""Cheats with guardianships, and with the looks of guardians that rest on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hospital import guardianlaw
from hospital.units import stamp
from tests.ledger.cheating import Cheat
from tests.ledger.cheats_of_consents import looked
from tests.ledger.lawful import END, OTHER_TAG, TAG, Book

GUARDIANSHIP = "guardianship/" + "5" * 32
GUARDIAN = "patient/p9"
EVIDENCE = b"g" * 32
AS_GUARDIAN = {
    "reader": GUARDIAN,
    "role": "patient",
    "organisation": "",
    "purpose": guardianlaw.PURPOSE,
    "basis": GUARDIANSHIP,
    "fields": list(guardianlaw.OPENED),
}


def registered(book: Book, *, by: str = "registrar", says: Any = None, **fields: Any) -> Book:
    """The registrar enters the guardian of a child who comes of age at ``END``."""
    return _begun(book, guardianlaw.REGISTER, by, says, **{"commitment": EVIDENCE, **fields})


def appointed(book: Book, *, by: str = "patient", says: Any = None, **fields: Any) -> Book:
    """An adult appoints a guardian until ``END``."""
    return _begun(book, guardianlaw.APPOINT, by, says, **fields)


def ended(book: Book, *, by: str = "registrar", **fields: Any) -> Book:
    book.add(GUARDIANSHIP, guardianlaw.END, {}, book.keys[by], **{"patient": TAG, **fields})
    return book


def seen(book: Book, *, says: Any = None, **fields: Any) -> Book:
    """The guardian looks."""
    return looked(book, says={**AS_GUARDIAN, **(says or {})}, **fields)


def _begun(book: Book, kind: str, by: str, says: Any, **fields: Any) -> Book:
    facts = {"guardian": GUARDIAN, "until": stamp(END), **(says or {})}
    book.add(GUARDIANSHIP, kind, facts, book.keys[by], **{"patient": TAG, **fields})
    return book


def looking(**says: Any) -> Cheat:
    return lambda book: seen(registered(book), says=says)


OF_HIMSELF = {"guardian": "/patient/q1"}
PAST = stamp(END - timedelta(days=4))
FOR_LIFE = stamp(END + timedelta(days=guardianlaw.CHILDHOOD_DAYS))
CHEATS: dict[str, tuple[str, Cheat]] = {
    "a guardian registered by a doctor": (
        "wrong_role",
        lambda book: registered(book, by="doctor"),
    ),
    "a guardian of nobody": ("wrong_patient", lambda book: registered(book, patient="")),
    "a guardian without evidence": (
        "no_commitment",
        lambda book: registered(book, commitment=b""),
    ),
    "a guardian until yesterday": (
        "wrong_end",
        lambda book: registered(book, says={"until": PAST}),
    ),
    "a guardian for life": ("wrong_end", lambda book: registered(book, says={"until": FOR_LIFE})),
    "a guardian registered twice": ("wrong_state", lambda book: registered(registered(book))),
    "appointed by another patient": (
        "wrong_patient",
        lambda book: appointed(book, by="patient2"),
    ),
    "appointed for nobody": ("wrong_patient", lambda book: appointed(book, patient="")),
    "appointed by the registrar": (
        "wrong_role",
        lambda book: appointed(book, by="registrar"),
    ),
    "appointed until yesterday": ("wrong_end", lambda book: appointed(book, says={"until": PAST})),
    "appointed for life": ("wrong_end", lambda book: appointed(book, says={"until": FOR_LIFE})),
    "the own guardian": ("own_guardian", lambda book: appointed(book, says=OF_HIMSELF)),
    "a guardianship ended by the child": (
        "wrong_owner",
        lambda book: ended(registered(book), by="patient", commitment=EVIDENCE),
    ),
    "a guardianship ended by a doctor": (
        "wrong_role",
        lambda book: ended(appointed(book), by="doctor"),
    ),
    "a guardianship ended twice": ("wrong_state", lambda book: ended(ended(appointed(book)))),
    "a guardian moved to another ward": (
        "patient_changed",
        lambda book: ended(appointed(book), patient=OTHER_TAG),
    ),
    "a look of no guardian": ("no_basis", seen),
    "a look of a guardian on the 18th birthday": (
        "guardian_no_more",
        lambda book: seen(registered(book), at=END),
    ),
    "a look of who was guardian": (
        "no_basis",
        lambda book: seen(ended(appointed(book))),
    ),
    "a guardian's look at another patient": (
        "wrong_patient",
        lambda book: seen(registered(book), patient=OTHER_TAG),
    ),
    "a look of another guardian": ("wrong_reader", looking(reader="patient/p8")),
    "a guardian's look for an employer": ("wrong_reader", looking(organisation="hospital")),
    "a guardian's look for treatment": ("wrong_purpose", looking(purpose="treatment")),
    "a guardian's look as a doctor": ("wrong_role", looking(role="doctor")),
    "a guardian's look at the name": ("wrong_fields", looking(fields=["patient/"])),
}
