"""
What is lawful when medicines come back, and money with them: data of the law.

What a prescription remembers, each as a map: ``given``, line → units with the patient;
``given_lots``, the same by lots, where they are named; ``shares``, payer → fen of what is kept;
``at_payment``, the same of those who pay with the patient; ``approved``, payer → fen that it
stands by; ``reversals``, payer → fen that it has still to accept back; ``clawback``, payer → fen
that the pharmacy owes it back.

That the bill is reckoned at its own prices is no term of the law, which does not multiply; that
nobody pays more than before, and all sums, are.
"""

from __future__ import annotations

from hospital.law import Data, condition, is_
from insurance import lawbills
from insurance.lawtaking import BY_THE_PAYER
from pharmacy.returns import Reason
from prescriptions.law import Clause, equal

_LEFT: Data = {"minus": ["kept.given", "facts.lines"]}
_STANDS: Data = {"minus": ["kept.approved", "facts.back"]}
_SOME_LEFT = [
    condition(
        "wrong_quantity", "it names a line at least", "less", is_(0), {"count": "facts.lines"}
    ),
    condition(
        "wrong_quantity", "something is left with the patient", "less", is_(0), {"sum": [_LEFT]}
    ),
    condition(
        "wrong_payer",
        "who has still to decide had not decided before",
        "each_at_most",
        "facts.waiting",
        "kept.waiting",
    ),
    condition(
        "wrong_payer",
        "what it stands by and decides on is its share of what is kept",
        "each_at_most",
        {"plus": [_STANDS, "facts.waiting"]},
        "facts.bill.payers",
    ),
]
_NOTHING_LEFT = [
    equal("wrong_quantity", "nothing is left with the patient", is_(0), {"sum": [_LEFT]}),
    equal("wrong_amount", "who keeps nothing pays nothing", "facts.bill.total_fen", is_(0)),
    equal("wrong_payer", "nobody decides any more", {"count": "facts.waiting"}, is_(0)),
    condition(
        "wrong_payer",
        "nobody stands by more than its share of what is kept",
        "each_at_most",
        _STANDS,
        "facts.bill.payers",
    ),
]
_BACK: Data = {"of": ["kept.reversals", "facts.payer"]}


def clauses() -> dict[str, Clause]:
    """Move's name → clause."""
    return {
        "return_part": _return(*_SOME_LEFT),
        "return": _return(*_NOTHING_LEFT),
        "reverse": _reverse(
            {"left_fen": "fen"},
            equal(
                "wrong_amount",
                "what is owed was not paid yet, and is owed less",
                {"sum": ["facts.left_fen", "facts.reversed_fen"]},
                {"of": ["kept.owed", "facts.payer"]},
            ),
            keep={"owed": {"with": ["kept.owed", "facts.payer", "facts.left_fen"]}},
        ),
        "claw_back": _reverse(
            {},
            condition(
                "wrong_move", "it was paid: nothing is owed any more", "any",
                ["lacks", "kept.owed", "facts.payer"],
                ["equal", {"of": ["kept.owed", "facts.payer"]}, is_(0)],
            ),
            keep={
                "clawback": {
                    "plus": [
                        "kept.clawback",
                        {"with": [is_({}), "facts.payer", "facts.reversed_fen"]},
                    ]
                }
            },
        ),
    }  # fmt: skip


def _return(*rest: Data) -> Clause:
    return Clause(
        {
            "pharmacy": "text",
            "lines": {"*": "count"},
            "lots?": {"*": "count"},
            "reason": "text",
            "bill": {
                "total_fen": "fen",
                "patient_fen": "fen",
                "payers": {"*": "fen"},
                "at_payment?": {"*": "fen"},
            },
            "refund_fen": "fen",
            "waiting": {"*": "count"},
            "back": {"*": "count"},
        },
        [*_goods(), *rest, *_money()],
        keep={
            "approved": _STANDS,
            "at_payment": lawbills.billed_at_payment(),
            "given": _LEFT,
            "given_lots": {"minus": ["kept.given_lots", "facts.lots"]},
            "patient_fen": "facts.bill.patient_fen",
            "reversals": {"plus": ["kept.reversals", "facts.back"]},
            "shares": "facts.bill.payers",
            "waiting": "facts.waiting",
        },
    )


def _goods() -> list[Data]:
    return [
        equal(
            "wrong_pharmacy",
            "the pharmacy that gave it out signs",
            "signer.organisation",
            "kept.pharmacy",
        ),
        equal("wrong_pharmacy", "it names that pharmacy", "facts.pharmacy", "kept.pharmacy"),
        condition(
            "wrong_reason",
            "it has one of these reasons",
            "one_of",
            ["facts.reason"],
            [[reason] for reason in Reason.values],
        ),
        condition(
            "wrong_quantity",
            "of every line at most what the patient has of it",
            "each_at_most",
            "facts.lines",
            "kept.given",
        ),
        condition(
            "wrong_lots",
            "of every lot at most what the patient has of it, where lots were named",
            "any",
            ["all", ["lacks", "facts", is_("lots")], ["lacks", "kept", is_("given_lots")]],
            ["each_at_most", "facts.lots", "kept.given_lots"],
        ),
        condition(
            "wrong_lots",
            "its lots hold together what its lines do",
            "any",
            ["lacks", "facts", is_("lots")],
            ["equal", {"sum": ["facts.lots"]}, {"sum": ["facts.lines"]}],
        ),
    ]


def _money() -> list[Data]:
    return [
        equal(
            "wrong_amount",
            "payers and patient pay the total of what is kept",
            "facts.bill.total_fen",
            {"sum": ["facts.bill.patient_fen", "facts.bill.payers", lawbills.billed_at_payment()]},
        ),
        condition(
            "wrong_amount",
            "no payer pays more than before",
            "each_at_most",
            "facts.bill.payers",
            "kept.shares",
        ),
        lawbills.no_more_at_payment(),
        equal(
            "wrong_amount",
            "the patient gets back what was paid too much",
            {"sum": ["facts.refund_fen", "facts.bill.patient_fen"]},
            "kept.patient_fen",
        ),
        condition(
            "wrong_payer",
            "back goes at most what was approved",
            "each_at_most",
            "facts.back",
            "kept.approved",
        ),
    ]


def _reverse(facts: Data, turn: Data, *, keep: Data) -> Clause:
    return Clause(
        {"payer": "text", "reversed_fen": "count", **facts},
        [
            BY_THE_PAYER,
            equal(
                "wrong_amount", "it accepts all that comes back to it", "facts.reversed_fen", _BACK
            ),
            turn,
        ],
        keep={**keep, "reversals": {"without": ["kept.reversals", "facts.payer"]}},
    )
