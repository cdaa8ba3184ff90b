"""
Where orders outlive the process: one line of JSON for each change, the last one counts.

A process that is killed leaves at most half a line at the end, which nobody was told of yet.
Reading writes the book anew, with one line for each order.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from config.simulators.medins import Mixed
    from config.simulators.orders import Order


class Book(Protocol):
    """Keeps orders."""

    def write(self, order: Order | Mixed) -> None:
        """Keep an order as it is now."""

    def read(self) -> Iterable[dict[str, Any]]:
        """The orders that were kept, each as it was last."""


class Memory:
    """Keeps nothing: what is in memory is gone with the process."""

    def write(self, order: Order | Mixed) -> None:
        """See ``Book.write``."""

    def read(self) -> Iterable[dict[str, Any]]:
        """See ``Book.read``."""
        return ()


MEMORY: Final = Memory()


class File:
    """Keeps orders in a file, so that the simulator may be killed at any moment."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, order: Order | Mixed) -> None:
        """See ``Book.write``."""
        with self._path.open("a") as file:
            file.write(_line(asdict(order)))

    def read(self) -> Iterable[dict[str, Any]]:
        """See ``Book.read``."""
        latest: dict[str, dict[str, Any]] = {}
        text = self._path.read_text() if self._path.exists() else ""
        for line in text.split("\n")[:-1]:  # after the last end of a line: half a line, or nothing
            order = json.loads(line)
            latest[order["asked"]["out_trade_no"]] = order
        draft = self._path.with_suffix(".draft")
        draft.write_text("".join(_line(order) for order in latest.values()))
        os.replace(draft, self._path)
        return latest.values()


def _line(order: dict[str, Any]) -> str:
    return json.dumps(order, ensure_ascii=False, default=datetime.isoformat) + "\n"
