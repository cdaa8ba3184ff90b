"""What processes cost: CPU seconds of a process and of all that descend from it, from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
Usage = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Meter:
    """``roots`` maps a name to the first process of a program."""

    roots: Mapping[str, int]

    def read(self) -> Usage:
        """
        Seconds of CPU (user and system) that each program has used since it began.

        What ended is in its parent's sum of waited-for children, so nothing is lost between
        two readings and nothing counts twice.
        """
        parents, seconds = _processes()
        return {
            name: sum(seconds[pid] for pid in seconds if _descends(pid, root, parents))
            for name, root in self.roots.items()
        }


def since(before: Usage, after: Usage) -> dict[str, float]:
    return {name: after[name] - before[name] for name in before}


def _processes() -> tuple[dict[int, int], dict[int, float]]:
    """Each living process: its parent, and its seconds with those of its buried children."""
    parents, seconds = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has just ended
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        seconds[pid] = sum(map(int, fields[11:15])) * TICK_S
    return parents, seconds


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid and pid != root:
        pid = parents.get(pid, 0)
    return pid == root
