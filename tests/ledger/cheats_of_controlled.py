"""How an operator could cheat at where narcotics are given out."""

from typing import Any

from tests.ledger.cheating import Cheat, move
from tests.ledger.lawful import Book, facts_of

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
    "what is a narcotic no more, elsewhere": changed(NARCOTIC, {}, **ELSEWHERE),
    "what became a narcotic, at its hospital": changed({}, NARCOTIC),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
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
