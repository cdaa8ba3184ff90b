"""How an operator could cheat at the numbers of narcotics."""

from datetime import timedelta
from typing import Any

from hospital.units import stamp
from tests.ledger.cheating import Cheat
from tests.ledger.lawful import NOON, RX, TAG, Book

REGISTER = "register/" + "4a" * 16
DAY = timedelta(days=1)
MIDNIGHT = NOON.replace(hour=16, minute=0, second=0, microsecond=0)
"""24:00 in Shanghai of the day of ``NOON``."""


def numbered(*numbers: int, by: str = "registrar", **changes: Any) -> Cheat:
    """These numbers, the last one with these changes of facts or of the entry."""
    fields = {
        name: changes.pop(name) for name in ("patient", "commitment", "at") if name in changes
    }

    def write(book: Book) -> None:
        for number in numbers[:-1]:
            enter(book, "registrar", {**facts(), "number": number})
        enter(book, by, {**facts(), "number": numbers[-1], **changes}, **fields)

    return write


def facts() -> dict[str, Any]:
    return {"ends": stamp(MIDNIGHT), "form": "narcotic", "hospital": "hospital", "prescription": RX}


def enter(book: Book, by: str, says: dict[str, Any], **fields: Any) -> None:
    usual = {"patient": "", "commitment": b"c" * 32, **fields}
    book.add(REGISTER, "register.number", says, book.keys[by], **usual)


LAWFUL: dict[str, Cheat] = {
    "the first of a day": numbered(1),
    "three of a day": numbered(1, 2, 3),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    "a register that begins with the second": ("wrong_number", numbered(2)),
    "a number left out": ("wrong_number", numbered(1, 3)),
    "a number given twice": ("wrong_number", numbered(1, 2, 2)),
    "a register that begins again": ("wrong_number", numbered(1, 2, 1)),
    "numbered in another hospital's register": ("wrong_number", numbered(1, 2, hospital="other")),
    "numbered on the day before": ("wrong_day", numbered(1, ends=stamp(MIDNIGHT - DAY))),
    "numbered on the day after": ("wrong_day", numbered(1, ends=stamp(MIDNIGHT + DAY))),
    "an ordinary prescription numbered": ("wrong_form", numbered(1, form="ordinary")),
    "numbered without content": ("no_commitment", numbered(1, commitment=b"")),
    "numbered with the patient's tag": ("wrong_patient", numbered(1, patient=TAG)),
    "numbered by the doctor": ("wrong_role", numbered(1, by="doctor")),
    "numbered for something else": ("facts", numbered(1, prescription="grant/" + "1" * 32)),
}
