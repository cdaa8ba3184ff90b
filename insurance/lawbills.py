"""What is lawful about a bill, about one of a part, and about another medicine: data of the law."""

from __future__ import annotations

from dataclasses import replace

from hospital.law import Data, condition, is_
from pharmacy import law as of_pharmacy
from prescriptions import lawcontrolled
from prescriptions.law import DOUBLE_CHECKED, Clause, by_its_patient, equal

_FEN = ("total_fen", "fund_fen", "insurer_fen", "patient_fen")
BILL: Data = {
    "total_fen": "fen",
    "patient_fen": "fen",
    "payers": {"*": "count"},
    "at_payment?": {"*": "count"},
    "lines": {"*": dict.fromkeys(_FEN, "fen")},
}


def billed_at_payment() -> Data:
    """Payer → fen that it pays together with the patient; a bill need not say that nobody does."""
    return {"plus": ["facts.bill.at_payment", is_({})]}


def kept_at_payment() -> Data:
    """The same of the bill that was authorized, which may be older than this law."""
    return {"plus": ["kept.at_payment", is_({})]}


_PAY: Data = {
    "patient_fen": "facts.bill.patient_fen",
    "shares": "facts.bill.payers",
    "waiting": "facts.bill.payers",
    "at_payment": billed_at_payment(),
}
"""
What is remembered of a bill: who pays what of it, who has still to decide on it, and who pays a
share together with the patient.
"""
_THIS_PROPOSAL = equal(
    "wrong_proposal", "it answers what was proposed", "facts.proposal", "kept.proposed"
)


def clauses() -> dict[str, Clause]:
    """Move's name → clause."""
    return {
        "agree": _agree(),
        "disagree": by_its_patient({"proposal": "hex64"}, _THIS_PROPOSAL, forget=["proposed"]),
        "dispense_part": _part(),
    }


def _agree() -> Clause:
    """The authorization anew, at the same pharmacy and for the same units, with another bill."""
    return by_its_patient(
        {
            "proposal": "hex64",
            "pharmacy": "text",
            "courier?": "text",
            "face?": "moment",
            "lines": {"*": "count"},
            "bill": BILL,
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
        *(*lawcontrolled.SEEN, *sums(), paid_once(), *grant()),
        keep=_PAY,
        forget=["proposed", "asked", *DOUBLE_CHECKED],
    )


def _part() -> Clause:
    """The bill of a part: nobody pays more than before, and who pays something is owed it."""
    clause = of_pharmacy.part(BILL, [*sums(), *_reduced()])
    return replace(clause, keep={**clause.keep, **_PAY})


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
        no_more_at_payment(),
    ]


def no_more_at_payment() -> Data:
    return condition(
        "wrong_amount",
        "nobody who has paid with the patient pays more than that",
        "each_at_most",
        billed_at_payment(),
        kept_at_payment(),
    )


def paid_once() -> Data:
    """A payer pays its share together with the patient, or is claimed from: never both."""
    payers = "facts.bill.payers"
    return equal(
        "wrong_payer",
        "no payer pays with the patient and by a claim",
        {"count": {"plus": [payers, billed_at_payment()]}},
        {"sum": [{"count": payers}, {"count": billed_at_payment()}]},
    )


def sums() -> list[Data]:
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
            {"sum": [f"{bill}.patient_fen", f"{bill}.payers", billed_at_payment()]},
        ),
    ]


def grant() -> list[Data]:
    """It opens the prescription to who delivers and who pays, as long as it is valid."""
    who_pays = ({"keys": "facts.bill.payers"}, {"keys": billed_at_payment()})
    readers = {"sorted": ["facts.pharmacy", "facts.courier", *who_pays]}
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
