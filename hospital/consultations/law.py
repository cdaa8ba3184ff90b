"""What is lawful for a consultation: data of the law."""

from __future__ import annotations

from typing import Any

from hospital import guardianlaw
from hospital.consultations import lifecycle
from hospital.consultations.lifecycle import Move
from hospital.consultations.models import State
from hospital.law import Data, condition, is_, move
from hospital.roles import Role

ENDS = ["accept_until", "close_until", "doctor", "follow_up"]
"""
What is forgotten when it ends, so that no prescription rests on it any more. Hospital and patient
stay for corrections of what was written.
"""
TRANSCRIPT: Data = {"messages": "fen", "transcript": "hex64"}

_BY_ITS_PATIENT = guardianlaw.by_the_patient(
    "the patient whose consultation it is signs, or the guardian"
)
_IN_ITS_HOSPITAL = condition(
    "wrong_hospital", "the hospital that was asked signs", "equal", "signer.organisation",
    "kept.hospital",
)  # fmt: skip
_BY_ITS_DOCTOR = condition(
    "wrong_doctor", "who accepted it signs", "equal", "signer.owner", "kept.doctor"
)


def families() -> dict[str, Data]:
    """The family of consultations, its moves as the table has them."""
    return {
        "consultation": {
            "names": "hex32",
            "named_by": "move",
            "start": State.DRAFT.value,
            "constant": ["patient", "commitment"],
            "moves": {one.name: _move(one) for one in lifecycle.MOVES},
        }
    }


def _move(one: Move) -> Data:
    facts, conditions = _CLAUSES[one.name]
    ends = one not in (lifecycle.ASK, lifecycle.ACCEPT)
    by_patient = one.by is Role.PATIENT
    stated = move(
        one.kind,
        sources=[one.source.value],
        target=one.target.value,
        signers=[[one.by.value]],
        facts={**facts, **(guardianlaw.NAMED if by_patient else {})},
        conditions=[*conditions, *_in_time(one)],
        keep=_KEEP.get(one.name),
        forget=ENDS if ends else None,
    )
    return {**stated, "rests": guardianlaw.signed_for()} if by_patient else stated


def _in_time(one: Move) -> list[Data]:
    """People before the end that was stated when it was asked, the clock from it on."""
    end = f"kept.{one.until}"
    if not one.in_order:
        stated = ["equal", "facts.until", end]
        return [
            condition("wrong_end", "it states the end as it was asked", *stated),
            condition("out_of_time", "only from that end on", "not_before", "entry.at", end),
        ]
    end = end if one is not lifecycle.ASK else f"facts.{one.until}"
    return [condition("out_of_time", f"only before {one.until}", "before", "entry.at", end)]


_CLAUSES: dict[str, tuple[Data, list[Data]]] = {
    "ask": (
        {"accept_until": "moment", "close_until": "moment", "hospital": "text"},
        [
            _BY_ITS_PATIENT,
            condition(
                "no_commitment", "it commits to its content", "differ", "entry.commitment", is_("")
            ),
        ],
    ),
    "accept": ({"follow_up": "flag", "guardian": "flag"}, [_IN_ITS_HOSPITAL]),
    "decline": ({"reason": "text"}, [_IN_ITS_HOSPITAL]),
    "retract": ({}, [_BY_ITS_PATIENT]),
    "lapse": ({"until": "moment"}, []),
    "close": (TRANSCRIPT, [_BY_ITS_DOCTOR]),
    "refer": ({"reason": "text", **TRANSCRIPT}, [_BY_ITS_DOCTOR]),
    "leave": (TRANSCRIPT, [_BY_ITS_PATIENT]),
    "run_out": ({"until": "moment", **TRANSCRIPT}, []),
}
_KEEP: dict[str, dict[str, Any]] = {
    "ask": {
        "accept_until": "facts.accept_until",
        "close_until": "facts.close_until",
        "hospital": "facts.hospital",
        "patient": "entry.patient",
    },
    "accept": {"doctor": "signer.owner", "follow_up": "facts.follow_up"},
}
