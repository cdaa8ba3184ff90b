"""What is lawful about the choice of a pharmacy, its bill, and who pays: data of the law."""

from __future__ import annotations

from dataclasses import replace

from hospital.law import NO_PATIENT, Data, condition, is_, move
from insurance.actions.claims import SETTLED_AT_ONCE
from pharmacy import law as of_pharmacy
from prescriptions import lawcontrolled
from prescriptions.law import CHOSEN, DOUBLE_CHECKED, Clause, by_its_patient, equal
from prescriptions.lawplan import OPENED

_FEN = ("total_fen", "fund_fen", "insurer_fen", "patient_fen")
_BILL: Data = {
    "total_fen": "fen",
    "patient_fen": "fen",
    "payers": {"*": "count"},
    "lines": {"*": dict.fromkeys(_FEN, "fen")},
}
_THIS_PROPOSAL = equal(
    "wrong_proposal", "it answers what was proposed", "facts.proposal", "kept.proposed"
)
_BY_THE_PAYER = equal(
    "wrong_payer", "the payer that it names signs", "signer.organisation", "facts.payer"
)


def clauses() -> dict[str, Clause]:
    """Move's name → clause."""
    return {
        "authorize": _authorize(),
        "agree": _agree(),
        "disagree": by_its_patient({"proposal": "hex64"}, _THIS_PROPOSAL, forget=["proposed"]),
        "dispense_part": _part(),
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
            "bill": _BILL,
            "grant": {"to": "words", "purpose": "text", "until": "moment"},
        },
        *(OPENED, lawcontrolled.FETCHED_THERE, *lawcontrolled.SEEN),
        *(_way(), *_lines(), *_sums(), *_grant()),
        keep={
            "chosen": "facts.lines",
            "courier": "facts.courier",
            "patient_fen": "facts.bill.patient_fen",
            "pharmacy": "facts.pharmacy",
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


def _agree() -> Clause:
    """The authorization anew, at the same pharmacy and for the same units, with another bill."""
    return by_its_patient(
        {
            "proposal": "hex64",
            "pharmacy": "text",
            "courier?": "text",
            "face?": "moment",
            "lines": {"*": "count"},
            "bill": _BILL,
            "grant": {"to": "words", "purpose": "text", "until": "moment"},
        },
        _THIS_PROPOSAL,
        equal("wrong_pharmacy", "it stays at its pharmacy", "facts.pharmacy", "kept.pharmacy"),
        condition(
            "wrong_courier",
            "the same courier brings it, or none",
            "any",
            ["all", ["lacks", "facts", is_("courier")], ["lacks", "kept", is_("courier")]],
            ["equal", "facts.courier", "kept.courier"],
        ),
        equal("wrong_quantity", "it is for the same units", "facts.lines", "kept.chosen"),
        *(*lawcontrolled.SEEN, *_sums(), *_grant()),
        keep={"patient_fen": "facts.bill.patient_fen", "waiting": "facts.bill.payers"},
        forget=["proposed", "asked", *DOUBLE_CHECKED],
    )


def _part() -> Clause:
    """The bill of a part: nobody pays more than before, and who pays something is owed it."""
    clause = of_pharmacy.part(_BILL, [*_sums(), *_reduced()])
    keep = {"patient_fen": "facts.bill.patient_fen", "waiting": "facts.bill.payers"}
    return replace(clause, keep={**clause.keep, **keep})


def _reduced() -> list[Data]:
    return [
        condition(
            "wrong_amount",
            "no payer pays more than the patient has authorized",
            "each_at_most",
            "facts.bill.payers",
            "kept.waiting",
        ),
        condition(
            "wrong_amount",
            "the patient pays no more than before",
            "at_most",
            "facts.bill.patient_fen",
            "kept.patient_fen",
        ),
    ]


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


def _sums() -> list[Data]:
    """Payers and patient together pay the total, in all and line by line, for these lines."""
    bill, lines = "facts.bill", "facts.bill.lines"
    shares = ["each.fund_fen", "each.insurer_fen", "each.patient_fen"]
    columns = [
        equal(
            "wrong_amount",
            f"{name} is the sum of the lines'",
            f"{bill}.{name}",
            {"sum": [{"column": [lines, is_(name)]}]},
        )
        for name in ("total_fen", "patient_fen")
    ]
    return [
        equal("wrong_lines", "it bills the lines named", {"keys": lines}, {"keys": "facts.lines"}),
        condition(
            "wrong_amount",
            "on each line payers and patient pay the total",
            "each",
            lines,
            ["equal", "each.total_fen", {"sum": shares}],
        ),
        *columns,
        equal(
            "wrong_amount",
            "payers and patient pay the total",
            f"{bill}.total_fen",
            {"sum": [f"{bill}.patient_fen", f"{bill}.payers"]},
        ),
    ]


def _grant() -> list[Data]:
    readers = {"sorted": ["facts.pharmacy", "facts.courier", {"keys": "facts.bill.payers"}]}
    purpose = is_("dispense_deliver_settle")
    return [
        equal(
            "wrong_grant",
            "it grants access to who delivers and who pays",
            "facts.grant.to",
            readers,
        ),
        equal("wrong_grant", "it grants access for this purpose", "facts.grant.purpose", purpose),
        equal(
            "wrong_grant",
            "it grants access as long as the prescription is valid",
            "facts.grant.until",
            "kept.valid_until",
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
            _BY_THE_PAYER,
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
