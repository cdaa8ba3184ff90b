"""
What ``./rx bench ledger`` measures: every line of the ledger's promise, each with its gate.

A gate is what must hold, an aim what we would like. Ratios of rates hold on other machines too;
seconds and milliseconds are those of this machine.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable

from config.servers import services
from tests.benchmarks import beside, lanes, ledger, operations, receipts, scaling, turns
from tests.benchmarks.gates import Row, bound
from tests.benchmarks.scene import Scene

AUDITED = 2_000
SHORT = 3
"""So many times the rounds of what is over in a moment."""
WEB_SHARE, RECORDED, STEADY = 200, 120, 200
ISSUE = 0
Say = Callable[[str], None]


def measured(stack: services.Stack, options: argparse.Namespace, say: Say) -> list[Row]:
    """All rows; minutes at full size."""
    rounds, entries = options.rounds, options.entries
    say("Draining events, and the floors beside it …")
    drained = turns.taken(ledger.sequencing(entries), SHORT * rounds, pieces=entries)
    say("Auditing, and verifying signatures alone …")
    audited = min(entries, AUDITED)
    verified = turns.taken(ledger.auditing(audited), SHORT * rounds, pieces=audited)
    say("Two logs beside one …")
    beside_one = scaling.two_logs(entries, SHORT * rounds)
    logs = beside_one.ratio("two logs", "one log")
    copies = beside_one.ratio("two COPYs", "one COPY")
    scene = Scene.set()
    laps = beside.SITUATIONS * 2 * rounds * WEB_SHARE  # a lap lasts as long as the tasks' period
    count = laps + STEADY
    issues = operations.prepared_alone(scene, ISSUE, count, say, 2 * rounds * RECORDED)
    say("State changes with their entries and without …")
    over_sql = lanes.over_sql(stack.servers.database_url)
    changes = scaling.state_changes(over_sql, issues.recordings, rounds)
    say("The web beside the ledger's tasks, and without them …")
    web = beside.throughput(stack, issues.take("server", laps), 2 * rounds)
    say("From commit to final …")
    waits = beside.seconds_to_final(stack, issues.take("server", STEADY))
    say(f"One log up to {options.grown:,} entries …")
    early, late = map(statistics.median, scaling.growth(options.grown))
    return [
        _ratio(drained, "sequence", "COPY", 0.45, 0.65),
        _ratio(drained, "sequence", "unnest", 0.55, 0.80),
        _ratio(beside_one, "two logs", "one log", 1.5, 1.75),
        _ratio(beside_one, "two COPYs", "one COPY", 0, 0),
        Row("two logs ÷ one", "two COPYs ÷ one", logs, copies, logs / copies, 0.75, 0.9),
        _ratio(changes, "with its entry", "state change", 0.80, 0.90),
        _ratio(web, beside.APART, beside.ALONE, 0.95, 0.99),
        _ratio(web, beside.WHOLE, beside.ALONE, 0.80, 0.95),
        Row(f"last of {options.grown:,} ÷ COPY", "first ÷ COPY", late, early, late / early, 0.9, 1),
        _ratio(verified, "audit", "VerifyKey.verify", 0.60, 0.85),
        bound("commit to final, p50, s", waits[len(waits) // 2], 1.5, 0.6),
        bound("commit to final, p99, s", waits[len(waits) * 99 // 100], 2.5, 0),
        bound("receipt checked offline, ms", receipts.check_ms(stack), 2, 0),
    ]


def _ratio(of: turns.Turns, what: str, against: str, gate: float, aim: float) -> Row:
    return Row(what, against, of.rate(what), of.rate(against), of.ratio(what, against), gate, aim)
