"""
kill -9, round after round: writers go on, one process dies per round, and the log stays.

Runs in a process of its own (``tests.crashes.runs``). ``RX_ROUNDS`` holds the plan as JSON. The
seed decides the moment of every round, and who dies: the first of a drawn order who lives. So a
plan with the same seed and ``first`` set to the round that failed does the same again.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import OperationalError, connections
from rich.console import Console

from config.demo import form
from config.demo.cast import Cast
from config.management.commands import demo
from config.servers import processes, programs, services
from hospital.client import Client, Problem
from ledger import merkle, network, places, queries, tiles, treehead
from ledger import note as notes
from ledger.models import Log
from ledger.readers import Folder
from prescriptions.uploaded import Uploaded
from tests import invariants
from tests.crashes import storm

WRITERS = 3
PATIENCE_S = 60.0
LONGEST_DELAY_S = 0.6
LOOKS_EVERY = 25
VICTIMS = (
    *("web", "web/child", "web/child"),
    *("worker", "worker/child", "worker/child", "worker/child", "beat"),
    *("postgres", "postgres/child", "postgres/child", "valkey"),
)


@dataclass
class Plan:
    """``rounds`` rounds from ``first`` on, of a ``seed``; where the report goes."""

    report: str
    file: str
    seed: int
    rounds: int
    first: int = 0


@dataclass
class Report:
    """What was killed, how much was written, and what does not hold, with its round."""

    seed: int = 0
    killed: list[str] = field(default_factory=list)
    written: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Writers:
    """Doctors who issue and cancel prescriptions for ever; they keep what they were promised."""

    def __init__(self, cast: Cast, scripts: list[Uploaded]) -> None:
        self.acknowledged: dict[str, list[tuple[int, str]]] = {}
        self.failed: list[str] = []
        self.count = 0
        self._over = threading.Event()
        self._cast, self._scripts = cast, scripts
        self._pool = ThreadPoolExecutor(WRITERS)

    def __enter__(self) -> Writers:
        for number in range(WRITERS):
            script = self._scripts[number % len(self._scripts)]
            doctor = self._cast.doctor(script)
            doctor.patience_s = PATIENCE_S
            self._pool.submit(self._write, doctor, {**form.draft(script), "online": False})
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown()

    def _write(self, doctor: Client, draft: dict[str, Any]) -> None:
        while not self._over.is_set():
            try:
                made = doctor.write("/api/prescriptions", draft)["id"]
                for verb, body in (("issue", {}), ("cancel", {"reason": "clinical"})):
                    entry = doctor.command(f"/api/prescriptions/{made}/{verb}", body)["entry"]
                    known = self.acknowledged.setdefault(entry["subject"], [])
                    known.append((entry["version"], entry["leaf"]))
                    self.count += 1
            except Problem as problem:
                self.failed.append(str(problem)[:300])
            except Exception as fault:
                self.failed.append(f"{type(fault).__name__}: {fault}"[:300])


class Watcher:
    """Somebody outside who remembers every tree head that was ever published."""

    def __init__(self, log: Log) -> None:
        self.folder = Folder(places.published(log.origin))
        self.verifier = notes.Verifier.from_vkey(log.vkey)
        self.latest = treehead.TreeHead(log.origin, 0, merkle.EMPTY_ROOT)

    def look(self) -> list[str]:
        """What is published extends what was published before."""
        try:
            found = treehead.open_checkpoint(self.folder.read("checkpoint"), self.verifier)
        except tiles.Missing:
            return [] if self.latest.size == 0 else ["the checkpoint is gone"]
        before, self.latest = self.latest, found
        if found.size < before.size:
            return [f"the log shrank from {before.size} to {found.size}"]
        source = tiles.hash_source(self.folder, found.size)
        proof = merkle.consistency(before.size, found.size, source) if before.size else []
        if before.size and not merkle.is_consistent(
            before.size, found.size, before.root, found.root, proof
        ):
            return [f"the log of {found.size} does not extend that of {before.size}"]
        return []


def run(plan: Plan) -> Report:
    """Kill one process per round; look at the log every so often, and at the end."""
    processes.LONGEST_PAUSE_S = storm.LONGEST_PAUSE_S
    report, began = Report(plan.seed), time.monotonic()
    scripts = [script for _, script in demo.read(Path(plan.file))[0]]
    with services.running(witnesses=True, say=Console(width=160).print) as stack:
        victims = [*VICTIMS, *(f"witness-{slug}" for slug in _witnesses(stack))]
        killer = storm.Storm(stack, storm.Plan(plan.file, plan.report, victims, plan.seed))
        cast = Cast.gather(stack.web_url, stack.simulator_url, stack.home / "demo")
        for script in scripts[:WRITERS]:
            cast.patient(script.patient)
        writers, watcher = Writers(cast, scripts), Watcher(Log.objects.get(origin=_first()))
        with writers:
            for number in range(plan.first, plan.first + plan.rounds):
                faults = _round(number, plan, killer, writers, watcher)
                if (number + 1) % LOOKS_EVERY == 0:
                    faults += _patiently(lambda: _heavy(writers))
                report.faults += [f"round {number} of seed {plan.seed}: {one}" for one in faults]
                if report.faults:
                    break
        report.faults += writers.failed
        report.faults += _patiently(lambda: _heavy(writers))
        report.faults += _patiently(invariants.faults)
        report.killed, report.written = killer.killed, writers.count
    report.seconds = time.monotonic() - began
    return report


def _round(
    number: int, plan: Plan, killer: storm.Storm, writers: Writers, watcher: Watcher
) -> list[str]:
    """One kill at a drawn moment; then somebody's write must get through."""
    drawn = random.Random(f"{plan.seed}/{number}")
    order = drawn.sample(killer.plan.faults, len(killer.plan.faults))
    time.sleep(drawn.uniform(0, LONGEST_DELAY_S))
    killer.random = drawn
    victim = next((one for one in order if killer.strike(one)), "nobody")
    before = writers.count
    if not programs.wait_until(lambda: writers.count > before, PATIENCE_S, pause_s=0.02):
        return [f"nobody could write after {victim} was killed"]
    return watcher.look()


def _patiently(look: Callable[[], list[str]]) -> list[str]:
    """What is seen once the database that was killed a moment ago answers again."""
    until = time.monotonic() + PATIENCE_S
    while True:
        connections.close_all()
        try:
            return look()
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _heavy(writers: Writers) -> list[str]:
    """Every acknowledged entry is there, once, in its place; nothing was done twice."""
    held = {subject: list(entries) for subject, entries in list(writers.acknowledged.items())}
    faults = []
    for subject, promised in held.items():
        entries = queries.entries_about(subject)
        found = [(entry.version, entry.leaf.hex()) for entry in entries]
        if found[: len(promised)] != promised:
            faults.append(f"{subject}: {promised} was promised, {found} is there")
        kinds = Counter(entry.kind for entry in entries)
        if any(count > 1 for count in kinds.values()):
            faults.append(f"{subject}: done twice: {dict(kinds)}")
    return faults


def _first() -> str:
    return network.lines()[0]


def _witnesses(stack: services.Stack) -> list[str]:
    return sorted(path.name for path in (stack.home / "witnesses").iterdir())


def main() -> None:
    """Run the plan in RX_ROUNDS."""
    plan = Plan(**json.loads(os.environ["RX_ROUNDS"]))
    sys.stdout.write(f"{plan.rounds} rounds of seed {plan.seed} from {plan.first}\n")
    report = run(plan)
    Path(plan.report).write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1))
