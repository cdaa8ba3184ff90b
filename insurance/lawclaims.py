"""
What is lawful about a payer's decision, and about what leads to another one: data of the law.

What a prescription remembers, each by payer: ``waiting``, fen to decide on; ``approved`` and
``owed``, fen; ``decider``, the person who decided last; ``barred``, the persons who may not decide
(while a payer is in it an officer has to); ``wanted``, the field that the patient is asked for; and
``appealed``, the payers against whose decision the patient has appealed.

An appeal is about what was not approved, and lets stand what was: so it may come after the payment,
and what is approved then is owed besides. Reopening undoes a decision, so it may not.
"""

from __future__ import annotations

from hospital.consents import TERMS, Purpose
from hospital.law import Data, condition, is_
from insurance.pending import ANSWERING, AppealReason, PendReason, ReopenReason
from prescriptions.law import Clause, by_its_patient, equal

_PAYER = "facts.payer"
_BY_THE_PAYER = equal("wrong_payer", "the payer that it names signs", "signer.organisation", _PAYER)
_WAITS = condition(
    "wrong_payer", "it has a share and has not decided on it", "has", "kept.waiting", _PAYER
)
_DECIDED = condition("wrong_payer", "it has decided on its share", "lacks", "kept.waiting", _PAYER)
_BARRED: Data = {"of": ["kept.barred", _PAYER]}
_WANTED: Data = {"of": ["kept.wanted", _PAYER]}
_APPROVED: Data = {"of": ["kept.approved", _PAYER]}
_SHARE: Data = {"of": ["kept.shares", _PAYER]}


def clauses() -> dict[str, Clause]:
    """Move's name → clause."""
    return {
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
        "pend": Clause(
            {"payer": "text", "reason": "text"},
            [_BY_THE_PAYER, _WAITS, _for_one_of(PendReason.values)],
            keep={"barred": _bars(_BARRED, "signer.person")},
        ),
        "ask_field": _ask_field(),
        "withhold": by_its_patient(
            {"payer": "text", "field": "text"},
            equal("wrong_request", "it answers what was asked", "facts.field", _WANTED),
            keep={"wanted": {"without": ["kept.wanted", _PAYER]}},
        ),
        "reopen": _reopen(),
        "appeal": _appeal(),
    }


def _bars(*persons: Data | str) -> Data:
    return {"with": ["kept.barred", _PAYER, {"sorted": list(persons)}]}


def _for_one_of(reasons: list[str]) -> Data:
    return condition(
        "wrong_reason",
        "it has one of these reasons",
        "one_of",
        ["facts.reason"],
        [[reason] for reason in reasons],
    )


def _decision(turn: Data) -> Clause:
    approved: Data = {"with": [is_({}), _PAYER, "facts.approved_fen"]}
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
            _WAITS,
            equal(
                "wrong_amount",
                "it is claimed what is its share",
                "facts.claimed_fen",
                {"of": ["kept.waiting", _PAYER]},
            ),
            _fits(),
            _by_whom(),
            turn,
        ],
        keep={
            "approved": {"plus": ["kept.approved", approved]},
            "barred": {"without": ["kept.barred", _PAYER]},
            "decider": {"with": ["kept.decider", _PAYER, "signer.person"]},
            "owed": {"plus": ["kept.owed", approved]},
            "waiting": {"without": ["kept.waiting", _PAYER]},
            "wanted": {"without": ["kept.wanted", _PAYER]},
        },
    )


def _by_whom() -> Data:
    return condition(
        "four_eyes",
        "what waits for a person is decided by an officer who has had no hand in it",
        "any",
        ["lacks", "kept", is_("barred")],
        ["lacks", "kept.barred", _PAYER],
        [
            "all",
            ["equal", "signer.role", is_("officer")],
            ["lacks", _BARRED, "signer.person"],
        ],
    )


def _fits() -> Data:
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


def _ask_field() -> Clause:
    """It bars nobody who was not barred before, and from then on an officer decides."""
    end = {"later": ["entry.at", is_(int(ANSWERING.total_seconds()))]}
    days = f"{ANSWERING.days} days are given to answer"
    return Clause(
        {"payer": "text", "field": "text", "purpose": "text", "until": "moment"},
        [
            _BY_THE_PAYER,
            _WAITS,
            condition(
                "wrong_request",
                "it asks for what a payer may read, and for that purpose",
                "one_of",
                ["facts.field", "facts.purpose"],
                [[one, Purpose.CLAIM.value] for one in TERMS[Purpose.CLAIM].fields],
            ),
            condition(
                "already_asked",
                "nothing that it asked waits",
                "any",
                ["lacks", "kept", is_("wanted")],
                ["lacks", "kept.wanted", _PAYER],
            ),
            condition("wrong_end", f"{days} and no more", "not_before", end, "facts.until"),
            condition("wrong_end", f"{days} and no less", "not_before", "facts.until", end),
        ],
        keep={
            "barred": _bars(_BARRED),
            "wanted": {"with": ["kept.wanted", _PAYER, "facts.field"]},
        },
    )


def _reopen() -> Clause:
    return Clause(
        {"payer": "text", "fen": "count", "reason": "text"},
        [
            _BY_THE_PAYER,
            _DECIDED,
            _for_one_of(ReopenReason.values),
            equal(
                "wrong_move",
                "nothing of it was paid, and nothing is just coming back",
                {"of": ["kept.owed", _PAYER]},
                _APPROVED,
            ),
            equal("wrong_amount", "it decides on its share again", "facts.fen", _SHARE),
        ],
        keep={
            "approved": {"without": ["kept.approved", _PAYER]},
            "barred": _bars("signer.person"),
            "owed": {"without": ["kept.owed", _PAYER]},
            "waiting": {"with": ["kept.waiting", _PAYER, "facts.fen"]},
        },
    )


def _appeal() -> Clause:
    """Once against each payer; what was approved stands, and is paid or was."""
    return by_its_patient(
        {"payer": "text", "fen": "count", "reason": "text"},
        _DECIDED,
        _for_one_of(AppealReason.values),
        equal(
            "wrong_amount",
            "it is about what was not approved of the share",
            {"sum": ["facts.fen", _APPROVED]},
            _SHARE,
        ),
        condition(
            "already_appealed",
            "there was no appeal against this payer before",
            "any",
            ["lacks", "kept", is_("appealed")],
            ["lacks", "kept.appealed", _PAYER],
        ),
        keep={
            "appealed": {"sorted": ["kept.appealed", _PAYER]},
            "barred": _bars({"of": ["kept.decider", _PAYER]}),
            "waiting": {"with": ["kept.waiting", _PAYER, "facts.fen"]},
        },
    )
