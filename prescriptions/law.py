"""What is lawful for a prescription until a pharmacy is chosen: data of the law."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hospital.law import Data, condition, is_
from prescriptions import lifecycle
from prescriptions.lifecycle import Move

CHOSEN = ["courier", "patient_fen", "pharmacy", "waiting", "way"]
"""What an authorization chooses; taking it back forgets it."""
BEFORE = ["doctor", "hospital", "left", "prescriber", "valid_until"]
"""What counts until the medicines are received."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What one move's entry says, what must hold for it, and what is remembered of it."""

    facts: Data
    conditions: list[Data]
    keep: Data = field(default_factory=dict)
    forget: list[str] = field(default_factory=list)


def equal(rule: str, words: str, left: Any, right: Any) -> Data:
    """The condition that two terms are equal."""
    return condition(rule, words, "equal", left, right)


BY_ITS_PATIENT = equal(
    "wrong_patient", "the patient whose prescription it is signs", "signer.patient", "entry.patient"
)
_IN_ITS_HOSPITAL = equal(
    "wrong_hospital", "the hospital that issued it signs", "signer.organisation", "kept.hospital"
)


def in_general(move: Move) -> list[Data]:
    """What the table of moves says about time and about four eyes."""
    found = []
    if move is lifecycle.EXPIRE:
        until = ["not_before", "entry.at", "kept.valid_until"]
        found.append(condition("out_of_time", "only from valid_until on", *until))
    elif move.in_time:
        end = "facts.valid_until" if move is lifecycle.ISSUE else "kept.valid_until"
        found.append(condition("out_of_time", "only before valid_until", "before", "entry.at", end))
    if move.four_eyes:
        words = "who signs is not the person who prescribed it"
        found.append(condition("four_eyes", words, "differ", "signer.person", "kept.prescriber"))
    return found


def clauses() -> dict[str, Clause]:
    """Move's name → clause, for the moves of hospital, clock and the patient who gives up."""
    return {
        "issue": _issue(),
        "approve": _review("approve"),
        "send_back": _review("return"),
        "cancel": Clause(
            {"reason": "text"},
            [equal("wrong_doctor", "who issued it signs", "signer.owner", "kept.doctor")],
            forget=CHOSEN + BEFORE,
        ),
        "give_up": Clause({"reason": "text"}, [BY_ITS_PATIENT], forget=CHOSEN + BEFORE),
        "expire": Clause(
            {"valid_until": "moment"},
            [
                equal(
                    "wrong_end",
                    "it states the end as it was issued",
                    "facts.valid_until",
                    "kept.valid_until",
                )
            ],
            forget=CHOSEN + BEFORE,
        ),
    }


def _issue() -> Clause:
    return Clause(
        {
            "hospital": "text",
            "lines": {"*": "count"},
            "online": "flag",
            "rules": "text",
            "valid_until": "moment",
            "warnings": "words",
        },
        [
            equal(
                "wrong_hospital",
                "the doctor's own hospital issues it",
                "signer.organisation",
                "facts.hospital",
            ),
            condition("wrong_patient", "it is for a patient", "differ", "entry.patient", is_("")),
            condition(
                "no_commitment", "it commits to its content", "differ", "entry.commitment", is_("")
            ),
            condition(
                "wrong_quantity", "it has a line at least", "less", is_(0), {"count": "facts.lines"}
            ),
        ],
        keep={
            "doctor": "signer.owner",
            "hospital": "facts.hospital",
            "left": "facts.lines",
            "prescriber": "signer.person",
            "valid_until": "facts.valid_until",
        },
    )


def _review(decision: str) -> Clause:
    return Clause(
        {"decision": "text", "reason": "text"},
        [
            equal("wrong_decision", "the move is what is decided", "facts.decision", is_(decision)),
            _IN_ITS_HOSPITAL,
        ],
    )
