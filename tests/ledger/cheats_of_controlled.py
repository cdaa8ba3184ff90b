"""How an operator could cheat at where narcotics are given out."""

from datetime import timedelta
from typing import Any

from hospital.units import stamp
from tests.ledger.cheating import Cheat, move
from tests.ledger.lawful import END, Book, facts_of

WITHOUT_A_FACE: dict[str, Any] = {"face": None}
LONG_AGO = END - timedelta(days=30)
NARCOTIC: dict[str, Any] = {"form": "narcotic", "dispenser": "pharmacy"}


def reviewed(book: Book, form: str) -> None:
    """By one, or by two where the form asks for it."""
    book.go(*(("check", "confirm") if form == "narcotic" else ("approve",)))


def chosen(way: str = "collect", **says: Any) -> Cheat:
    """Issued for a narcotic that ``pharmacy`` gives out, approved, and this chosen."""

    def write(book: Book) -> None:
        book.move("issue", says=NARCOTIC)
        reviewed(book, "narcotic")
        book.move("authorize", way=way, says=says)

    return write


def changed(first: dict[str, Any], then: dict[str, Any], **says: Any) -> Cheat:
    """Changed from one form to another, reviewed, and this chosen."""

    def write(book: Book) -> None:
        book.move("issue", says=first)
        book.move("change", says=then)
        reviewed(book, then.get("form", ""))
        book.move("authorize", says=says)

    return write


ELSEWHERE: dict[str, Any] = {
    "pharmacy": "pharmacy2",
    "grant": {**facts_of("authorize")["grant"], "to": ["fund", "insurer", "pharmacy2"]},
}
LAWFUL: dict[str, Cheat] = {
    "a narcotic at its hospital": chosen(),
    "an ordinary medicine sent by nobody's face": changed({}, {}, **WITHOUT_A_FACE),
    "what is a narcotic no more, elsewhere": changed(NARCOTIC, {}, **ELSEWHERE),
    "what became a narcotic, at its hospital": changed({}, NARCOTIC),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    "a narcotic sent by nobody's face": ("no_face", chosen(**WITHOUT_A_FACE)),
    "what became psychotropic sent by nobody's face": (
        "no_face",
        changed({}, {"form": "psychotropic_2"}, **WITHOUT_A_FACE),
    ),
    "sent by a face of long ago": ("wrong_face", chosen(face=stamp(LONG_AGO))),
    "sent by a face that will be seen": ("wrong_face", chosen(face=stamp(END))),
    "a narcotic that any pharmacy may give out": (
        "wrong_dispenser",
        move("issue", says={**NARCOTIC, "dispenser": None}),
    ),
    "an ordinary prescription bound to one pharmacy": (
        "wrong_dispenser",
        move("issue", says={"dispenser": "pharmacy"}),
    ),
    "changed to a narcotic that any pharmacy may give out": (
        "wrong_dispenser",
        move("change", "issue", says={"form": "narcotic"}),
    ),
    "a narcotic at a retail pharmacy": ("wrong_dispenser", chosen(**ELSEWHERE)),
    "a narcotic by courier": ("wrong_dispenser", chosen(way="courier")),
    "what became a narcotic, elsewhere": (
        "wrong_dispenser",
        changed({}, NARCOTIC, **ELSEWHERE),
    ),
}
