"""
``manage.py verify [DIR|URL] [--vkey KEY]``: re-verify a log from entry 0.

Without an argument it verifies the log in this database and what has been published of it. For a
folder or an address it needs no database, only the key; without ``--vkey`` it takes the key that
lies beside the log, which proves that the log is whole but not whose it is.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from ledger import audit, chain, inspection, tiles
from ledger.readers import Folder, Web

Check = Callable[[audit.Progress], audit.Summary]


class Command(BaseCommand):
    """Re-verify every signature and every hash of a log; the exit code is 1 at the first fault."""

    help = "Re-verify every signature and every hash of a log, from entry 0."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", nargs="?", help="a folder or an address; default: our own log")
        parser.add_argument("--vkey", help="the log's verifier key; default: the one beside it")

    def handle(self, *args: Any, log: str | None, vkey: str | None, **options: Any) -> None:
        try:
            if log is None:
                self._verify_own()
            else:
                self._verify_files(_reader(log), vkey)
        except audit.Fault as fault:
            self.stderr.write(f"FAULT  {fault.where}\n       {fault.what}")
            sys.exit(1)
        except chain.UnknownLog as error:
            raise CommandError(f"no log {error} in this database; run ./rx init") from error

    def _verify_own(self) -> None:
        origin, folder = chain.origin(), Path(settings.LOG_FOLDER)
        laws = functools.partial(audit.published_law, Folder(folder))
        self._run("database", lambda progress: inspection.database(origin, progress, laws))
        if any((folder / name).exists() for name in (audit.SIGNED, audit.CHECKPOINT)):
            self._run("published", lambda progress: inspection.published(origin, folder, progress))
        else:
            self.stdout.write("Nothing has been published yet.")

    def _verify_files(self, reader: tiles.Reader, vkey: str | None) -> None:
        key = vkey or audit.read_vkey(reader)
        self._run("files", lambda progress: inspection.verify_files(reader, key, progress))
        if vkey is None:
            self.stdout.write(f"The key lay beside the log; compare it with its owner's: {key}")

    def _run(self, what: str, check: Check) -> None:
        with _bar(what) as progress:
            summary = check(progress)
        rate = summary.size / max(summary.seconds, 1e-9)
        self.stdout.write(
            f"OK     {what}: {summary.origin}\n"
            f"       {summary.size} entries about {summary.subjects} subjects,"
            f" {summary.keys} keys\n"
            f"       root {summary.root.hex()} at size {summary.size}\n"
            f"       {_judged(summary)}\n"
            f"       {summary.seconds:.2f} s, {rate:,.0f} entries/s"
        )
        for path in summary.strays:
            self.stdout.write(f"       not part of the log as checkpointed: {path}")


def _judged(summary: audit.Summary) -> str:
    if summary.law:
        return f"every entry is lawful by the law {summary.law}"
    return "no law is published: signatures and chain alone"


def _reader(log: str) -> tiles.Reader:
    if log.startswith(("http://", "https://")):
        return Web(log)
    if not Path(log).is_dir():
        raise CommandError(f"no such folder: {log}")
    return Folder(Path(log))


@contextmanager
def _bar(what: str) -> Iterator[audit.Progress]:
    """A progress bar where a person is watching, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with Progress(transient=True) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)
