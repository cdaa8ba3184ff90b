"""``./rx check``: everything about the code that can be checked without running it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import get_commands
from django.core.management.base import BaseCommand

from config.home import BASE

AT_ONCE = 2
PRODUCTION = {
    "RX_ENV": "production",
    "SECRET_KEY": "made-up-for-this-check-and-as-long-and-varied-as-a-real-one-0123456789",
    "ALLOWED_HOSTS": "hospital.example",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One program that must end with 0."""

    name: str
    argv: tuple[str | Path, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step went; ``took_s`` is in seconds."""

    step: Step
    passed: bool
    took_s: float
    output: str


class Command(BaseCommand):
    """Run all steps, two at a time; exit code 1 if one fails."""

    help = "Linters, types, import contracts, migrations, deployment settings, documents in step."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each step as it ends, what the failed ones said, and a summary."""
        began, failed = time.monotonic(), []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            chosen = steps()
            for done in as_completed([pool.submit(_run, step) for step in chosen]):
                outcome = done.result()
                word = "ok    " if outcome.passed else "FAILED"
                self.stdout.write(f"{word} {outcome.step.name} ({outcome.took_s:.1f} s)")
                if not outcome.passed:
                    failed.append(outcome.step.name)
                    self.stdout.write(outcome.output)
                self.stdout.flush()
        took_s = time.monotonic() - began
        if failed:
            self.stdout.write(f"{len(failed)} of {len(chosen)} failed: {', '.join(failed)}")
            sys.exit(1)
        self.stdout.write(f"All {len(chosen)} checks passed in {took_s:.1f} s")


def steps() -> list[Step]:
    """The longest first, so that two at a time end together."""
    tools, manage = Path(sys.executable).parent, (sys.executable, BASE / "manage.py")
    deploy = ("check", "--deploy", "--fail-level", "WARNING")
    found = [
        Step("types (mypy --strict)", (tools / "mypy", ".")),
        Step("import contracts", (tools / "lint-imports",)),
        Step("lint (ruff)", (tools / "ruff", "check", ".", "rx")),
        Step("format (ruff)", (tools / "ruff", "format", "--check", ".", "rx")),
        Step("migrations complete", (*manage, "makemigrations", "--check", "--dry-run")),
        Step("deployment settings", (*manage, *deploy), PRODUCTION),
    ]
    if "docs" in get_commands():
        found.append(Step("documents in step", (*manage, "docs", "--check")))
    return found


def _run(step: Step) -> Outcome:
    began = time.monotonic()
    ran = subprocess.run(  # noqa: S603
        step.argv,
        cwd=BASE,
        env={**os.environ, **step.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(step, ran.returncode == 0, time.monotonic() - began, ran.stdout.rstrip())
