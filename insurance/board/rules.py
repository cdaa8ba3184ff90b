"""
From when on something is an alarm, and why. Every threshold of the board stands here.

No law states one of these numbers; they are ours, and say what a person should look at. None of
them refuses anything.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from insurance.board.models import Rule
from insurance.signals import LIMITS

USUAL_SUPPLY = timedelta(days=7)
"""
Source: 处方管理办法 (2007), art. 19: a prescription is usually for seven days at most.
"""
EARLY = USUAL_SUPPLY * LIMITS.early_bp / 10_000
"""Again within this time: the part of a supply that must be over, as payers' signals have it."""
GRACE = timedelta(minutes=30)
"""Whoever stood in the shop when it closed is served; later it is out of hours."""
FAILURES = 3
"""A witness that was tried so often in a row and has not cosigned is down: no lost packet."""
COSIGNED_WITHIN = timedelta(seconds=60)
"""So long may a witness take that answers; the merge delay's usual length."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """So many within ``days`` legal days, today among them; open ``quiet`` after the last."""

    least: int
    days: int
    quiet: timedelta = timedelta(days=1)


THRESHOLDS = {
    # Thirty in a week and four times the median of five colleagues: as payers' signals have it.
    Rule.DOCTOR_OUTLIER: Threshold(LIMITS.claims_least, 7),
    # One near home, one near work, one at the hospital: the fourth in a month is unusual.
    Rule.MANY_PHARMACIES: Threshold(4, 30),
    # Each one: of few, and each costs a look.
    Rule.EARLY_REFILL: Threshold(1, 7),
    # Once is an emergency at the door, three times a week a habit.
    Rule.OUT_OF_HOURS: Threshold(3, 7),
    # A person mistypes a few times a day; twenty times is somebody who tries.
    Rule.REFUSED_ACCESS: Threshold(20, 1),
}
LEDGER = (Rule.CHECKPOINT_LATE, Rule.WITNESS_DOWN, Rule.COSIGNATURE_MISSING)
"""What is asked anew each time, and over as soon as it is not so any more."""
KEPT_DAYS = max(one.days for one in THRESHOLDS.values()) + 1


@dataclass(frozen=True, slots=True)
class Found:
    """That ``who`` meets a rule, at an organisation or none."""

    rule: Rule
    who: str
    organisation: str
    number: int
    least: int


def above_peers(mine: int, others: list[int]) -> bool:
    """Whether so many are many times what half of at least five others have."""
    if len(others) < LIMITS.peers or mine < THRESHOLDS[Rule.DOCTOR_OUTLIER].least:
        return False
    return mine > LIMITS.times_median * statistics.median(others)


def outliers(counted: Mapping[str, int], among: str) -> list[Found]:
    """Of the doctors of one hospital (key's name → prescriptions) those far above the others."""
    rule = Rule.DOCTOR_OUTLIER
    return [
        Found(rule, who, among, mine, THRESHOLDS[rule].least)
        for who, mine in counted.items()
        if above_peers(mine, [number for other, number in counted.items() if other != who])
    ]
