"""What is lawful about the choice of a pharmacy, its bill, and who pays: data of the law."""

from __future__ import annotations

from hospital.law import Data, condition, is_
from insurance import lawbills
from insurance.lawtaking import BY_THE_PAYER
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
        "decide": _decision(
            condition(
                "wrong_move",
                "another payer has still to decide",
                "less",
                is_(1),
                {"count": "kept.waiting"},
            )
        ),
        "claim": _decision(
            equal("wrong_move", "every other payer decided", {"count": "kept.waiting"}, is_(1))
        ),
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


def _decision(turn: Data) -> Clause:
    return Clause(
        {
            "payer": "text",
            "claimed_fen": "count",
            "approved_fen": "fen",
            "decision": "text",
            "reason": "text",
        },
        [
            BY_THE_PAYER,
            condition(
                "wrong_payer",
                "it has a share and has not decided on it",
                "has",
                "kept.waiting",
                "facts.payer",
            ),
            equal(
                "wrong_amount",
                "it is claimed what is its share",
                "facts.claimed_fen",
                {"of": ["kept.waiting", "facts.payer"]},
            ),
            _decided(),
            turn,
        ],
        keep={
            "approved": {"with": ["kept.approved", "facts.payer", "facts.approved_fen"]},
            "owed": {"with": ["kept.owed", "facts.payer", "facts.approved_fen"]},
            "waiting": {"without": ["kept.waiting", "facts.payer"]},
        },
    )


def _decided() -> Data:
    approved, claimed, reason = "facts.approved_fen", "facts.claimed_fen", "facts.reason"
    return condition(
        "wrong_decision",
        "approve pays all, refuse nothing, part something between and with a reason",
        "any",
        [
            "all",
            ["equal", "facts.decision", is_("approve")],
            ["equal", approved, claimed],
            ["equal", reason, is_("none")],
        ],
        [
            "all",
            ["equal", "facts.decision", is_("part")],
            ["less", is_(0), approved],
            ["less", approved, claimed],
            ["differ", reason, is_("none")],
        ],
        [
            "all",
            ["equal", "facts.decision", is_("refuse")],
            ["equal", approved, is_(0)],
            ["differ", reason, is_("none")],
        ],
    )
