"""
What is lawful when a payer pays or is paid back: families that take what others owe, once.

    settlement   takes what claims are owed (``owed``), and owes its transfer (``unremitted``)
    remittance   takes what settlements owe, by the reference of a transfer
    clawback     takes what a pharmacy owes back (``clawback``)

Each names what it takes, in order and so many at most, adds it up, and is about no patient.
"""

from __future__ import annotations

from hospital.law import NO_PATIENT, Data, condition, is_, move
from insurance.actions.settling import SETTLED_AT_ONCE
from prescriptions.law import equal

BY_THE_PAYER = equal(
    "wrong_payer", "the payer that it names signs", "signer.organisation", "facts.payer"
)
_OWES_ITS_TRANSFER: Data = {
    "pharmacy": "facts.pharmacy",
    "unremitted": {"with": [is_({}), "facts.payer", "facts.total_fen"]},
}


def families() -> dict[str, Data]:
    """The families of subjects by which payers pay."""
    return {
        "settlement": _taking(
            "settle", "insurance.settle", owed="owed", says={"file": "hex64"},
            keep=_OWES_ITS_TRANSFER,
        ),
        "remittance": _taking(
            "remit", "insurance.remit", "settlements", owed="unremitted",
            says={"reference": "text"},
        ),
        "clawback": _taking("claw_back", "insurance.clawback", owed="clawback"),
    }  # fmt: skip


def _taking(
    name: str,
    kind: str,
    taken: str = "claims",
    *,
    owed: str,
    says: Data | None = None,
    keep: Data | None = None,
) -> Data:
    """A family with one move, which takes what the subjects in the fact ``taken`` owe."""
    subjects = f"facts.{taken}"
    made = move(
        kind,
        sources=["unpaid"],
        target="paid",
        signers=[["agent"]],
        facts={
            "payer": "text",
            "pharmacy": "text",
            taken: "words",
            "total_fen": "count",
            **(says or {}),
        },
        conditions=[NO_PATIENT, BY_THE_PAYER, *_named(taken)],
        keep=keep,
    )
    made["takes"] = {
        "subjects": subjects,
        "owed": owed,
        "key": "facts.payer",
        "total": "facts.total_fen",
        "conditions": [
            equal(
                "wrong_pharmacy",
                "the pharmacy is the one of each",
                "other.pharmacy",
                "facts.pharmacy",
            )
        ],
    }
    return {
        "names": "hex32",
        "named_by": "kind",
        "start": "unpaid",
        "constant": [],
        "moves": {name: made},
    }


def _named(taken: str) -> list[Data]:
    most = f"it names at most {SETTLED_AT_ONCE} {taken}"
    subjects = f"facts.{taken}"
    return [
        condition("wrong_claims", f"it names {taken} once each, in order", "ordered", subjects),
        condition("wrong_claims", most, "at_most", {"count": subjects}, is_(SETTLED_AT_ONCE)),
    ]
