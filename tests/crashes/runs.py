"""Start what needs a process and a home of its own, and read what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config import home as places
from config.sample import loader

STORM = "from tests.crashes import storm; storm.main()"
NOT_OURS = (
    *("DATABASE_URL", "REDIS_URL", "RX_KEYS", "RX_LOG", "RX_POLICY", "RX_MERGE_DELAY_S"),
    "WECHAT_MCHID",
)
"""The run's own servers and folders are not those of the home that is hurt."""


def python(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder, for another home."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=places.BASE,
        env={**inherited, "RX_HOME": str(home), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def storm(home: Path, numbers: Sequence[int], faults: Sequence[str], **plan: Any) -> dict[str, Any]:
    """Play these lines of the sample in a storm; its report. RX_SEED moves it elsewhere."""
    plan["seed"] += int(os.environ.get("RX_SEED", "0"))
    folder = home.parent
    file, report = folder / "storm.jsonl", folder / "storm.json"
    lines = loader.PRESCRIPTIONS.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[number - 1] for number in numbers))
    plan |= {"file": str(file), "report": str(report), "faults": list(faults)}
    ran = python(home, "manage.py", "shell", "--no-imports", "-c", STORM, RX_STORM=json.dumps(plan))
    assert ran.returncode == 0, ran.stdout[-4000:]
    found: dict[str, Any] = json.loads(report.read_text())
    sys.stdout.write(f"{ran.stdout}\n{found}\n")
    return found


def money(home: Path, count: int, faults: Sequence[str], **plan: Any) -> dict[str, Any]:
    """Play ``count`` prescriptions that are paid for in a storm, and reconcile; the report."""
    report = home.parent / "money.json"
    plan |= {"count": count, "faults": list(faults), "report": str(report)}
    code = "from tests.crashes import money; money.main()"
    ran = python(home, "manage.py", "shell", "--no-imports", "-c", code, RX_MONEY=json.dumps(plan))
    assert ran.returncode == 0, ran.stdout[-4000:]
    found: dict[str, Any] = json.loads(report.read_text())
    sys.stdout.write(f"{ran.stdout[-8000:]}\n{found}\n")
    return found


def rounds(home: Path, **plan: Any) -> dict[str, Any]:
    """Kill one process per round while doctors write; the report."""
    file, report = home.parent / "rounds.jsonl", home.parent / "rounds.json"
    lines = loader.PRESCRIPTIONS.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]))
    plan |= {"file": str(file), "report": str(report)}
    code = "from tests.crashes import rounds; rounds.main()"
    ran = python(home, "manage.py", "shell", "--no-imports", "-c", code, RX_ROUNDS=json.dumps(plan))
    assert ran.returncode == 0, ran.stdout[-4000:]
    found: dict[str, Any] = json.loads(report.read_text())
    sys.stdout.write(f"{ran.stdout[-8000:]}\n{found}\n")
    return found


def calm(report: dict[str, Any]) -> None:
    """Every prescription came to its end, and everything holds."""
    assert report["failed"] == []
    assert report["faults"] == []
    assert report["unsettled"] == 0
