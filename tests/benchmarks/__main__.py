"""``./rx bench``: measure rules, operations, searches, ledger; print ratios, keep all as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import django
from rich.console import Console

from config import home
from config.servers.folder import ServerProblem
from tests.benchmarks import cost

if TYPE_CHECKING:
    from config.servers import services

SECTIONS = ("rules", "reads", "find", "web", "ledger", "recall", "money", "reconcile")
ROUNDS, SIZE, ENTRIES, GROWN = 5, 60, 20_000, 1_000_000
QUICK_ROUNDS, QUICK_SIZE, QUICK_ENTRIES, QUICK_GROWN = 3, 20, 5_000, 200_000
BOXES, QUICK_BOXES = (10_000, 100_000, 1_000_000), (10_000, 100_000)
WARM_UP = 20
KINDS = ("server", "floor")


def main() -> int:
    """Exit 0 unless something does not work; being slow is no failure."""
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 150)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from config.servers import services

    began = time.monotonic()
    try:
        with services.running(say=console.print, witnesses=True) as stack:
            found = measured(stack, options, console)
    except ServerProblem as problem:
        console.print(f"[red]{problem}")
        return 1
    path = home.HOME.parent / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False))
    console.print(f"All figures: {path} ({time.monotonic() - began:.0f} s)")
    return 0


def measured(stack: services.Stack, options: argparse.Namespace, console: Console) -> Any:
    """The sections asked for, printed and as plain values."""
    from tests.benchmarks import (
        figures,
        finding_section,
        ledger_section,
        money_section,
        reads_section,
        recall_section,
        reconcile_section,
        rules_section,
        show,
    )

    load = [os.getloadavg()[0]]
    found: dict[str, Any] = {}
    if "rules" in options.sections:
        rows = rules_section.measured(options.rounds)
        show.gates(console, "Rules of prescribing", rows)
        found["rules"] = [one.plain() for one in rows]
    if "reads" in options.sections:
        rows = reads_section.measured(options.rounds)
        show.gates(console, "Looks at patient data", rows)
        found["reads"] = [one.plain() for one in rows]
    if "find" in options.sections:
        rows, sizes = finding_section.measured(stack, options.quick, console)
        show.gates(console, "Finding a pharmacy", rows)
        found["find"] = {"gates": [one.plain() for one in rows], **sizes}
    if "web" in options.sections:
        operations = web(stack, options.rounds, options.size, console)
        around = f"load average {load[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
        show.operations(console, operations, around)
        show.statements(console, operations, every=options.statements)
        found["operations"] = [one.plain() for one in operations]
    if "ledger" in options.sections:
        rows = ledger_section.measured(stack, options, console.print)
        show.gates(console, "Ledger", rows)
        found["ledger"] = [one.plain() for one in rows]
    if "recall" in options.sections:
        rows = recall_section.measured(options.boxes, console.print)
        show.gates(console, "Recalls", rows)
        found["recall"] = [one.plain() for one in rows]
    if "money" in options.sections:
        rows, more = money_section.measured(stack, options.quick, console.print)
        show.gates(console, "Claims and settlements", rows)
        found["money"] = {"gates": [one.plain() for one in rows], **more}
    if "reconcile" in options.sections:
        rows, bills = reconcile_section.measured(options.quick, console.print)
        show.gates(console, "A day's bill beside our rows", rows)
        found["reconcile"] = {"gates": [one.plain() for one in rows], "bills": bills}
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": figures.machine(),
        "load_average": [*load, os.getloadavg()[0]],
        "rounds": options.rounds,
        **found,
    }


def web(stack: services.Stack, rounds: int, size: int, console: Console) -> list[Any]:
    """The operations over HTTP and their floors, in turns."""
    from config.servers import postgres
    from tests.benchmarks import figures, lanes, operations
    from tests.benchmarks.scene import Scene

    began = time.monotonic()
    warm_up = {one.name: round(one.share * WARM_UP) for one in operations.OPERATIONS}
    per_round = {one.name: round(one.share * size) for one in operations.OPERATIONS}
    counts = {name: warm_up[name] + rounds * per_round[name] for name in per_round}
    scene = Scene.set()
    prepared = operations.prepare(scene, counts, console.print)
    examples = [one.recordings[0] for one in prepared]
    console.print(f"Requests prepared ({time.monotonic() - began:.0f} s)")
    programs = {"app": stack.supervisor.pid("web"), "tasks": stack.supervisor.pid("worker")}
    meter = cost.Meter({**programs, "PostgreSQL": postgres.pid(stack.home)})
    connect = {"server": lanes.over_http(stack.web_url)}
    connect["floor"] = lanes.over_sql(stack.servers.database_url)
    for turn in range(rounds + 1):
        for one in prepared:
            for kind in KINDS:
                count = (per_round if turn else warm_up)[one.operation.name]
                lap = lanes.lap(connect[kind], one.take(kind, count), meter)
                if turn:
                    one.laps[kind].append(lap)
    return [figures.Figures.of(*pair) for pair in zip(prepared, examples, strict=True)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rx bench", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"{', '.join(SECTIONS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller rounds")
    parser.add_argument("--statements", action="store_true", help="list each operation's SQL")
    options = parser.parse_args()
    if foreign := set(options.sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(foreign))}")
    options.sections = options.sections or SECTIONS
    sizes = (ROUNDS, SIZE, ENTRIES, GROWN)
    if options.quick:
        sizes = (QUICK_ROUNDS, QUICK_SIZE, QUICK_ENTRIES, QUICK_GROWN)
    options.boxes = QUICK_BOXES if options.quick else BOXES
    options.rounds, options.size, options.entries, options.grown = sizes
    return options


if __name__ == "__main__":
    sys.exit(main())
