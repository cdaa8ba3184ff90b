"""
What is lawful for the appraisal of a prescription: data of the law.

The subject bears the prescription's name, so there is one judgement for each; the prescription
itself remembers hospital, patient, content and who had a hand in it (``prescriptions.law``). That
it was drawn is no term of the law: ``seed`` says from which draw, and anybody can draw again.
"""

from __future__ import annotations

from hospital.law import Data, condition, is_, move
from hospital.roles import Role
from prescriptions.appraisal.codes import UNREASONABLE, Verdict, up_to

KIND = "prescription.appraise"
FAMILY = "appraisal"
UNJUDGED, JUDGED = "unjudged", "judged"


def families() -> dict[str, Data]:
    """The family of judgements."""
    appraise = move(
        KIND,
        sources=[UNJUDGED],
        target=JUDGED,
        signers=[[Role.REVIEWER.value]],
        facts={"class": "text", "problems": "words", "seed": "hex64"},
        conditions=[
            condition(
                "wrong_class",
                "the class is that of the gravest of its problems; it has none if reasonable",
                "any",
                [
                    "all",
                    ["equal", "facts.class", is_(Verdict.REASONABLE.value)],
                    ["equal", "facts.problems", is_([])],
                ],
                *map(_is_of, UNREASONABLE),
            ),
            condition(
                "wrong_class", "it names each problem once, in order", "ordered", "facts.problems"
            ),
        ],
    )
    return {
        FAMILY: {
            "names": "hex32",
            "named_by": "kind",
            "start": UNJUDGED,
            "constant": ["patient"],
            "moves": {"appraise": {**appraise, "rests": _OF_THE_PRESCRIPTION}},
        }
    }


def _is_of(verdict: Verdict) -> Data | list[object]:
    """The class, its problems and lighter ones, and not lighter ones alone."""
    own, lighter = up_to(verdict), _lighter(verdict)
    return [
        "all",
        ["equal", "facts.class", is_(verdict.value)],
        ["equal", {"sorted": ["facts.problems", is_(own)]}, is_(own)],
        ["differ", {"sorted": ["facts.problems", is_(lighter)]}, is_(lighter)],
    ]


def _lighter(verdict: Verdict) -> list[str]:
    before = UNREASONABLE[: UNREASONABLE.index(verdict)]
    return up_to(before[-1]) if before else []


_OF_THE_PRESCRIPTION: Data = {
    "on": {"subject": [is_("rx"), "entry.name"]},
    "families": ["rx"],
    "conditions": [
        condition(
            "wrong_hospital",
            "the hospital that issued the prescription signs",
            "equal",
            "signer.organisation",
            "other.hospital",
        ),
        condition(
            "wrong_patient",
            "it is about the prescription's patient",
            "equal",
            "entry.patient",
            "other.patient",
        ),
        condition(
            "commitment_changed",
            "it is about the content in force",
            "equal",
            "entry.commitment",
            "other.commitment",
        ),
        condition(
            "four_eyes",
            "who signs is not the person who prescribed it",
            "differ",
            "signer.person",
            "other.prescriber",
        ),
        condition(
            "four_eyes",
            "nor one who reviewed it",
            "differ",
            {"sorted": ["other.reviewers", "signer.person"]},
            {"sorted": ["other.reviewers"]},
        ),
    ],
}
