"""
What ``./rx bench ledger`` measures: every line of the ledger's promise, each with its gate.

A gate is what must hold, an aim what we would like. Ratios of rates hold on other machines too;
seconds and milliseconds are those of this machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from config.servers import services
from tests.benchmarks import beside, lanes, ledger, operations, receipts, scaling
from tests.benchmarks.gates import Row, bound
from tests.benchmarks.scene import Scene

AUDITED = 10_000
WEB_SHARE, RECORDED, STEADY = 200, 120, 200
ISSUE = 0
Say = Callable[[str], None]


def measured(stack: services.Stack, options: argparse.Namespace, say: Say) -> list[Row]:
    """All rows; minutes at full size."""
    rounds, entries = options.rounds, options.entries
    say("Draining events, and the floors beside it …")
    rates = _per_second(ledger.sequencing(entries), entries, rounds)
    say("Auditing, and verifying signatures alone …")
    audited = min(entries, AUDITED)
    rates |= _per_second(ledger.auditing(audited), audited, rounds)
    say("Two logs beside one …")
    rates |= scaling.two_logs(entries, rounds)
    scene = Scene.set()
    laps = beside.SITUATIONS * rounds * WEB_SHARE  # a lap lasts as long as the tasks' period
    count = laps + STEADY
    issues = operations.prepared_alone(scene, ISSUE, count, say, 2 * rounds * RECORDED)
    say("State changes with their entries and without …")
    over_sql = lanes.over_sql(stack.servers.database_url)
    rates |= scaling.state_changes(over_sql, issues.recordings, rounds)
    say("The web beside the ledger's tasks, and without them …")
    rates |= beside.throughput(stack, issues.take("server", laps), rounds)
    say("From commit to final …")
    waits = beside.seconds_to_final(stack, issues.take("server", STEADY))
    say(f"One log up to {options.grown:,} entries …")
    rates |= (grown := scaling.growth(options.grown))
    early, late = grown
    return [
        _ratio(rates, "sequence", "COPY", 0.45, 0.65),
        _ratio(rates, "sequence", "unnest", 0.55, 0.80),
        _ratio(rates, "two logs", "one log", 1.5, 1.75),
        _ratio(rates, "with its entry", "state change", 0.80, 0.90),
        _ratio(rates, beside.APART, beside.ALONE, 0.95, 0.99),
        _ratio(rates, beside.WHOLE, beside.ALONE, 0.80, 0.95),
        _ratio(rates, late, early, 0.90, 1.0),
        _ratio(rates, "audit", "VerifyKey.verify", 0.60, 0.85),
        bound("commit to final, p50, s", waits[len(waits) // 2], 1.5, 0.6),
        bound("commit to final, p99, s", waits[len(waits) * 99 // 100], 2.5, 0),
        bound("receipt checked offline, ms", receipts.check_ms(stack), 2, 0),
    ]


def _per_second(
    works: dict[str, Callable[[], float]], entries: int, rounds: int
) -> dict[str, float]:
    measured = ledger.interleaved(works, rounds)
    return {name: entries / seconds for name, seconds in measured.items()}


def _ratio(rates: dict[str, float], what: str, against: str, gate: float, aim: float) -> Row:
    figure = rates[what] / rates[against]
    return Row(what, against, rates[what], rates[against], figure, gate, aim)
