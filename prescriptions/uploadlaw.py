"""What is lawful for prescriptions that a hospital's own system uploads: data of the law."""

from __future__ import annotations

from hospital.law import Data, condition, is_
from hospital.units import SHANGHAI_S
from prescriptions import lawseconds, rules
from prescriptions.actions.uploading import FORMS
from prescriptions.law import (
    BEFORE,
    CHOSEN,
    CONTENT,
    FACTS_OF_CONTENT,
    KEPT_OF_CONTENT,
    Clause,
    equal,
)


def _but(those: Data, name: str) -> Data:
    """Without the own pharmacy, which gives out narcotics alone (``lawcontrolled``)."""
    return {one: value for one, value in those.items() if one != name}


_FACTS: Data = {
    **_but(FACTS_OF_CONTENT, "dispenser?"),
    "doctor": "text",
    "hospital": "text",
    "prescriber": "text",
    "valid_until": "moment",
}
_BY_ITS_HOSPITAL = equal(
    "wrong_hospital",
    "it is signed in the hospital that it names",
    "signer.organisation",
    "facts.hospital",
)
_CONDITIONS = [
    _BY_ITS_HOSPITAL,
    condition("wrong_patient", "it is for a patient", "differ", "entry.patient", is_("")),
    *(one for one in CONTENT if one["rule"] in ("no_commitment", "wrong_quantity")),
    condition(
        "needs_doctor",
        "it is on a form of no controlled medicine, which takes the doctor's own key",
        "one_of",
        ["facts.form"],
        [[form.value] for form in FORMS],
    ),
    lawseconds.SIGNED_ALONE,
]
_KEEP: Data = {
    **_but(KEPT_OF_CONTENT, "dispenser"),
    "doctor": "facts.doctor",
    "hospital": "facts.hospital",
    "latest": {"day_end": ["entry.at", is_(rules.VALID_DAYS_MAX), is_(SHANGHAI_S)]},
    "patient": "entry.patient",
    "prescriber": "facts.prescriber",
    "uploaded_by": "signer.organisation",
    "valid_until": "facts.valid_until",
}


def clauses() -> dict[str, Clause]:
    """
    Move's name → clause, for the moves of a hospital's system.

    Who prescribed and who reviewed there, the system says: it is the hospital that answers for it.
    What follows is held against it: the doctor cancels, and does not dispense.
    """
    return {
        "upload": Clause(_FACTS, _CONDITIONS, keep=_KEEP),
        "upload_reviewed": Clause(
            {**_FACTS, "reviewer": "text", "reviewed_by": "text"},
            [
                *_CONDITIONS,
                condition(
                    "four_eyes",
                    "who reviewed it is not the person who prescribed it",
                    "differ",
                    "facts.reviewed_by",
                    "facts.prescriber",
                ),
            ],
            keep={**_KEEP, "reviewers": {"sorted": ["facts.reviewed_by"]}},
        ),
        "void": Clause({"hospital": "text", "reason": "text"}, [_BY_ITS_HOSPITAL]),
        "undo": Clause(
            {"reason": "text"},
            [
                equal(
                    "wrong_hospital",
                    "the hospital whose system uploaded it signs",
                    "signer.organisation",
                    "kept.uploaded_by",
                )
            ],
            forget=CHOSEN + BEFORE,
        ),
    }
