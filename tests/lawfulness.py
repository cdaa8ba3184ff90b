"""Whether the log in the test database obeys the law that it names."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator

from config import law as published
from ledger import entry, inspection, law, network, sequencer
from ledger.audit import Fault, History

LONG_S = 10**9


@functools.cache
def timeless() -> law.Law:
    """
    The law without its times: tests travel in time, each for itself, and all write into one log.

    Before and after ``valid_until`` are then not told apart either; ``tests.ledger`` does.
    """
    content = json.loads(published.document())
    content["times"] = {"skew_s": LONG_S, "late_s": LONG_S}
    return law.parse(entry.canonical(content))


def laws(digest: str) -> law.Law | None:
    """The timeless law, for a log that names the published one."""
    return timeless() if digest == published.digest() else None


def faults() -> list[str]:
    """What the entries of all logs, sequenced up to now, break of the law; or nothing."""
    return [fault for line in network.lines() for fault in _of_line(line)]


def _of_line(line: str) -> Iterator[str]:
    history = History()
    for origin in inspection.logs_of(line):
        sequencer.sequence(origin)
        try:
            inspection.database(origin, lambda done, total: None, laws, history)
        except Fault as fault:
            yield str(fault)
