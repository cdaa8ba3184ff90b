"""
What is lawful for a correction: data of the law.

It rests on the record's subject, which remembers patient and hospital. The disputed record is named
by its commitment, and what is attached to it by that of the entry that attaches it: an amendment's
own, a turned refusal's that of the request, an upheld one's that of the appeal.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hospital.corrections import lifecycle
from hospital.corrections.lifecycle import Move
from hospital.corrections.models import FAMILY, START, Reason
from hospital.law import Data, condition, is_, move

ENDS = ["answerer", "appeal", "hospital", "record", "request", "until"]
"""What is forgotten when it is over."""
DISPUTED = ["consultation", "rx"]
"""Families of subjects whose records can be disputed."""

_BY_ITS_PATIENT = condition(
    "wrong_patient", "the patient whose record it is signs", "equal", "signer.patient",
    "entry.patient",
)  # fmt: skip
_IN_ITS_HOSPITAL = condition(
    "wrong_hospital", "the hospital whose record it is signs", "equal", "signer.organisation",
    "kept.hospital",
)  # fmt: skip
_COMMITS = condition(
    "no_commitment", "it commits to its words", "differ", "entry.commitment", is_("")
)
_FOUR_EYES = condition(
    "four_eyes", "who decides is not the person who refused", "differ", "signer.person",
    "kept.answerer",
)  # fmt: skip


def families() -> dict[str, Data]:
    """The family of corrections, its moves as the table has them."""
    return {
        FAMILY: {
            "names": "hex32",
            "named_by": "move",
            "start": START,
            "constant": ["patient"],
            "moves": {one.name: _move(one) for one in lifecycle.MOVES},
        }
    }


def _move(one: Move) -> Data:
    facts, conditions, keep = _CLAUSES[one.name]
    stated = move(
        one.kind,
        sources=[str(source) for source in one.sources],
        target=one.target.value,
        signers=[[one.by.value]],
        facts=facts,
        conditions=conditions,
        keep=keep,
        forget=ENDS if one.target in lifecycle.OVER else None,
    )
    return {**stated, "rests": _OF_THE_RECORD} if one is lifecycle.ASK else stated


def _term(length: timedelta) -> list[Data]:
    """The stated end is so long after the entry, to the microsecond."""
    end = {"later": ["entry.at", is_(int(length.total_seconds()))]}
    words = f"{length.days} days are given"
    return [
        condition("wrong_end", f"{words} and no more", "not_before", end, "facts.until"),
        condition("wrong_end", f"{words} and no less", "not_before", "facts.until", end),
    ]


def _attaches(what: str) -> Data:
    words = f"it commits to the {what}, which is shown beside the record from now on"
    return condition("wrong_commitment", words, "equal", "entry.commitment", f"kept.{what}")


_OF_THE_RECORD: Data = {
    "on": {"subject": ["facts.of.family", "facts.of.name"]},
    "families": DISPUTED,
    "conditions": [
        condition(
            "wrong_patient",
            "the record is this patient's",
            "equal",
            "entry.patient",
            "other.patient",
        ),
        condition(
            "wrong_hospital",
            "it is asked of the record's hospital",
            "equal",
            "facts.hospital",
            "other.hospital",
        ),
    ],
}
_CLAUSES: dict[str, tuple[Data, list[Data], dict[str, Any]]] = {
    "ask": (
        {
            "hospital": "text",
            "of": {"family": "text", "name": "hex32"},
            "record": "hex64",
            "until": "moment",
        },
        [
            _BY_ITS_PATIENT,
            _COMMITS,
            condition(
                "wrong_record",
                "it is about a prescription or a consultation",
                "one_of",
                ["facts.of.family"],
                [[family] for family in DISPUTED],
            ),
            *_term(lifecycle.ANSWERING),
        ],
        {"hospital": "facts.hospital", "record": "facts.record", "request": "entry.commitment"},
    ),
    "take_back": ({}, [_BY_ITS_PATIENT], {}),
    "accept": (
        {"record": "hex64"},
        [
            _IN_ITS_HOSPITAL,
            _COMMITS,
            condition(
                "wrong_record",
                "it amends the record that was disputed",
                "equal",
                "facts.record",
                "kept.record",
            ),
        ],
        {},
    ),
    "refuse": (
        {"reason": "text", "until": "moment"},
        [
            _IN_ITS_HOSPITAL,
            _COMMITS,
            condition(
                "wrong_reason",
                "it is refused for one of these reasons",
                "one_of",
                ["facts.reason"],
                [[reason.value] for reason in Reason],
            ),
            *_term(lifecycle.APPEALING),
        ],
        {"answerer": "signer.person", "until": "facts.until"},
    ),
    "appeal": (
        {},
        [
            _BY_ITS_PATIENT,
            _COMMITS,
            condition(
                "out_of_time", "only before the stated end", "before", "entry.at", "kept.until"
            ),
        ],
        {"appeal": "entry.commitment"},
    ),
    "uphold": ({}, [_FOUR_EYES, _attaches("appeal")], {}),
    "turn": ({}, [_FOUR_EYES, _attaches("request")], {}),
}
