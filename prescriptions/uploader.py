"""
What a hospital's system does to upload a file: bring its lines, sign the statements, send them.

It needs the public API and its key, and keeps nothing: what a run that was killed has not done,
the next one does, for the server knows each line by the hospital's own number.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hospital.batches import MOST
from hospital.client import OUTDATED, Client
from prescriptions.reading import LINE_MAX_CHARS

BATCH_BYTES = 1_000_000
"""Of the lines of one call; escaped as JSON they take up to twice that."""

TRIES = 3
"""A statement may be outdated before it is back: the logs turned, or another run was faster."""

Say = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, numbered from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What the server did not take, and why: a stable code, and the fields or rules it names."""

    number: int
    code: str
    details: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """What happened. ``became``: the state of a prescription, or "… before", → how many."""

    became: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return self.became.total() + len(self.refused)


def upload(client: Client, lines: Iterable[Line], say: Say) -> Report:
    """
    Upload ``lines``, a call for some of them at a time; ``say`` hears after each how many are done.

    Raises:
        Problem: the server refuses a whole call, not a line.
    """
    report = Report()
    for batch in _batches(lines):
        _upload(client, batch, report)
        say(report.lines)
    return report


def lines_of(path: Path) -> Iterator[Line]:
    """
    The lines of a UTF-8 file that are not blank. Raises ``OSError``.

    What is no UTF-8 is read with replacements, which no line of ours may hold: the server tells.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                yield Line(number, text.strip()[: LINE_MAX_CHARS + 1])


def _upload(client: Client, batch: list[Line], report: Report, tries: int = TRIES) -> None:
    body = {"lines": [line.text for line in batch], "key": client.key_name}
    waiting = []
    for line, brought in zip(batch, client.write("/api/uploads", body)["results"], strict=True):
        if "refused" in brought:
            report.refused.append(_refused(line, brought["refused"]))
        elif "statement" in brought:
            waiting.append((line, client.sign(brought["statement"])))
        else:
            report.became[f"{brought['status']} before"] += 1
    if not waiting:
        return
    answer = client.write("/api/uploads/sign", {"notes": [note for _, note in waiting]})
    outdated = []
    for (line, _), done in zip(waiting, answer["results"], strict=True):
        if "refused" not in done:
            report.became[done["status"]] += 1
        elif done["refused"]["code"] in OUTDATED and tries > 1:
            outdated.append(line)
        else:
            report.refused.append(_refused(line, done["refused"]))
    if outdated:
        _upload(client, outdated, report, tries - 1)


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Together as many as a call takes, in number and in length."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        length = len(line.text.encode())
        if batch and (len(batch) == MOST or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += length
    if batch:
        yield batch


def _refused(line: Line, told: dict[str, Any]) -> Refused:
    named = itertools.chain(
        (f"{one['field'] or 'line'}: {one['reason']}" for one in told.get("problems", [])),
        (f"{one['rule']}: {one['article']}" for one in told.get("findings", [])),
        (f"{name}: {told[name]}" for name in ("because", "field", "status") if name in told),
    )
    return Refused(line.number, str(told["code"]), tuple(named))
