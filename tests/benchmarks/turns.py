"""
Contestants that take turns, and the ratio of two of them.

A machine has slow minutes. So everything that is compared is measured side by side, in turns of
fractions of a second, and the ratio is the median of the turns' ratios: a slow minute slows both.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping


class Turns:
    """Rates (so many a second) of each contestant, turn by turn."""

    def __init__(self) -> None:
        self._rates: dict[str, list[float]] = defaultdict(list)

    def note(self, name: str, rate: float) -> None:
        self._rates[name].append(rate)

    def rate(self, name: str) -> float:
        """The contestant's median."""
        return statistics.median(self._rates[name])

    def ratios(self, what: str, against: str) -> list[float]:
        """``what`` ÷ ``against``, turn by turn."""
        pairs = zip(self._rates[what], self._rates[against], strict=True)
        return [one / other for one, other in pairs]

    def ratio(self, what: str, against: str) -> float:
        """The median of ``ratios``."""
        return statistics.median(self.ratios(what, against))


def taken(works: Mapping[str, Callable[[], float]], rounds: int, *, pieces: int) -> Turns:
    """
    Let everybody work ``rounds`` times, one after the other; a first round warms up.

    A work does ``pieces`` and gives the seconds that it took.
    """
    turns = Turns()
    for number in range(rounds + 1):
        for name, work in works.items():
            seconds = work()
            if number:
                turns.note(name, pieces / seconds)
    return turns
