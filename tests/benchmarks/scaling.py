"""
How the ledger scales: two logs beside one, a state change with and without its entry, growth.

Each ratio compares rates measured in turns in the same run (see ``tests.benchmarks.turns``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks import cost, lanes, ledger
from tests.benchmarks.lanes import FORKING
from tests.benchmarks.turns import Turns

WRITERS = 8
GROWTH_STEP = 10_000
_FIRST, _PATIENCE_S = 100_000, 300


def two_logs(entries: int, rounds: int) -> Turns:
    """
    Entries a second of one log, and of two logs drained by two processes at once.

    Beside it one COPY of as many leaves, and two at once: what a second process adds on this
    machine at best, which on two virtual cores is less than twice.
    """
    turns = Turns()
    for _ in range(rounds):
        for name, count in (("one log", 1), ("two logs", 2)):
            origins = [ledger.filled(entries) for _ in range(count)]
            turns.note(name, count * entries / _at_once([(_drain, (one,)) for one in origins]))
        for name, count in (("one COPY", 1), ("two COPYs", 2)):
            ledger.empty_leaves()
            turns.note(name, count * entries / _at_once([(ledger.copy, (entries,))] * count))
    return turns


def state_changes(
    connect: Callable[[], lanes.Do], recordings: Sequence[lanes.Statements], rounds: int
) -> Turns:
    """
    Transactions a second of eight bare connections, with the ledger's statements and without.

    ``recordings`` are the statements of as many different state changes; each is done once.
    """
    turns = Turns()
    share = len(recordings) // (2 * rounds)
    parts = [recordings[at * share : (at + 1) * share] for at in range(2 * rounds)]
    for number, part in enumerate(parts):
        name = ("with its entry", "state change")[number % 2]
        jobs = part if name == "with its entry" else [_without_ledger(one) for one in part]
        turns.note(name, lanes.lap(connect, jobs, cost.Meter({}), WRITERS).rate)
    return turns


def _without_ledger(statements: lanes.Statements) -> lanes.Statements:
    return [one for one in statements if b"ledger_" not in one]


def growth(entries: int) -> tuple[list[float], list[float]]:
    """
    Fill one log: at its beginning and at its end, how fast it drains beside COPY.

    Batches of 10,000, each followed by as many leaves copied into an empty table, so that what the
    machine does in between says nothing; the first is left out, as everything is cold.
    """
    origin = ledger.filled(0)
    batches = entries // GROWTH_STEP
    stretch = min(_FIRST, entries // 2) // GROWTH_STEP
    turns = Turns()
    for number in range(batches):
        ledger.fill(origin, GROWTH_STEP, number * GROWTH_STEP)
        ledger.empty_leaves()
        turns.note("drained", GROWTH_STEP / _drain(origin))
        turns.note("copied", GROWTH_STEP / ledger.copy(GROWTH_STEP))
    ratios = turns.ratios("drained", "copied")
    return ratios[1 : stretch + 1], ratios[-stretch:]


def _drain(origin: str) -> float:
    from ledger import sequencer

    return ledger.seconds(lambda: sequencer.sequence(origin))


def _at_once(works: Sequence[tuple[Callable[..., float], tuple[Any, ...]]]) -> float:
    """Seconds of the slowest of several processes that begin together."""
    from django.db import connections

    connections.close_all()  # a child must not inherit a connection
    start = FORKING.Barrier(len(works))
    answers: Any = FORKING.Queue()
    children = [
        FORKING.Process(target=_child, args=(start, answers, *work), daemon=True) for work in works
    ]
    for child in children:
        child.start()
    times = [answers.get(timeout=_PATIENCE_S) for _ in children]
    for child in children:
        child.join(_PATIENCE_S)
    return float(max(times))


def _child(start: Any, answers: Any, work: Callable[..., float], arguments: Any) -> None:
    from django.db import connection

    connection.ensure_connection()  # to connect is no part of the work
    start.wait()
    answers.put(work(*arguments))
