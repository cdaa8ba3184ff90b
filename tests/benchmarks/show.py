"""What ``./rx bench`` prints: one table per section."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figures import Figures
from tests.benchmarks.gates import Row

AIM = 1 / 3
SHOWN_WHOLE = 100


def operations(console: Console, figures: Sequence[Figures], load: str) -> None:
    """Rates, latencies, CPU, and the ratio to the floor."""
    table = Table(title=f"Operations: 2 workers, 4 connections, {load}", title_justify="left")
    table.add_column("")
    for name in ("req/s", "p50 ms", "p99 ms", "CPU ms", "app", "PG", "floor/s", "floor CPU"):
        table.add_column(name, justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("tasks", justify="right")
    table.add_column("client", justify="right")
    for one in figures:
        cpu, colour = one.server.cpu_ms, "green" if one.ratio >= AIM else "yellow"
        table.add_row(
            one.name,
            f"{one.server.per_second:.0f}",
            f"{one.server.p50_ms:.1f}",
            f"{one.server.p99_ms:.1f}",
            f"[bold]{one.own_cpu_ms:.2f}",
            f"{cpu['app']:.2f}",
            f"{cpu['PostgreSQL']:.2f}",
            f"{one.floor.per_second:.0f}",
            f"{one.floor_cpu_ms:.2f}",
            f"[{colour}]{one.ratio:.2f}",
            f"{cpu['tasks']:.2f}",
            f"{cpu['client']:.2f}",
        )
    console.print(table)
    console.print(
        "Floor: the same SQL statements, values and all, by 4 bare psycopg2 clients, in turns with"
        " the server. Rates and ratios are medians of rounds. CPU in ms per request: all"
        " web processes (app) and all of PostgreSQL (PG), the sequencer's share of it included;"
        " tasks (Celery: sequencer, checkpoints) and the load generator (client) stand apart."
    )


def statements(console: Console, figures: Sequence[Figures], *, every: bool) -> None:
    """How many statements an operation issues; ``every`` lists them."""
    table = Table(title="SQL statements per request", title_justify="left")
    table.add_column("")
    table.add_column("count", justify="right")
    table.add_column("of which" if every else "in transactions")
    for one in figures:
        inside = sum(shape not in ("BEGIN", "COMMIT") for shape in one.statements)
        commits = one.statements.count("COMMIT")
        shown = "\n".join(one.statements) if every else f"{commits} committed"
        table.add_row(one.name, str(inside), shown)
    console.print(table)


def gates(console: Console, title: str, rows: Sequence[Row]) -> None:
    """Every figure beside its gate and its aim."""
    table = Table(title=title, title_justify="left")
    for name in ("", "÷"):
        table.add_column(name)
    for name in ("value", "other", "ratio", "gate", "aim"):
        table.add_column(name, justify="right")
    for row in rows:
        colour = "green" if row.holds else "red"
        value, other = map(_rate, (row.value, row.other)) if row.against else ("", "")
        table.add_row(
            row.what,
            row.against,
            value,
            other,
            f"[{colour}]{row.figure:.3g}",
            f"{row.gate:g}" if row.gate else "",
            f"{row.aim:g}" if row.aim else "",
        )
    console.print(table)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= SHOWN_WHOLE else f"{value:.2f}"
