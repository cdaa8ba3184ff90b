"""Cheats with the transfers by which payers pay their settlements."""

from __future__ import annotations

from typing import Any

from tests.ledger.cheating import RX2, Cheat
from tests.ledger.lawful import COLLECTED, OTHER_TAG, RX, Book

FIRST, SECOND = (f"settlement/{letter * 32}" for letter in "de")


def remitting(*settlements: str, **says: Any) -> Cheat:
    """The fund has settled two claims, and tells of a transfer for one."""

    def write(book: Book) -> None:
        settled(book).remit(*(settlements or [FIRST]), **says)

    return write


def settled(book: Book) -> Book:
    book.go(*COLLECTED).go(*COLLECTED, of=RX2)
    book.settle(RX, batch="d")
    book.settle(RX2, batch="e")
    return book


def twice(book: Book) -> None:
    settled(book).remit(FIRST)
    book.remit(FIRST, name="b", reference="BANK-0002")


CHEATS: dict[str, tuple[str, Cheat]] = {
    "remitted twice": ("nothing_owed", twice),
    "remitted though nothing was settled": (
        "nothing_owed",
        lambda book: book.go(*COLLECTED).remit(FIRST),
    ),
    "claims remitted in place of settlements": ("nothing_owed", remitting(RX)),
    "another total remitted": ("wrong_amount", remitting(total_fen=1401)),
    "remitted to another pharmacy": ("wrong_pharmacy", remitting(pharmacy="pharmacy2")),
    "remitted for another payer": ("wrong_payer", remitting(by="insurer", payer="fund")),
    "remitted in disorder": ("wrong_claims", remitting(SECOND, FIRST, total_fen=2800)),
    "too many remitted at once": (
        "wrong_claims",
        remitting(*(f"settlement/{number:032x}" for number in range(1_001))),
    ),
    "a remittance about a patient": ("wrong_patient", remitting(patient=OTHER_TAG)),
}
