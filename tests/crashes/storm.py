"""
The demo's play in a storm: while prescriptions are played, programs and servers are killed.

Runs in a process of its own (``tests.crashes.runs``), which becomes the demo: the same stack, the
same cast, the same play. ``RX_STORM`` holds the plan as JSON; the report goes to its ``report``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

import redis
from django.db import connections
from rich.console import Console

from config.demo import play, show
from config.demo.play import Outcome
from config.management.commands import demo
from config.servers import postgres, processes, programs, services, valkey
from insurance.models import Claim
from tests import invariants

SETTLES_WITHIN_S = 60.0
LONGEST_PAUSE_S = 1.0
"""The supervisor waits ten seconds for what keeps dying; here it dies because we kill it."""


@dataclass
class Plan:
    """
    ``faults`` are "program", "program/child" (one of its workers), "postgres", "postgres/child"
    (a backend), "valkey" or "flush"; with ":TERM" a polite request instead of a kill.

    ``at_every_step``: all of them, each time that a step was taken, before the next one; otherwise
    one of them, drawn by ``seed``, ``most`` times, each after ``every`` steps or so, or after as
    many times two seconds, where the last ones have left nobody who could take a step.
    """

    file: str
    report: str
    faults: list[str]
    seed: int
    most: int = 1_000
    at_once: int = 4
    every: int = 1
    at_every_step: bool = False
    expires_in_s: float = 20.0


@dataclass
class Report:
    """What happened: failures in words, ends, what was killed, what does not hold afterwards."""

    failed: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unsettled: int = 0
    seconds: float = 0.0


class Storm:
    """Hurts a stack; a thread of its own, or whoever calls ``strike``."""

    def __init__(self, stack: services.Stack, plan: Plan) -> None:
        self.stack, self.plan = stack, plan
        self.random = random.Random(plan.seed)
        self.killed: list[str] = []
        self.steps = threading.Semaphore(0)
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._blow, daemon=True)

    def step_was_taken(self) -> None:
        if self.plan.at_every_step:
            for fault in self.plan.faults:
                self.strike(fault)
        else:
            self.steps.release()

    def strike(self, fault: str) -> bool:
        """Do one fault to the stack; false if what it would hurt is dead already."""
        what, _, number = fault.partition(":")
        sent = signal.SIGTERM if number == "TERM" else signal.SIGKILL
        with self.lock:
            if self.over.is_set():
                return False
            if what == "flush":
                return self._flush()
            victims = self._victims(what)
            for pid in victims:
                with suppress(ProcessLookupError):
                    os.kill(pid, sent)
            if victims:
                self.killed.append(fault)
            return bool(victims)

    def _flush(self) -> bool:
        with redis.Redis.from_url(self.stack.servers.redis_url) as client:
            try:
                client.flushall()
            except redis.RedisError:
                return False  # it is dead already
        self.killed.append("flush")
        return True

    def _victims(self, what: str) -> list[int]:
        """A program with all its workers, or one worker of it."""
        name, _, child = what.partition("/")
        if name in ("postgres", "valkey"):
            server = postgres if name == "postgres" else valkey
            leader = server.pid(self.stack.home)
            family = programs.group(leader) if leader and child else [leader]
        else:
            leader, family = 0, []
            with suppress(KeyError):
                leader = self.stack.supervisor.pid(name)
                family = self.stack.supervisor.processes(name)
        workers = sorted({pid for pid in family if pid} - {leader})
        if child:
            return [self.random.choice(workers)] if workers else []
        return [leader, *workers] if leader else []

    def _blow(self) -> None:
        while len(self.killed) < self.plan.most and not self.over.is_set():
            for _ in range(self.random.randint(1, 2 * self.plan.every - 1)):
                self.steps.acquire(timeout=self.random.uniform(0.5, 3.0))
            time.sleep(self.random.uniform(0.0, 0.3))
            self.strike(self.random.choice(self.plan.faults))


@contextmanager
def blowing(stack: services.Stack, plan: Plan) -> Iterator[Storm]:
    """A storm as long as the block lasts; it learns of every step that the demo reports."""
    storm, tell = Storm(stack, plan), show.Board.tell

    def told(board: show.Board, outcome: Outcome, step: str) -> None:
        tell(board, outcome, step)
        storm.step_was_taken()

    show.Board.tell = told  # type: ignore[method-assign, assignment]
    try:
        if not plan.at_every_step:
            storm.thread.start()
        yield storm
    finally:
        with storm.lock:
            storm.over.set()
        show.Board.tell = tell  # type: ignore[method-assign]


def run(plan: Plan) -> Report:
    """Play the plan's file in its storm, let it calm down, and look at what is left."""
    demo.PLAYED_AT_ONCE, processes.LONGEST_PAUSE_S = plan.at_once, LONGEST_PAUSE_S
    play.EXPIRES_IN = timedelta(seconds=plan.expires_in_s)
    console, began = Console(width=160), time.monotonic()
    scripts, _ = demo.read(Path(plan.file))
    with services.running(say=console.print) as stack:
        with blowing(stack, plan) as storm:
            outcomes = demo.play(stack, scripts, console)
        report = Report(
            failed=[f"line {one.number}: {one.failed}" for one in outcomes if one.failed],
            ends=[one.states[-1][0] if one.states else "nothing" for one in outcomes],
            killed=storm.killed,
        )
        programs.wait_until(lambda: not _unsettled(), SETTLES_WITHIN_S, pause_s=0.5)
        report.unsettled = _unsettled()
        report.faults = invariants.faults(everything_is_ours=True)
    report.seconds = time.monotonic() - began
    return report


def _unsettled() -> int:
    """Approved claims that were not paid yet."""
    try:
        return Claim.objects.filter(approved_fen__gt=0, settlement=None).count()
    except Exception:
        connections.close_all()
        return -1


def main() -> None:
    """Run the plan in RX_STORM."""
    plan = Plan(**json.loads(os.environ["RX_STORM"]))
    sys.stdout.write(f"storm of seed {plan.seed}\n")
    report = run(plan)
    Path(plan.report).write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1))
