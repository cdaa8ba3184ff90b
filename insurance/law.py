"""What is lawful about the choice of a pharmacy, its bill, and who pays: data of the law."""

from __future__ import annotations

from hospital.law import NO_PATIENT, Data, condition, is_, move
from insurance import lawbills, lawclaims
from insurance.actions.claims import SETTLED_AT_ONCE
from prescriptions import lawcontrolled
from prescriptions.law import CHOSEN, Clause, by_its_patient, equal
from prescriptions.lawplan import OPENED

_BY_THE_PAYER = equal(
    "wrong_payer", "the payer that it names signs", "signer.organisation", "facts.payer"
)


def clauses() -> dict[str, Clause]:
    """Move's name → clause."""
    return {
        "authorize": _authorize(),
        **lawbills.clauses(),
        "withdraw": by_its_patient({}, forget=CHOSEN),
        "pay": Clause(
            {"patient_fen": "fen"},
            [
                equal(
                    "wrong_amount",
                    "the patient's share is paid",
                    "facts.patient_fen",
                    "kept.patient_fen",
                )
            ],
        ),
        **lawclaims.clauses(),
    }


def families() -> dict[str, Data]:
    """The families of subjects that this app makes entries about."""
    settle = move(
        "insurance.settle",
        sources=["unpaid"],
        target="paid",
        signers=[["agent"]],
        facts={"payer": "text", "pharmacy": "text", "claims": "words", "total_fen": "count"},
        conditions=[
            NO_PATIENT,
            _BY_THE_PAYER,
            condition(
                "wrong_claims", "it names each claim once, in order", "ordered", "facts.claims"
            ),
            condition(
                "wrong_claims",
                f"it names at most {SETTLED_AT_ONCE} claims",
                "at_most",
                {"count": "facts.claims"},
                is_(SETTLED_AT_ONCE),
            ),
        ],
    )
    settle["takes"] = {
        "subjects": "facts.claims",
        "owed": "owed",
        "key": "facts.payer",
        "total": "facts.total_fen",
        "conditions": [
            equal(
                "wrong_pharmacy",
                "each is owed to the pharmacy that is paid",
                "other.pharmacy",
                "facts.pharmacy",
            )
        ],
    }
    settlement = {
        "names": "hex32",
        "named_by": "kind",
        "start": "unpaid",
        "constant": [],
        "moves": {"settle": settle},
    }
    return {"settlement": settlement}


def _authorize() -> Clause:
    return by_its_patient(
        {
            "pharmacy": "text",
            "way": "text",
            "courier?": "text",
            "address?": "hex64",
            "face?": "moment",
            "lines": {"*": "count"},
            "bill": lawbills.BILL,
            "grant": {"to": "words", "purpose": "text", "until": "moment"},
        },
        *(OPENED, lawcontrolled.FETCHED_THERE, *lawcontrolled.SEEN),
        *(_way(), *_lines(), *lawbills.sums(), *lawbills.grant()),
        keep={
            "approved": is_({}),
            "chosen": "facts.lines",
            "offered": {"sorted": ["kept.offered", "facts.pharmacy"]},
            "courier": "facts.courier",
            "patient_fen": "facts.bill.patient_fen",
            "pharmacy": "facts.pharmacy",
            "shares": "facts.bill.payers",
            "waiting": "facts.bill.payers",
            "way": "facts.way",
        },
    )


def _way() -> Data:
    return condition(
        "wrong_way",
        "a courier and an address are named exactly when a courier brings it",
        "any",
        [
            "all",
            ["equal", "facts.way", is_("collect")],
            ["lacks", "facts", is_("courier")],
            ["lacks", "facts", is_("address")],
        ],
        [
            "all",
            ["equal", "facts.way", is_("courier")],
            ["has", "facts", is_("courier")],
            ["has", "facts", is_("address")],
        ],
    )


def _lines() -> list[Data]:
    return [
        condition(
            "wrong_quantity",
            "of every line at most what is left of it is authorized",
            "each_at_most",
            "facts.lines",
            "kept.left",
        ),
        condition(
            "wrong_quantity",
            "a line at least is authorized",
            "less",
            is_(0),
            {"count": "facts.lines"},
        ),
    ]
