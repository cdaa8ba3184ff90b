"""The entries of a consultation when nobody cheats, and for each condition one that does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from config import law as published
from hospital.consultations import lifecycle
from hospital.consultations.lifecycle import CLOSE, LAPSE, MOVES, RUN_OUT
from hospital.units import stamp
from tests.ledger.cheating import Cheat, move
from tests.ledger.lawful import COMMITMENT, NOON, OTHER_TAG, RX, TAG, Book

TALK = "consultation/" + "4" * 32
ENDS = {"accept_until": NOON + lifecycle.ASKING, "close_until": NOON + lifecycle.TALKING}
BY = {"patient": "patient", "doctor": "doctor", "clock": "clock"}
WORDS = {"messages": 2, "transcript": "5a" * 32}
TABLE = {one.name: one for one in MOVES}
BEFORE = {"draft": (), "asked": ("ask",), "open": ("ask", "accept")}
FACTS: dict[str, dict[str, Any]] = {
    "ask": {"hospital": "hospital", **{name: stamp(at) for name, at in ENDS.items()}},
    "accept": {"follow_up": True, "guardian": False},
    "decline": {"reason": "first_visit"},
    "lapse": {"until": stamp(ENDS["accept_until"])},
    "close": WORDS,
    "refer": {"reason": "condition_changed", **WORDS},
    "leave": WORDS,
    "run_out": {"until": stamp(ENDS["close_until"]), **WORDS},
}


def enter(
    book: Book, name: str, *, by: str = "", says: dict[str, Any] | None = None, **fields: Any
) -> int:
    """One move of the consultation. ``says`` are facts that differ (None: they are missing)."""
    one = TABLE[name]
    facts = {"move": name, "from": one.source.value, "to": one.target.value}
    facts = {**facts, **FACTS.get(name, {}), **(says or {})}
    facts = {key: value for key, value in facts.items() if value is not None}
    usual: dict[str, Any] = {"patient": TAG, "commitment": COMMITMENT}
    if not one.in_order:
        usual["at"] = ENDS[one.until]
    signer = book.keys[by or BY[one.by.value]]
    return book.add(TALK, one.kind, facts, signer, **{**usual, **fields})


def talked(name: str, **changes: Any) -> Cheat:
    """This move on its shortest way, with these changes."""

    def write(book: Book) -> None:
        for before in BEFORE[TABLE[name].source]:
            enter(book, before)
        enter(book, name, **changes)

    return write


def prescribed(*after: str, accepted: dict[str, Any] | None = None, **changes: Any) -> Cheat:
    """An online prescription of the accepted consultation, after these moves of it."""
    says = {"online": True, "consultation": TALK, **changes.pop("says", {})}

    def write(book: Book) -> None:
        talked("accept", says=accepted)(book)
        for name in after:
            enter(book, name)
        book.move("issue", says=says, **changes)

    return write


def asked_twice(book: Book) -> None:
    talked("ask")(book)
    enter(book, "ask")


LATE = timedelta(seconds=published.SKEW_S)
TOO_LATE = {
    f"{one.name} of a consultation after its end": (
        "out_of_time",
        talked(one.name, at=ENDS[one.until] + LATE),
    )
    for one in MOVES
    if one.in_order
}
STRANGERS = {
    "ask": ("wrong_patient", "patient2"),
    "retract": ("wrong_patient", "patient2"),
    "leave": ("wrong_patient", "patient2"),
    "accept": ("wrong_hospital", "foreign_doctor"),
    "decline": ("wrong_hospital", "foreign_doctor"),
    "close": ("wrong_doctor", "doctor2"),
    "refer": ("wrong_doctor", "doctor2"),
}
BY_STRANGERS = {
    f"{name} of a consultation by a stranger": (rule, talked(name, by=who))
    for name, (rule, who) in STRANGERS.items()
}
ANOTHER_END = stamp(NOON)
CHEATS: dict[str, tuple[str, Cheat]] = {
    **TOO_LATE,
    **BY_STRANGERS,
    **{
        f"{one.name} too early": ("out_of_time", talked(one.name, at=NOON))
        for one in (LAPSE, RUN_OUT)
    },
    **{
        f"{one.name} at another end": ("wrong_end", talked(one.name, says={"until": ANOTHER_END}))
        for one in (LAPSE, RUN_OUT)
    },
    "a question of nothing": ("no_commitment", talked("ask", commitment=b"")),
    "a question asked twice": ("wrong_state", asked_twice),
    "a consultation under another patient": (
        "patient_changed",
        talked("accept", patient=OTHER_TAG),
    ),
    "closed over another question": ("commitment_changed", talked("close", commitment=b"d" * 32)),
    "closed without its messages": ("facts", talked(CLOSE.name, says={"transcript": None})),
    "accepted without a word of evidence": ("facts", talked("accept", says={"follow_up": None})),
    "closed by the patient": ("wrong_role", talked("close", by="patient")),
    "prescribed online without consulting": (
        "wrong_consultation",
        move("issue", says={"online": True}),
    ),
    "prescribed online of no consultation that anybody knows": (
        "wrong_doctor",
        move("issue", says={"online": True, "consultation": "consultation/" + "6" * 32}),
    ),
    "prescribed online of another kind of subject": (
        "facts",
        prescribed(says={"consultation": RX}),
    ),
    "prescribed online by a doctor who was not asked": ("wrong_doctor", prescribed(by="doctor2")),
    "prescribed online for another patient": ("wrong_patient", prescribed(patient=OTHER_TAG)),
    "prescribed online at a first visit": (
        "first_visit",
        prescribed(accepted={"follow_up": False}),
    ),
    "prescribed online after it was closed": ("wrong_doctor", prescribed("close")),
    "prescribed online after the end": (
        "out_of_time",
        prescribed(
            at=ENDS["close_until"] + LATE,
            says={"valid_until": stamp(ENDS["close_until"] + timedelta(days=1))},
        ),
    ),
    "prescribed in person, of a consultation": (
        "wrong_consultation",
        move("issue", says={"consultation": TALK}),
    ),
}
