"""
Figures of many entries, small enough to be kept by minutes. Pure.

A wait is counted in classes, so that those of a day are added up and a percentile is still known to
within a class. Of the patients behind a figure up to ``LEAST`` are remembered: two figures added
remember enough to tell whether the sum is of so many.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LEAST = 5
"""
Figures of fewer patients are not shown.

Ours; offers of research take the same number for their smallest group (decision 0041).
"""
CLASSES_S = (
    *(10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800),
    *(86_400, 172_800, 345_600, 691_200),
)
"""Up to so many seconds; the last class has no end."""


@dataclass(frozen=True, slots=True)
class Stage:
    """From the last of the entries ``begins`` to an entry ``ends`` about the same subject."""

    name: str
    begins: tuple[str, ...]
    ends: str


STAGES = (
    Stage("review", ("prescription.issue", "prescription.change"), "prescription.review"),
    Stage("dispense", ("prescription.authorize",), "pharmacy.dispense"),
    Stage("deliver", ("pharmacy.dispense",), "pharmacy.deliver"),
    Stage("claim", ("pharmacy.deliver",), "insurance.claim"),
)


@dataclass(slots=True)
class Figure:
    """A number, up to ``LEAST`` of its patients, and its waits by class."""

    number: int = 0
    people: set[str] = field(default_factory=set)
    waits: list[int] = field(default_factory=list)

    def count(self, patient: str, wait_s: float | None = None) -> None:
        """One more, of this patient ("" for none)."""
        self.number += 1
        self._know([patient] if patient else [])
        if wait_s is not None:
            self._wait([0] * class_of(wait_s) + [1])

    def add(self, other: Figure) -> None:
        """All that the other one counts."""
        self.number += other.number
        self._know(other.people)
        self._wait(other.waits)

    def _know(self, people: Iterable[str]) -> None:
        for one in people:
            if len(self.people) < LEAST:
                self.people.add(one)

    def _wait(self, waits: Sequence[int]) -> None:
        length = max(len(waits), len(self.waits))
        mine, others = _padded(self.waits, length), _padded(waits, length)
        self.waits = [a + b for a, b in zip(mine, others, strict=True)]

    @property
    def shown(self) -> bool:
        """Whether it is of no patient, or of enough of them."""
        return not 0 < len(self.people) < LEAST


def class_of(wait_s: float) -> int:
    """The class of a wait; below zero, where clocks differ, the first."""
    return bisect_left(CLASSES_S, wait_s)


def percentile(waits: Sequence[int], percent: int) -> int | None:
    """
    Up to how many seconds so many percent waited, rounded up to the end of a class; None if nobody
    waited, or longer than the last class but one.

    >>> percentile([0, 3, 1], 50), percentile([0, 3, 1], 99), percentile([], 50)
    (30, 60, None)
    """
    wanted, seen = sum(waits) * percent, 0
    for number, some in enumerate(waits):
        seen += some
        if some and seen * 100 >= wanted:
            return CLASSES_S[number] if number < len(CLASSES_S) else None
    return None


def bucket(at: datetime, span_s: int) -> datetime:
    """The beginning of the span in which a moment lies; spans begin at 1970 (UTC)."""
    return at - timedelta(seconds=at.timestamp() % span_s)


def withheld(parts: Sequence[Figure]) -> tuple[list[Figure | None], Figure | None]:
    """
    The parts that may be shown, and their sum where it gives away none of the others.

    What sum and shown parts leave between them is the sum of those withheld: it must be of enough
    patients too.
    """
    shown = [one if one.shown else None for one in parts]
    rest, whole = Figure(), Figure()
    for one, open_ in zip(parts, shown, strict=True):
        whole.add(one)
        if open_ is None:
            rest.add(one)
    return shown, whole if rest.shown and whole.shown else None


def _padded(waits: Sequence[int], length: int) -> list[int]:
    return [*waits, *[0] * (length - len(waits))]
