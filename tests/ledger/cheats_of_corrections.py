"""Corrections when nobody cheats, and for each condition one that does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hospital.corrections import lifecycle
from hospital.corrections.models import START
from hospital.units import stamp
from tests.ledger import consulting
from tests.ledger.cheating import Cheat
from tests.ledger.lawful import COLLECTED, OTHER_TAG, RX, TAG, Book

CORRECTION = "correction/" + "8" * 32
TABLE = {one.name: one for one in lifecycle.MOVES}
BY = {
    **dict.fromkeys(("ask", "take_back", "appeal"), "patient"),
    **dict.fromkeys(("accept", "refuse"), "doctor2"),
    **dict.fromkeys(("uphold", "turn"), "regulator"),
}
REQUEST, ANSWER, APPEAL = b"r" * 32, b"w" * 32, b"p" * 32
COMMITS = {
    "ask": REQUEST,
    "accept": ANSWER,
    "refuse": ANSWER,
    "appeal": APPEAL,
    "uphold": APPEAL,
    "turn": REQUEST,
}
RECORD = "5d" * 32
FACTS: dict[str, dict[str, Any]] = {
    "ask": {
        "hospital": "hospital",
        "of": {"family": "rx", "name": RX.partition("/")[2]},
        "record": RECORD,
    },
    "accept": {"record": RECORD},
    "refuse": {"reason": "correct"},
}
TERMS = {"ask": lifecycle.ANSWERING, "refuse": lifecycle.APPEALING}
REFUSED = ("ask", "refuse")
APPEALED = (*REFUSED, "appeal")
BEFORE = {
    "ask": (),
    **dict.fromkeys(("take_back", "accept", "refuse"), ("ask",)),
    "appeal": REFUSED,
    **dict.fromkeys(("uphold", "turn"), APPEALED),
}
MOMENT = timedelta(microseconds=1)


def enter(
    book: Book,
    name: str,
    *,
    by: str = "",
    says: dict[str, Any] | None = None,
    later: timedelta = timedelta(0),
    **fields: Any,
) -> Book:
    """One move. ``later``: so much more than the term is stated. ``says``: facts that differ."""
    one, at = TABLE[name], fields.get("at", book.now + timedelta(seconds=1))
    state = book.states.get(CORRECTION, START)
    facts = {"move": name, "from": state, "to": one.target.value, **FACTS.get(name, {})}
    if name in TERMS:
        facts["until"] = stamp(at + TERMS[name] + later)
    facts |= says or {}
    book.states[CORRECTION] = one.target.value
    usual = {"patient": TAG, "commitment": COMMITS.get(name, b"")}
    signer = book.keys[by or BY[name]]
    book.add(CORRECTION, one.kind, facts, signer, **{**usual, **fields})
    return book


def went(*moves: str) -> Cheat:
    """A prescription that was fetched, and then these moves."""

    def write(book: Book) -> None:
        book.go(*COLLECTED)
        for name in moves:
            enter(book, name)

    return write


def moved(name: str, **changes: Any) -> Cheat:
    """This move on its shortest way, with these changes."""

    def write(book: Book) -> None:
        went(*BEFORE[name])(book)
        enter(book, name, **changes)

    return write


def of_a_consultation(*after: str, **changes: Any) -> Cheat:
    of = {"of": {"family": "consultation", "name": consulting.TALK.partition("/")[2]}}

    def write(book: Book) -> None:
        consulting.talked("accept")(book)
        for name in after:
            consulting.enter(book, name)
        enter(book, "ask", **{**changes, "says": {**of, **changes.get("says", {})}})

    return write


def appealed_too_late(book: Book) -> None:
    went(*REFUSED)(book)
    enter(book, "appeal", at=book.now + lifecycle.APPEALING + timedelta(seconds=120))


def of_no_record(book: Book) -> None:
    enter(book, "ask")


LAWFUL: dict[str, Cheat] = {
    "accepted": went("ask", "accept"),
    "taken back": went("ask", "take_back"),
    "an appeal taken back": went(*APPEALED, "take_back"),
    "upheld": went(*APPEALED, "uphold"),
    "turned": went(*APPEALED, "turn"),
    "of a consultation that was closed": of_a_consultation("close"),
    "of a consultation that the patient left": of_a_consultation("leave"),
}
STRANGERS = {
    **dict.fromkeys(("ask", "take_back", "appeal"), ("wrong_patient", "patient2")),
    **dict.fromkeys(("accept", "refuse"), ("wrong_hospital", "foreign_doctor")),
    **dict.fromkeys(("uphold", "turn"), ("four_eyes", "judge_of_own_word")),
}
WRONG_ROLES = {
    **dict.fromkeys(("ask", "take_back", "appeal", "uphold", "turn"), "doctor"),
    **dict.fromkeys(("accept", "refuse"), "patient"),
}
ELSEWHERE = {"family": "grant", "name": "1" * 32}
CHEATS: dict[str, tuple[str, Cheat]] = {
    **{
        f"{name} of a correction by a stranger": (rule, moved(name, by=who))
        for name, (rule, who) in STRANGERS.items()
    },
    **{
        f"{name} of a correction in another role": ("wrong_role", moved(name, by=who))
        for name, who in WRONG_ROLES.items()
    },
    **{
        f"{name} of a correction without words": ("no_commitment", moved(name, commitment=b""))
        for name in ("ask", "accept", "refuse", "appeal")
    },
    **{
        f"{name} of a correction in a term of another length": ("wrong_end", moved(name, later=by))
        for name, by in (("ask", MOMENT), ("refuse", MOMENT))
    },
    **{
        f"{name} of a correction in a shorter term": ("wrong_end", moved(name, later=-MOMENT))
        for name in TERMS
    },
    **{
        f"{name} of a correction that attaches other words": (
            "wrong_commitment",
            moved(name, commitment=ANSWER),
        )
        for name in ("uphold", "turn")
    },
    "an upheld refusal with the request beside the record": (
        "wrong_commitment",
        moved("uphold", commitment=REQUEST),
    ),
    "a correction of a grant": ("wrong_record", moved("ask", says={"of": ELSEWHERE})),
    "a correction of no record": ("wrong_patient", of_no_record),
    "a correction of another patient's record": (
        "wrong_patient",
        moved("ask", by="patient2", patient=OTHER_TAG),
    ),
    "a correction asked of another hospital": (
        "wrong_hospital",
        moved("ask", says={"hospital": "hospital2"}),
    ),
    "a correction of another patient's consultation": (
        "wrong_patient",
        of_a_consultation("close", by="patient2", patient=OTHER_TAG),
    ),
    "an amendment of another record": (
        "wrong_record",
        moved("accept", says={"record": "6e" * 32}),
    ),
    "a correction refused for no reason": ("wrong_reason", moved("refuse", says={"reason": "x"})),
    "an appeal that is too late": ("out_of_time", appealed_too_late),
    "a correction moved to another patient": (
        "patient_changed",
        moved("accept", patient=OTHER_TAG),
    ),
    "a correction answered twice": ("wrong_state", went("ask", "accept", "refuse")),
    "a correction decided twice": ("wrong_state", went(*APPEALED, "uphold", "turn")),
    "a correction decided without an appeal": ("wrong_state", went(*REFUSED, "turn")),
    "a correction that says what is wrong": ("facts", moved("ask", says={"field": "allergies"})),
}
