"""What is lawful about the choice of a pharmacy, its bill, and who pays: data of the law."""

from __future__ import annotations

from hospital.law import Data, condition, is_
from insurance import lawbills, lawclaims
from prescriptions import lawcontrolled
from prescriptions.law import CHOSEN, Clause, by_its_patient, equal
from prescriptions.lawplan import OPENED


def clauses() -> dict[str, Clause]:
    """Move's name → clause."""
    return {
        "authorize": _authorize(),
        **lawbills.clauses(),
        "withdraw": by_its_patient({}, forget=CHOSEN),
        "pay": Clause(
            {"patient_fen": "fen", "at_payment?": {"*": "count"}},
            [
                equal(
                    "wrong_amount",
                    "the patient's share is paid",
                    "facts.patient_fen",
                    "kept.patient_fen",
                ),
                equal(
                    "wrong_amount",
                    "and with it the shares of those who pay at payment",
                    {"plus": ["facts.at_payment", is_({})]},
                    lawbills.kept_at_payment(),
                ),
            ],
        ),
        **lawclaims.clauses(),
    }


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
        *(_way(), *_lines(), *lawbills.sums(), lawbills.paid_once(), *lawbills.grant()),
        keep={
            "approved": is_({}),
            "at_payment": lawbills.billed_at_payment(),
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
