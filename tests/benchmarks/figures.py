"""From laps to figures: medians of rounds, percentiles of requests, CPU of everything."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import django
from django.db import connection

from tests.benchmarks.lanes import Lap
from tests.benchmarks.operations import Prepared


@dataclass(frozen=True, slots=True)
class Side:
    """The server, or the floor. Milliseconds; ``cpu_ms`` is per request, by program."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: dict[str, float]

    @classmethod
    def of(cls, laps: Sequence[Lap]) -> Side:
        requests = sum(lap.jobs for lap in laps)
        latencies = sorted(one for lap in laps for one in lap.latencies)
        return cls(
            requests=requests,
            per_second=statistics.median(lap.rate for lap in laps),
            p50_ms=1000 * latencies[len(latencies) // 2],
            p99_ms=1000 * latencies[min(len(latencies) * 99 // 100, len(latencies) - 1)],
            cpu_ms={
                name: 1000 * sum(lap.cpu[name] for lap in laps) / requests for name in laps[0].cpu
            },
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """One operation. ``ratio`` is the median over rounds of server rate ÷ floor rate."""

    name: str
    statements: list[str]
    server: Side
    floor: Side
    ratio: float

    @classmethod
    def of(cls, prepared: Prepared, example: Sequence[bytes]) -> Figures:
        server, floor = prepared.laps["server"], prepared.laps["floor"]
        return cls(
            name=prepared.operation.name,
            statements=[_shape(one) for one in example],
            server=Side.of(server),
            floor=Side.of(floor),
            ratio=statistics.median(a.rate / b.rate for a, b in zip(server, floor, strict=True)),
        )

    @property
    def own_cpu_ms(self) -> float:
        """The application and PostgreSQL."""
        return self.server.cpu_ms["app"] + self.server.cpu_ms["PostgreSQL"]

    @property
    def floor_cpu_ms(self) -> float:
        """The bare client and PostgreSQL."""
        return self.floor.cpu_ms["client"] + self.floor.cpu_ms["PostgreSQL"]

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "cpu_ms": self.own_cpu_ms, "floor_cpu_ms": self.floor_cpu_ms}


def machine() -> dict[str, Any]:
    """On what it was measured."""
    shown = {}
    with connection.cursor() as cursor:
        for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"SHOW {name}")
            shown[name] = cursor.fetchone()[0]
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "django": django.__version__,
        "postgresql": shown,
    }


def _shape(statement: bytes) -> str:
    """A statement's first words, to say what the floor is made of."""
    words = " ".join(statement.decode(errors="replace").split())
    verb, _, rest = words.partition(" ")
    if verb == "SELECT" and " FROM " in words:
        columns, _, source = rest.partition(" FROM ")
        lock = " FOR " + words.rsplit(" FOR ", 1)[1] if " FOR " in words[-40:] else ""
        return f"SELECT {columns.count(',') + 1} columns FROM {source.split()[0]}{lock}"
    return " ".join(words.split()[:3])[:60]


def _processor() -> str:
    with open("/proc/cpuinfo") as lines:
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
