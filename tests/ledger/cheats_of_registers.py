"""How an operator could cheat at the numbers of narcotics."""

from datetime import timedelta
from typing import Any

from hospital.units import stamp
from tests.ledger.cheating import RX2, Cheat
from tests.ledger.cheats_of_controlled import NARCOTIC
from tests.ledger.lawful import END, NOON, RX, TAG, Book

DAY = timedelta(days=1)
MIDNIGHT = NOON.replace(hour=16, minute=0, second=0, microsecond=0)
"""24:00 in Shanghai of the day of ``NOON``."""
NEW = b"n" * 32


def numbered(*numbers: int, **changes: Any) -> Cheat:
    """Prescriptions with these numbers, the last one with these changes."""

    def write(book: Book) -> None:
        for count, number in enumerate(numbers, 1):
            rx = f"rx/{count:032x}"
            book.move("issue_narcotic", of=rx)
            book.number(rx, number=number, **(changes if count == len(numbers) else {}))

    return write


def of(*before: str, **changes: Any) -> Cheat:
    """After these moves, each content numbered, one number more."""

    def write(book: Book) -> None:
        for name in before:
            book.move(name)
        if RX in book.unnumbered and len(before) > 1:
            book.number()
        book.number(**{"commitment": b"c" * 32, **changes})

    return write


def twice(**changes: Any) -> Cheat:
    """One content, two numbers."""

    def write(book: Book) -> None:
        book.go("issue_narcotic").number()
        book.number(**changes)

    return write


def the_former(book: Book) -> None:
    """Changed, and the number is given to what it said before."""
    book.go("issue_narcotic").move("change", commitment=NEW, says=NARCOTIC)
    book.number(commitment=b"c" * 32)


def unnumbered(name: str, first: str = "issue_narcotic", **changes: Any) -> Cheat:
    """This move comes first, before the number."""

    def write(book: Book) -> None:
        book.numbers = False
        book.move(first, says=NARCOTIC)
        book.move(name, **changes)

    return write


def a_change_unnumbered(book: Book) -> None:
    book.go("issue_narcotic").move("change", commitment=NEW, says=NARCOTIC)
    book.numbers = False
    book.move("check", commitment=NEW)


LAWFUL: dict[str, Cheat] = {
    "the first of a day": numbered(1),
    "three of a day": numbered(1, 2, 3),
    "a changed content as well": lambda book: (
        book.go("issue_narcotic").move("change", says=NARCOTIC),
        book.go("check"),
    ),
    "one that waits for a countersignature": lambda book: (
        book.move("submit", says=NARCOTIC),
        book.go("countersign", "check"),
    ),
    "on two days": lambda book: (
        book.go("issue_narcotic").number(),
        book.move("issue_narcotic", of=RX2, at=NOON + DAY, says={"valid_until": stamp(END)}),
        book.number(RX2, at=NOON + DAY),
    ),
}
FIRST = ("check", "send_back", "extend", "cancel", "give_up")
UNNUMBERED: dict[str, tuple[str, Cheat]] = {
    **{f"{name} before it was numbered": ("unnumbered", unnumbered(name)) for name in FIRST},
    **{
        f"{name} before it was numbered": ("unnumbered", unnumbered(name, "submit"))
        for name in ("countersign", "refuse")
    },
    **{
        f"{name} before it was numbered": ("unnumbered", unnumbered(name, says=NARCOTIC))
        for name in ("change", "resubmit")
    },
    "expire before it was numbered": ("unnumbered", unnumbered("expire", at=END)),
    "an ordinary content in the place of an unnumbered one": ("unnumbered", unnumbered("change")),
    "a change that was not numbered": ("unnumbered", a_change_unnumbered),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    **UNNUMBERED,
    "a register that begins with the second": ("wrong_number", numbered(2)),
    "a number left out": ("wrong_number", numbered(1, 3)),
    "a number given twice": ("wrong_number", numbered(1, 2, 2)),
    "a register that begins again": ("wrong_number", numbered(1, 2, 1)),
    "numbered in another hospital's register": ("wrong_hospital", numbered(1, hospital="other")),
    "a second register of the day": ("wrong_register", numbered(1, register="register/another")),
    "another hospital's register under this one's name": (
        "wrong_register",
        numbered(1, hospital="other", register=f"register/hospital/{stamp(MIDNIGHT)}"),
    ),
    "numbered on the day before": ("wrong_day", numbered(1, ends=stamp(MIDNIGHT - DAY))),
    "numbered on the day after": ("wrong_day", numbered(1, ends=stamp(MIDNIGHT + DAY))),
    "an ordinary prescription numbered": ("wrong_form", of("issue", form="ordinary")),
    "an ordinary prescription numbered as a narcotic": ("nothing_owed", of("issue")),
    "a toxic medicine numbered as a narcotic": ("nothing_owed", of("issue_toxic")),
    "a number for no prescription": ("nothing_owed", of()),
    "a number after it was cancelled": ("nothing_owed", of("issue_narcotic", "cancel")),
    "a number after it was reviewed": ("nothing_owed", of("issue_narcotic", "check")),
    "a second number of one content": ("nothing_owed", twice()),
    "a second number on another day": ("nothing_owed", twice(at=NOON + DAY)),
    "numbered without content": ("commitment_changed", numbered(1, commitment=b"")),
    "another content numbered": ("commitment_changed", numbered(1, commitment=NEW)),
    "the former content numbered": ("commitment_changed", the_former),
    "numbered with the patient's tag": ("wrong_patient", numbered(1, patient=TAG)),
    "numbered by the doctor": ("wrong_role", numbered(1, by="doctor")),
    "numbered for something else": ("facts", numbered(1, prescription="grant/" + "1" * 32)),
}
