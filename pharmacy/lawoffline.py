"""What is lawful for what was given out while no entry could be made: data of the law."""

from __future__ import annotations

from hospital.law import Data, condition, is_
from pharmacy.brought import OfflineSlip
from pharmacy.offline import RECONCILE
from prescriptions.clauses import Clause, equal

SAID: Data = {"beyond": "words", "given_at": "moment", "slip": "hex64"}
"""What a dispensing that was made offline says besides the rest."""
_ONLINE = ["lacks", "facts", is_("offline")]
GIVEN_BEFORE = [
    condition(
        "given_later",
        "what was given out offline was given before it was entered",
        "any",
        _ONLINE,
        ["before", "facts.offline.given_at", "entry.at"],
    ),
    condition(
        "late",
        "it is entered within a day, or says that it is late",
        "any",
        _ONLINE,
        ["has", "facts.offline.beyond", is_(OfflineSlip.Beyond.LATE.value)],
        [
            "before",
            "entry.at",
            {"later": ["facts.offline.given_at", is_(int(RECONCILE.total_seconds()))]},
        ],
    ),
]


def collision() -> Clause:
    """A pharmacy that was authorized once says what it gave; nothing else changes."""
    return Clause(
        {
            "given_at": "moment",
            "lines": {"*": "count"},
            "pharmacy": "text",
            "reason": "text",
            "slip": "hex64",
        },
        [
            equal(
                "wrong_pharmacy",
                "the pharmacy that it names signs",
                "signer.organisation",
                "facts.pharmacy",
            ),
            condition(
                "wrong_pharmacy",
                "the patient authorized it once",
                "has",
                "kept.offered",
                "facts.pharmacy",
            ),
            condition(
                "given_later",
                "it was given before it was entered",
                "before",
                "facts.given_at",
                "entry.at",
            ),
            condition(
                "wrong_reason",
                "it says why it does not count",
                "one_of",
                ["facts.reason"],
                [[one.value] for one in OfflineSlip.Reason if one],
            ),
        ],
    )
