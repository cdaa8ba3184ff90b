"""Ways to write one entry that is not lawful after others that are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.ledger.lawful import (
    BILL,
    COLLECTED,
    FEN,
    LOG,
    OTHER_TAG,
    RX,
    Book,
    facts_of,
)

RX2 = "rx/" + "2" * 32
TO_AUTHORIZE, TO_DISPENSE, TO_DECIDE = COLLECTED[:2], COLLECTED[:4], COLLECTED[:6]
TO_COUNTER = ("issue_narcotic", "check", "confirm", *COLLECTED[2:4])
"""A narcotic that was paid."""
AUTHORIZED_PART = {
    "lines": {"2": 3},
    "bill": {
        "total_fen": 1000,
        "patient_fen": 200,
        "payers": {"fund": 700, "insurer": 100},
        "lines": {"2": FEN},
    },
}
"""What an authorization says of one line of two."""
Cheat = Callable[[Book], object]
"""Writes lawful entries, and last the one that is not."""


def move(name: str, *before: str, **changes: Any) -> Cheat:
    """After the moves ``before``, this one, with these changes."""
    way = changes.get("way", "collect")
    return lambda book: book.go(*before, way=way).move(name, **changes)


def authorizing(**says: Any) -> Cheat:
    return move("authorize", *TO_AUTHORIZE, says=says)


def deciding(**says: Any) -> Cheat:
    return move("decide", *TO_DECIDE, says=says)


def settling(*claims: str, **says: Any) -> Cheat:
    return lambda book: book.go(*COLLECTED).settle(*(claims or [RX]), **says)


def registering(**says: Any) -> Cheat:
    return lambda book: book.register("newcomer", ("doctor", "hospital", "p9"), **says)


def bill(**changes: Any) -> dict[str, Any]:
    return {"bill": {**BILL, **changes}}


def grant(**changes: Any) -> dict[str, Any]:
    return {"grant": {**facts_of("authorize")["grant"], **changes}}


def one_line(book: Book) -> None:
    lines = {"1": FEN, "2": {**FEN, "fund_fen": 600}}
    book.go(*TO_AUTHORIZE).move("authorize", says=bill(lines=lines))


def two_settlements(book: Book) -> None:
    book.go(*COLLECTED).settle(RX)
    book.settle(RX, batch="d")


def settled_by_a_stranger(book: Book) -> None:
    book.go(*COLLECTED).settle(RX, by="stranger", payer="insurer2")


def unordered(book: Book) -> None:
    book.go(*COLLECTED).go(*COLLECTED, of=RX2)
    book.settle(RX2, RX, total_fen=2800)


def named_twice(book: Book) -> None:
    book.go(*COLLECTED).settle(RX, RX, total_fen=2800)


def too_many(book: Book) -> None:
    book.go(*COLLECTED).settle(*(f"rx/{number:032x}" for number in range(1_001)))


def view_again(book: Book) -> None:
    book.view()
    book.view()


def late_look(book: Book) -> None:
    book.now += timedelta(hours=1)
    book.view("a")
    book.view("b", at=book.now - timedelta(seconds=960))


def registered_by_the_registrar(book: Book) -> None:
    """The registrar, and not the key's holder, is who acts."""
    registrar = book.keys["registrar"].verifier.name
    book.register("newcomer", ("doctor", "hospital", "p9"), by=registrar)


def checkpoints(*sizes: int, **fields: Any) -> Cheat:
    """Checkpoints of another log, one after the other."""

    def write(book: Book) -> None:
        for size in sizes:
            facts = {"root": "cg==", "size": size}
            book.add("checkpoint/other", "log.checkpoint", facts, LOG, **fields)

    return write


def law_by_service(book: Book) -> None:
    book.add("log", "log.law", {"law": "0" * 64}, book.keys["access"])


def refusal_about_a_patient(book: Book) -> None:
    facts = {"reader": "r", "role": "doctor", "organisation": "o", "of": RX, "code": "c"}
    access = book.keys["access"]
    book.add(f"view/{'f' * 32}", "record.refuse", facts, access, patient=OTHER_TAG)
