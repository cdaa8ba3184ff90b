"""Cheats with claims that wait for a person, with reopening, and with appeals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hospital.units import stamp
from insurance.pending import ANSWERING
from tests.ledger.cheating import TO_DECIDE, Cheat
from tests.ledger.cheats_of_returns import HALF_KEPT, returned
from tests.ledger.lawful import COLLECTED, RX, Book, facts_of

PART: dict[str, Any] = {
    "decision": "part",
    "approved_fen": 1000,
    "reason": "above_ceiling",
}
REST: dict[str, Any] = {**facts_of("decide"), "claimed_fen": 400, "approved_fen": 400}
REFUSED: dict[str, Any] = {"decision": "refuse", "approved_fen": 0, "reason": "other"}


def after(*steps: tuple[str, dict[str, Any]]) -> Cheat:
    """What was delivered, and then these moves with these changes."""

    def write(book: Book) -> None:
        book.go(*TO_DECIDE)
        for name, changes in steps:
            book.move(name, **changes)

    return write


def says(**changes: Any) -> dict[str, Any]:
    return {"says": changes}


DECIDED_IN_PART = ("decide", says(**PART))
APPEALED = ("appeal", says(fen=400))


def until(seconds: int) -> Cheat:
    def write(book: Book) -> None:
        book.go(*TO_DECIDE)
        end = book.now + timedelta(seconds=1 + seconds) + ANSWERING
        book.move("ask_field", says={"until": stamp(end)})

    return write


def settled_in_part(book: Book) -> Book:
    book.go(*TO_DECIDE).move("decide", says=PART)
    book.settle(RX, total_fen=1000)
    return book


def reopened_after_payment(book: Book) -> None:
    settled_in_part(book).move("reopen")


def returned_during_an_appeal(book: Book) -> None:
    """The fund stands by 700 of 700 that are kept, and would decide on 700 more."""
    book.go(*TO_DECIDE).move("decide", says={**PART, "approved_fen": 700})
    book.move("appeal", says={"fen": 700})
    returned(
        book, True, decided=("fund",), back={}, waiting={"fund": 700, "insurer": 100},
        bill=HALF_KEPT,
    )  # fmt: skip


def decided_before_a_return(book: Book) -> None:
    """The fund has decided, in part, and would decide on the rest of what is kept."""
    book.go(*TO_DECIDE).move("decide", says={**PART, "approved_fen": 600})
    returned(
        book, True, decided=("fund",), back={}, waiting={"fund": 100, "insurer": 100},
        bill=HALF_KEPT,
    )  # fmt: skip


def refused(book: Book) -> Book:
    """The fund has refused all of its share."""
    book.go(*TO_DECIDE).move("decide", says=REFUSED)
    return book


def _in_anothers_name(name: str, *before: str) -> Cheat:
    return after(*((one, {}) for one in before), (name, {"by": "foreign_officer"}))


CHEATS: dict[str, tuple[str, Cheat]] = {
    "decided by the program though it waits for a person": (
        "four_eyes",
        after(("pend", {}), ("decide", {})),
    ),
    "the last decision by a program though it waits for a person": (
        "four_eyes",
        lambda book: (
            book.go(*COLLECTED[:7]).move("pend", by="insurer", says={"payer": "insurer"}),
            book.move("claim"),
        ),
    ),
    "decided by the officer who referred it": (
        "four_eyes",
        after(("pend", {"by": "officer"}), ("decide", {"by": "officer"})),
    ),
    "decided by the officer who reopened it": (
        "four_eyes",
        after(("decide", {}), ("reopen", {}), ("decide", {"by": "officer"})),
    ),
    "an appeal decided by the officer against whom it is": (
        "four_eyes",
        after(
            ("pend", {}),
            ("decide", {"by": "officer", "says": PART}),
            APPEALED,
            ("decide", {"by": "officer", "says": REST}),
        ),
    ),
    "an appeal decided by the program": (
        "four_eyes",
        after(DECIDED_IN_PART, APPEALED, ("decide", says(**REST))),
    ),
    "a field asked for, and decided by the program": (
        "four_eyes",
        after(("ask_field", {}), ("decide", {})),
    ),
    "put aside in another's name": ("wrong_payer", _in_anothers_name("pend")),
    "put aside after it was decided": (
        "wrong_payer",
        after(("decide", {}), ("pend", {})),
    ),
    "put aside for no reason": ("wrong_reason", after(("pend", says(reason="later")))),
    "a field asked for in another's name": ("wrong_payer", _in_anothers_name("ask_field")),
    "a field asked for after it was decided": (
        "wrong_payer",
        after(("decide", {}), ("ask_field", {})),
    ),
    "a field asked for that no payer reads": (
        "wrong_request",
        after(("ask_field", says(field="allergies"))),
    ),
    "a field asked for, for another purpose": (
        "wrong_request",
        after(("ask_field", says(purpose="underwriting"))),
    ),
    "two fields asked for": ("already_asked", after(("ask_field", {}), ("ask_field", {}))),
    "a second less to answer": ("wrong_end", until(-1)),
    "a second more to answer": ("wrong_end", until(1)),
    "a field withheld that nobody asked for": (
        "wrong_request",
        after(("ask_field", {}), ("withhold", says(field="line/"))),
    ),
    "a field withheld twice": (
        "wrong_request",
        after(("ask_field", {}), ("withhold", {}), ("withhold", {})),
    ),
    "a field withheld by another patient": (
        "wrong_patient",
        after(("ask_field", {}), ("withhold", {"by": "patient2"})),
    ),
    "reopened in another's name": ("wrong_payer", _in_anothers_name("reopen", "decide")),
    "reopened during an appeal": (
        "wrong_payer",
        after(DECIDED_IN_PART, APPEALED, ("reopen", {})),
    ),
    "reopened for no reason": (
        "wrong_reason",
        after(("decide", {}), ("reopen", says(reason="regret"))),
    ),
    "reopened after it was paid": ("wrong_move", reopened_after_payment),
    "reopened before it was decided": ("wrong_payer", after(("reopen", {}))),
    "reopened for more": ("wrong_amount", after(("decide", {}), ("reopen", says(fen=1401)))),
    "an appeal by another patient": (
        "wrong_patient",
        after(DECIDED_IN_PART, ("appeal", {"by": "patient2", "says": {"fen": 400}})),
    ),
    "an appeal for no reason": (
        "wrong_reason",
        after(DECIDED_IN_PART, ("appeal", says(fen=400, reason="none"))),
    ),
    "an appeal for more than was refused": (
        "wrong_amount",
        after(DECIDED_IN_PART, ("appeal", says(fen=401))),
    ),
    "an appeal during another": ("wrong_payer", after(DECIDED_IN_PART, APPEALED, APPEALED)),
    "a second appeal": (
        "already_appealed",
        after(
            DECIDED_IN_PART,
            APPEALED,
            ("decide", {"by": "officer", "says": {**REST, **REFUSED}}),
            APPEALED,
        ),
    ),
    "decided on after a return by who had decided in part": (
        "wrong_payer",
        decided_before_a_return,
    ),
    "more decided on after a return than is kept": ("wrong_payer", returned_during_an_appeal),
    "owed back though a part was not paid": (
        "wrong_move",
        lambda book: (
            settled_in_part(book).move("appeal", says={"fen": 400}),
            book.move("decide", by="officer", says=REST),
            returned(book, decided=("fund",)),
            book.move("claw_back"),
        ),
    ),
}
