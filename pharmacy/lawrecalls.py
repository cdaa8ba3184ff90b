"""
What is lawful for recalls: data of the law. They stand in the first line of logs, medicine and lot
in clear.

That nothing recalled was given out is no term of the law: what was given out stands in the lines of
the patients, and names its lots by commitments, if at all.
"""

from __future__ import annotations

from typing import Final

from hospital.law import NO_PATIENT, Data, condition, is_, move
from hospital.roles import Role
from pharmacy.recalls import Grade, LiftReason, Reason

FAMILY: Final = "recall"
RECALL: Final = "pharmacy.recall"
LIFT: Final = "pharmacy.lift"
UNKNOWN, IN_FORCE, LIFTED = "unknown", "in_force", "lifted"


def families() -> dict[str, Data]:
    """The family of recalls."""
    signers = [[Role.REGULATOR.value]]
    recall = move(
        RECALL,
        sources=[UNKNOWN],
        target=IN_FORCE,
        signers=signers,
        facts={
            "medicine": "text",
            "lot?": "text",
            "grade": "count",
            "reason": "text",
            "notify_by": "moment",
        },
        conditions=[
            NO_PATIENT,
            _one_of("wrong_reason", "it has one of these reasons", "facts.reason", Reason.values),
            condition(
                "wrong_deadline",
                "everybody is told within the days of its grade",
                "any",
                *map(_in_time, Grade),
            ),
        ],
        keep={"authority": "signer.organisation"},
    )
    lift = move(
        LIFT,
        sources=[IN_FORCE],
        target=LIFTED,
        signers=signers,
        facts={"reason": "text"},
        conditions=[
            NO_PATIENT,
            _one_of("wrong_reason", "it ends for one of these", "facts.reason", LiftReason.values),
            condition(
                "wrong_owner",
                "the authority that recalled it signs",
                "equal",
                "signer.organisation",
                "kept.authority",
            ),
        ],
    )
    return {
        FAMILY: {
            "names": "hex32",
            "named_by": "kind",
            "start": UNKNOWN,
            "constant": [],
            "moves": {"recall": recall, "lift": lift},
        }
    }


def _one_of(rule: str, words: str, term: str, values: list[str]) -> Data:
    return condition(rule, words, "one_of", [term], [[value] for value in values])


def _in_time(grade: Grade) -> list[object]:
    within_s = int(grade.within.total_seconds())
    return [
        "all",
        ["equal", "facts.grade", is_(grade.value)],
        ["not_before", {"later": ["entry.at", is_(within_s)]}, "facts.notify_by"],
    ]
