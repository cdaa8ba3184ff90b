"""
What is lawful for what a pharmacy has not given out: data of the law.

The entry of a part owes its remainder (``OWED``) and its prescription makes no other move until the
remainder's first entry has taken it. That entry states the units, and they are those that the part
has left. So of one content all parts together, and what is left in the end, are what was
prescribed; both are in one log, so whoever replays that log alone sees it.
"""

from __future__ import annotations

from hospital.law import Data, condition, is_
from prescriptions.clauses import Clause, equal

_OWED = "rest"
OWED: Data = {_OWED: {"with": [is_({}), "facts.rest", is_(1)]}}
"""What giving out a part keeps: the remainder that it names."""
OWED_FIRST = condition(
    "owing",
    "what was left of it has become a remainder",
    "any",
    ["lacks", "kept", is_(_OWED)],
    ["equal", "kept.rest", is_({})],
)
"""What holds for the moves that could follow a part at once."""
_HANDED_ON = (
    *("checker", "commitment", "countersigner", "dispenser", "doctor", "form", "hospital"),
    *("latest", "opens_at", "patient", "prescriber", "reviewers", "uploaded_by", "valid_until"),
)
"""What a remainder remembers as the prescription of which it is left."""
_TAKES: Data = {
    "subjects": {"sorted": ["facts.of"]},
    "owed": _OWED,
    "key": "entry.name",
    "total": is_(1),
    "conditions": [
        equal(
            "commitment_changed",
            "it has the content of which it is left",
            "entry.commitment",
            "other.commitment",
        ),
        equal("wrong_patient", "it is the same patient's", "entry.patient", "other.patient"),
        condition(
            "wrong_quantity",
            "of every line at most what is left of it",
            "each_at_most",
            "facts.lines",
            "other.left",
        ),
        equal(
            "wrong_quantity",
            "all that is left",
            {"sum": ["facts.lines"]},
            {"sum": ["other.left"]},
        ),
    ],
}


def clauses() -> dict[str, Clause]:
    """Move's name → clause."""
    keep = {name: f"other.{name}" for name in _HANDED_ON}
    return {
        "owe": Clause(
            {"lines": {"*": "count"}, "of": "rx/hex32"},
            [],
            keep={**keep, "left": "facts.lines"},
            takes=_TAKES,
        )
    }
