"""``./rx demo [FILE]``: play prescriptions end to end, check every proof, tamper with a copy."""

from __future__ import annotations

import io
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from rich.console import Console

from config.demo import agents, cheat, finished, money, show, tamper, uploads
from config.demo.cast import Cast
from config.demo.play import Outcome, Play, Stage
from config.sample import loader
from config.servers import services
from config.servers.folder import ServerProblem
from ledger import audit, network
from ledger.policy import Policy
from ledger.readers import Folder
from prescriptions import national
from prescriptions.reading import Fault, Problem
from prescriptions.uploaded import Uploaded

PLAYED_AT_ONCE = 16


class Command(BaseCommand):
    """Start everything, play every prescription of a file, prove what happened."""

    help = "Play prescriptions end to end and verify everything."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, default=loader.PRESCRIPTIONS, help="JSON lines, D001"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        if not console.is_terminal:
            console = Console(width=200)
        began = time.monotonic()
        scripts, faulty = read(options["file"])
        if not scripts:
            if faulty:
                console.print(show.problems(faulty))
            raise CommandError(f"nothing to play: {options['file']} holds no valid prescription")
        try:
            with services.running(witnesses=True, say=console.print) as stack:
                outcomes = play(stack, scripts, console)
                cast = Cast.gather(stack.web_url, stack.simulator_url, stack.home / "demo")
                checks = [*uploads.made(cast, console), *proofs(console, stack.home)]
        except ServerProblem as problem:
            raise CommandError(str(problem)) from problem
        if faulty:
            console.print(show.problems(faulty))
        console.print(show.table(outcomes))
        for failure in show.failures(outcomes):
            console.print(failure)
        console.print(show.summary(outcomes), f"in {time.monotonic() - began:.1f} s")
        failed = sum(bool(one.failed) for one in outcomes) + checks.count(False)
        if failed:
            raise CommandError(f"{failed} expectations did not hold")
        console.print("[bold green]Every expectation held.")


def read(path: Path) -> tuple[list[tuple[int, Uploaded]], list[Problem]]:
    """The prescriptions of a file with their line numbers, and what is wrong with the rest."""
    scripts: list[tuple[int, Uploaded]] = []
    faulty: list[Problem] = []
    hospitals = {one.slug for one in loader.network() if one.kind == "hospital"}
    try:
        for number, found in national.read_file(path, loader.medicines()):
            if isinstance(found, list):
                faulty.extend(found)
            elif found.hospital not in hospitals:
                field, known = "mdtrtinfo.fixmedinsCode", ", ".join(sorted(hospitals))
                faulty.append(Problem(number, field, Fault.UNKNOWN, f"is none of {known}"))
            else:
                scripts.append((number, found))
    except OSError as fault:
        raise CommandError(f"{path} cannot be read: {fault.strerror}") from fault
    return scripts, faulty


def play(
    stack: services.Stack, scripts: Sequence[tuple[int, Uploaded]], console: Console
) -> list[Outcome]:
    """Play all of them, several at once; those that wait for the clock first."""
    cast = Cast.gather(stack.web_url, stack.simulator_url, stack.home / "demo")
    organisations = loader.network()
    agents.start(stack, cast, console.print)
    with show.Board(console, len(scripts)) as board:
        stage = Stage(
            cast=cast,
            fund=next(one.slug for one in organisations if one.kind == "social_fund"),
            pharmacies=[
                one.slug for one in organisations if one.kind == "pharmacy" and one.hospital is None
            ],
            couriers=[one.slug for one in organisations if one.kind == "courier"],
            origin=agreed_policy(stack, cast).logs[0].verifier.name,
            policy=lambda: agreed_policy(stack, cast),
            tell=board.tell,
        )
        ordered = sorted(scripts, key=lambda one: one[1].extras.ending != "expired")
        with ThreadPoolExecutor(PLAYED_AT_ONCE) as pool:
            outcomes = list(pool.map(lambda one: _play(stage, *one), ordered))
    return sorted(outcomes, key=lambda one: one.number)


def _play(stage: Stage, number: int, script: Uploaded) -> Outcome:
    try:
        return Play(stage, number, script).run()
    finally:
        connections.close_all()


def agreed_policy(stack: services.Stack, cast: Cast) -> Policy:
    """The file that the organisations agreed on; where there is none, what the log shows of it."""
    file = stack.home / "policy"
    if file.exists():
        return Policy.parse(file.read_bytes())
    return Policy.parse(cast.http.get("/log/policy").raise_for_status().content)


def proofs(console: Console, home: Path) -> Iterator[bool]:
    """
    Await the refunds and the last checkpoint, export the ledger and re-check it from entry 0; then
    tamper and cheat: each must be noticed.
    """
    yield money.went_back(console)
    first = network.lines()[0]
    if not finished.final(first, console):
        yield False
        return
    with tempfile.TemporaryDirectory(prefix="rx-demo-") as scratch:
        exported = Path(scratch) / "exported"
        call_command("ledger", "export", str(exported), log=first, stdout=io.StringIO())
        yield verified(exported, console)
        for change, said in tamper.attempts(exported, Path(scratch)):
            verdict = f"[green]caught[/]: {said}" if said else "[red]not noticed"
            console.print(f"Tampered with a copy: {change}: {verdict}")
            yield bool(said)
        for cheat_, said in cheat.attempts(home, exported, Path(scratch)):
            verdict = f"[green]caught[/] by {said}" if said else "[red]not noticed"
            console.print(f"The operator cheats: {cheat_}: {verdict}")
            yield bool(said)


def verified(exported: Path, console: Console) -> bool:
    """Re-check an exported ledger from entry 0."""
    files = Folder(exported)
    try:
        found = audit.files(files, audit.read_vkey(files))
    except audit.Fault as fault:
        console.print(f"[red]The ledger does not verify: {fault}")
        return False
    console.print(
        f"Ledger verified from entry 0: {found.size} entries about {found.subjects} subjects,"
        f" {found.keys} keys, in {found.seconds:.1f} s."
    )
    return True
