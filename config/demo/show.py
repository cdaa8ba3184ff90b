"""What the demo shows: progress while it plays, a table when it is over."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from config.demo.play import Outcome
from hospital.units import SHANGHAI, yuan
from prescriptions.reading import Problem

ENDS = ("done", "failed")


class Board:
    """Live progress: one line a step where nobody watches, a moving bar in a terminal."""

    def __init__(self, console: Console, total: int) -> None:
        self.console = console
        self._steps: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("prescriptions", total=total)

    def __enter__(self) -> Board:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, outcome: Outcome, step: str) -> None:
        """A prescription reached a state, or its end."""
        with self._lock:
            self._steps[step] += 1
            if step in ENDS:
                self._bar.advance(self._task)
            colour = {"failed": "red", "done": "green"}.get(step, "cyan")
            why = f" {outcome.failed}" if step == "failed" else ""
            self.console.print(
                f"{datetime.now(SHANGHAI):%H:%M:%S} line {outcome.number:>3} [{colour}]{step}[/]",
                why,
                highlight=False,
                markup=True,
            )


def table(outcomes: Sequence[Outcome]) -> Table:
    """One row a prescription."""
    made = Table(title="Prescriptions", header_style="bold", row_styles=["", "dim"])
    for name in (
        "line",
        "hospital",
        "began",
        "states, and seconds since it began",
        "total",
        "own share",
    ):
        made.add_column(name, justify="right" if name in ("total", "own share") else "left")
    made.add_column("index", justify="right")
    made.add_column("receipt verified offline", no_wrap=True)
    for one in outcomes:
        verified = "yes" if one.verified else "–" if not one.subject else "[red]no[/]"
        made.add_row(
            str(one.number),
            one.hospital,
            f"{one.began.astimezone(SHANGHAI):%H:%M:%S}",
            " → ".join(f"{state} {after:.1f}" for state, after in one.states)
            + (f" ({one.remark})" if one.remark else ""),
            _money(one.total_fen),
            _money(one.patient_fen),
            "–" if one.index is None else str(one.index),
            f"{verified}{'  [red]FAILED[/]' if one.failed else ''}",
        )
    return made


def problems(found: Sequence[Problem]) -> Table:
    """The lines of the file that are no prescriptions."""
    made = Table(title="Lines that were not played", header_style="bold")
    for name in ("line", "field", "reason"):
        made.add_column(name)
    for one in found:
        made.add_row(str(one.line_number), one.field or "–", one.reason)
    return made


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """What did not go as planned, in a sentence each."""
    return [f"[red]line {one.number}: {escape(one.failed)}" for one in outcomes if one.failed]


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many ended how, in one line."""
    ends = Counter(one.states[-1][0] if one.states else "nothing" for one in outcomes)
    parts = [f"{count} {end}" for end, count in sorted(ends.items())]
    return f"{len(outcomes)} prescriptions: {', '.join(parts)}"


def _money(fen: int | None) -> str:
    return "–" if fen is None else yuan(fen)
