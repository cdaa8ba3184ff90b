"""Cheats with recalls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hospital.units import stamp
from pharmacy import lawrecalls
from tests.ledger.cheating import Cheat
from tests.ledger.lawful import OTHER_TAG, Book

SUBJECT = "recall/" + "7" * 32


def recalled(book: Book, *, by: str = "regulator", patient: str = "", **says: Any) -> Book:
    """A lot of the gravest grade; everybody is told within a day."""
    facts = {
        "medicine": "X1",
        "lot": "20260801",
        "grade": 1,
        "reason": "quality",
        "notify_by": stamp(book.now + timedelta(days=1)),
        **says,
    }
    book.add(SUBJECT, lawrecalls.RECALL, facts, book.keys[by], patient=patient)
    return book


def lifted(book: Book, *, by: str = "regulator", patient: str = "", **says: Any) -> Book:
    facts = {"reason": "finished", **says}
    book.add(SUBJECT, lawrecalls.LIFT, facts, book.keys[by], patient=patient)
    return book


def lifted_elsewhere(book: Book) -> None:
    book.register("other_regulator", ("regulator", "authority2", "p20"))
    lifted(recalled(book), by="other_regulator")


def late(grade: int, days: int) -> Cheat:
    """A minute after the days of the grade."""

    def write(book: Book) -> None:
        until = stamp(book.now + timedelta(days=days, minutes=1))
        recalled(book, grade=grade, notify_by=until)

    return write


CHEATS: dict[str, tuple[str, Cheat]] = {
    "recalled by a pharmacist": ("wrong_role", lambda book: recalled(book, by="pharmacist")),
    "recalled about a patient": ("wrong_patient", lambda book: recalled(book, patient=OTHER_TAG)),
    "recalled for no reason": ("wrong_reason", lambda book: recalled(book, reason="price")),
    "recalled in a grade of no law": ("wrong_deadline", lambda book: recalled(book, grade=4)),
    "told a day late, grade 1": ("wrong_deadline", late(1, 1)),
    "told a day late, grade 2": ("wrong_deadline", late(2, 3)),
    "told a day late, grade 3": ("wrong_deadline", late(3, 7)),
    "recalled twice": ("wrong_state", lambda book: recalled(recalled(book))),
    "lifted before it was recalled": ("wrong_state", lifted),
    "lifted twice": ("wrong_state", lambda book: lifted(lifted(recalled(book)))),
    "lifted about a patient": (
        "wrong_patient",
        lambda book: lifted(recalled(book), patient=OTHER_TAG),
    ),
    "lifted for no reason": (
        "wrong_reason",
        lambda book: lifted(recalled(book), reason="price"),
    ),
    "lifted by another authority": ("wrong_owner", lifted_elsewhere),
}
