"""A figure beside the gate that it must keep."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """
    ``figure`` against ``gate``: a ratio of two rates that must not be lower, or, where there is
    nothing to compare with, seconds or milliseconds that must not be higher.
    """

    what: str
    against: str
    value: float
    other: float
    figure: float
    gate: float
    aim: float

    @property
    def holds(self) -> bool:
        return self.figure >= self.gate if self.against else self.figure <= self.gate

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


def bound(what: str, figure: float, gate: float, aim: float) -> Row:
    return Row(what, "", figure, 0, figure, gate, aim)
