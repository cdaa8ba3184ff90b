"""
What is lawful for offers, for opt-ins, and for looks that rest on them: data of the law.

An offer stands in the first line of logs and an opt-in in its patient's, so no law can hold the one
against the other. The opt-in therefore repeats the terms, signed by the patient, and names the leaf
of the approval; looks rest on the opt-in (``consentlaw.resting``).
"""

from __future__ import annotations

from itertools import product

from hospital.consents import Move
from hospital.law import NO_PATIENT, Data, condition, is_, move
from hospital.roles import Role
from hospital.sharing import (
    APPROVE,
    CLOSE,
    FIELDS,
    LEAST_GROUP,
    LEAST_REWARD_FEN,
    LONGEST,
    MOST_EPSILON_MILLI,
    OPT_IN,
    PUBLISH,
    REFUSE,
    WITHDRAW,
    Aim,
    Mode,
)

FAMILY = OPT_IN.family
READERS = [[mode.value, Role.RESEARCHER.value] for mode in Mode]
"""Which role looks for which purpose."""
_REMEMBERED = ("fields", "patient", "purpose", "reader", "to", "until")


def families() -> dict[str, Data]:
    """The families of offers and of opt-ins."""
    offers = {
        "publish": _publish(),
        "approve": _decide(APPROVE),
        "refuse": _decide(REFUSE),
        "close": _close(),
    }
    return {
        PUBLISH.family: _family(PUBLISH, offers),
        FAMILY: _family(OPT_IN, {"give": _give(), "withdraw": _withdraw()}),
    }


def _publish() -> Data:
    return _of(
        PUBLISH,
        {
            "aim": "text",
            "budget_fen": "fen",
            "epsilon_milli": "fen",
            "ethics": "text",
            "fields": "words",
            "group_size": "count",
            "mode": "text",
            "reward_fen": "fen",
            "since": "moment",
            "until": "moment",
        },
        [
            NO_PATIENT,
            condition(
                "wrong_purpose",
                "it has one of these aims and modes",
                "one_of",
                ["facts.aim", "facts.mode"],
                [[aim.value, mode.value] for aim, mode in product(Aim, Mode)],
            ),
            condition(
                "wrong_end", "it ends after it begins", "not_before", "facts.until", "facts.since"
            ),
            *_TERMS,
            condition(
                "wrong_reward",
                "the budget is enough for one use",
                "at_most",
                "facts.reward_fen",
                "facts.budget_fen",
            ),
            condition(
                "wrong_group", "groups are not too small", "at_most", is_(LEAST_GROUP),
                "facts.group_size",
            ),
            condition(
                "wrong_epsilon",
                "the privacy budget is not too large",
                "at_most",
                "facts.epsilon_milli",
                is_(MOST_EPSILON_MILLI),
            ),
        ],
        keep={"publisher": "signer.person", "to": "signer.organisation"},
    )  # fmt: skip


def _decide(one: Move) -> Data:
    return _of(
        one,
        {},
        [
            condition(
                "four_eyes",
                "who decides is not the person who offers",
                "differ",
                "signer.person",
                "kept.publisher",
            )
        ],
    )


def _close() -> Data:
    own = condition(
        "wrong_owner", "the organisation that offers closes", "equal", "signer.organisation",
        "kept.to",
    )  # fmt: skip
    return _of(CLOSE, {}, [own])


def _give() -> Data:
    return _of(
        OPT_IN,
        {
            "approval": "hex64",
            "fields": "words",
            "mode": "text",
            "offer": "offer/hex32",
            "reward_fen": "fen",
            "to": "text",
            "until": "moment",
        },
        [
            _BY_ITS_PATIENT,
            condition(
                "wrong_purpose", "it has one of these modes", "one_of", ["facts.mode"],
                [[mode.value] for mode in Mode],
            ),
            condition(
                "wrong_end", "it ends after it begins", "not_before", "facts.until", "entry.at"
            ),
            *_TERMS,
        ],
        keep={
            "fields": "facts.fields",
            "patient": "entry.patient",
            "purpose": "facts.mode",
            "reader": is_(""),
            "to": "facts.to",
            "until": "facts.until",
        },
    )  # fmt: skip


def _withdraw() -> Data:
    return _of(WITHDRAW, {}, [_BY_ITS_PATIENT], forget=sorted(_REMEMBERED))


def _of(one: Move, facts: Data, conditions: list[Data], **remembers: object) -> Data:
    return move(
        one.kind,
        sources=[one.source],
        target=one.target,
        signers=[[one.by.value]],
        facts=facts,
        conditions=conditions,
        **remembers,  # type: ignore[arg-type]
    )


def _family(first: Move, moves: dict[str, Data]) -> Data:
    return {
        "names": "hex32",
        "named_by": "kind",
        "start": first.source,
        "constant": ["patient"],
        "moves": moves,
    }


_BY_ITS_PATIENT = condition(
    "wrong_patient", "the patient whose data it shares signs", "equal", "signer.patient",
    "entry.patient",
)  # fmt: skip
_TERMS = [
    condition(
        "wrong_end",
        "it ends in time",
        "not_before",
        {"later": ["entry.at", is_(int(LONGEST.total_seconds()))]},
        "facts.until",
    ),
    condition(
        "wrong_fields",
        "it shares fields that can be shared",
        "equal",
        {"sorted": ["facts.fields", is_(list(FIELDS))]},
        {"sorted": [is_(list(FIELDS))]},
    ),
    condition("wrong_fields", "it names each field once, in order", "ordered", "facts.fields"),
    condition("wrong_fields", "it shares something", "less", is_(0), {"count": "facts.fields"}),
    condition(
        "wrong_reward", "a use has a reward", "at_most", is_(LEAST_REWARD_FEN), "facts.reward_fen"
    ),
]
