"""
When a payer's program looks at a claim again, and what it remembers of those that it has seen.

A claim that is not proven yet is looked at again after 1, 2, 4 … seconds, a minute at most; one
whose evidence does not hold is left to a person after ``LOOKS``: a checkpoint may be late, a policy
file may be about to be replaced, and neither should send every claim to people.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hospital.units import stamp
from insurance.signals import Seen

LOOKS = 3
LONGEST_S = 60.0


@dataclass(slots=True)
class Later:
    """Subject → how often it was looked at in vain, and not before when again."""

    clock: Callable[[], float] = time.monotonic
    waits: dict[str, tuple[int, float]] = field(default_factory=dict)

    def is_due(self, subject: str) -> bool:
        return self.clock() >= self.waits.get(subject, (0, 0.0))[1]

    def again(self, subject: str) -> int:
        """Look again later; how often that was said of it."""
        times = 1 + self.waits.get(subject, (0, 0.0))[0]
        self.waits[subject] = times, self.clock() + min(2.0 ** (times - 1), LONGEST_S)
        return times

    def forget(self, subject: str) -> None:
        self.waits.pop(subject, None)


@dataclass(slots=True)
class History:
    """What was seen, each subject once; in a file, a line each, if there is one."""

    path: Path | None = None
    seen: dict[str, Seen] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> History:
        """What the file has, which need not exist yet."""
        lines = path.read_text().splitlines() if path is not None and path.exists() else []
        found = [_seen(json.loads(line)) for line in lines]
        return cls(path, {one.subject: one for one in found})

    def add(self, one: Seen) -> None:
        if one.subject in self.seen:
            return
        self.seen[one.subject] = one
        if self.path is not None:
            with self.path.open("a") as file:
                said = {**asdict(one), "at": stamp(one.at), "boxes": sorted(one.boxes)}
                file.write(f"{json.dumps(said)}\n")


def _seen(said: dict[str, Any]) -> Seen:
    at, boxes = datetime.fromisoformat(said["at"]), frozenset(said["boxes"])
    return Seen(**{**said, "at": at, "boxes": boxes})
