"""What a move's entry says and what must hold for it: the form in which the law is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hospital import guardianlaw
from hospital.law import Data, condition


@dataclass(frozen=True, slots=True)
class Clause:
    """
    What one move's entry says, what must hold for it, and what is remembered of it.

    ``rests``: of which other subject something must hold besides; ``takes``: what another owes and
    owes no more afterwards (``ledger.lawothers``).
    """

    facts: Data
    conditions: list[Data]
    keep: Data = field(default_factory=dict)
    forget: list[str] = field(default_factory=list)
    rests: Data | None = None
    takes: Data | None = None


def equal(rule: str, words: str, left: Any, right: Any) -> Data:
    """The condition that two terms are equal."""
    return condition(rule, words, "equal", left, right)


def by_its_patient(
    facts: Data,
    *conditions: Data,
    keep: Data | None = None,
    forget: list[str] | None = None,
) -> Clause:
    """The clause of a move of the patient's, or of the guardian's for the ward."""
    signs = guardianlaw.by_the_patient(
        "the patient whose prescription it is signs, or the guardian"
    )
    return Clause(
        {**facts, **guardianlaw.NAMED},
        [signs, *conditions],
        keep or {},
        forget or [],
        guardianlaw.signed_for(),
    )
