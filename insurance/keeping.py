"""
What a bill comes to for what the patient keeps. Pure: no Django, no clock.

It is split again as if only that had been bought, at the bill's own prices and promises. So it does
not matter in which order things come back, or in how many parts; what is given back adds up, to the
fen, to what was paid; and nobody pays more for less (``tests/insurance/test_keeping.py``).

Source: docs/decisions/0050-returns-and-recalls.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from insurance import split


@dataclass(frozen=True, slots=True)
class Kept:
    """A line of a bill: what its units cost together, how many were given, how many are kept."""

    line: str
    insurance_class: str
    total_fen: int
    given: int
    left: int


def reckon(lines: Sequence[Kept], *, fund: split.Terms, insurer: split.Terms) -> split.Share:
    """
    Who pays what for what is kept, in all. Lines stand in the bill's order, in which ceilings are
    used up.

    >>> seven = split.Terms({"甲": 7_000})
    >>> reckon([Kept("1", "甲", 10_000, 4, 3)], fund=seven, insurer=split.NOTHING)
    Share(line='', total_fen=7500, fund_fen=5250, insurer_fen=0, patient_fen=2250)

    Raises ``split.BadAmount``.
    """
    priced = [split.PricedLine(one.line, one.insurance_class, _price(one)) for one in lines]
    shares = split.split(priced, fund=fund, insurer=insurer)
    return split.Share(
        "",
        sum(one.total_fen for one in shares),
        sum(one.fund_fen for one in shares),
        sum(one.insurer_fen for one in shares),
        sum(one.patient_fen for one in shares),
    )


def _price(one: Kept) -> int:
    """A bill's line is so many units at one price, so this divides without a remainder."""
    if not 0 <= one.left <= one.given or one.total_fen % max(one.given, 1):
        raise split.BadAmount(one)
    return one.total_fen // one.given * one.left
