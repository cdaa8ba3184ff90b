"""Cheats with the erasure of what is known about a patient."""

from __future__ import annotations

from typing import Any

from hospital import erasurelaw
from hospital.units import stamp
from tests.ledger.cheating import Cheat
from tests.ledger.lawful import END, OTHER_TAG, TAG, Book

ERASURE = f"{erasurelaw.FAMILY}/" + "7" * 32


def erased(book: Book, *, by: str = "patient", says: Any = None, **fields: Any) -> Book:
    """The patient has all erased; two records are kept until ``END``."""
    facts = {"erased": 3, "kept": 2, "until": stamp(END), **(says or {})}
    book.add(ERASURE, erasurelaw.KIND, facts, book.keys[by], **{"patient": TAG, **fields})
    return book


CHEATS: dict[str, tuple[str, Cheat]] = {
    "erased by another patient": ("wrong_patient", lambda book: erased(book, by="patient2")),
    "erased by a doctor": ("wrong_role", lambda book: erased(book, by="doctor")),
    "erased for nobody": ("wrong_patient", lambda book: erased(book, patient="")),
    "erased twice": ("wrong_state", lambda book: erased(erased(book))),
    "erased for another patient": (
        "wrong_patient",
        lambda book: erased(book, patient=OTHER_TAG),
    ),
}
