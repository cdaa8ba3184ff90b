"""
``manage.py verify [DIR|URL …] [--vkey KEY]``: re-verify logs from entry 0.

Without an argument it verifies the log in this database and what has been published of it. For a
folder or an address it needs no database, only the key; without ``--vkey`` it takes the key that
lies beside the log, which proves that the log is whole but not whose it is. A log that continues
another one follows after it. A national log is compared with the others that were named.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from ledger import anchors, audit, inspection, network, places, tiles
from ledger.readers import Folder, Web

Check = Callable[[audit.Progress], audit.Summary]


_Seen = tuple[tiles.Reader, audit.Summary]


class Command(BaseCommand):
    """Re-verify every signature and every hash of a log; the exit code is 1 at the first fault."""

    help = "Re-verify every signature and every hash of a log, from entry 0."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "log", nargs="*", help="folders or addresses, a log before its successor; default: ours"
        )
        parser.add_argument("--vkey", help="the log's verifier key; default: the one beside it")

    def handle(self, *args: Any, log: list[str], vkey: str | None, **options: Any) -> None:
        if vkey and len(log) > 1:
            raise CommandError("--vkey is for one log; verify them one by one")
        try:
            if log:
                self._verify_files([_reader(one) for one in log], vkey)
            else:
                self._verify_own()
        except audit.Fault as fault:
            self.stderr.write(f"FAULT  {fault.where}\n       {fault.what}")
            sys.exit(1)
        except network.UnknownLog as error:
            raise CommandError(f"no log {error} in this database; run ./rx init") from error

    def _verify_own(self) -> None:
        seen: list[_Seen] = []
        network.log_id(network.lines()[0])
        for line in (*network.lines(), network.national()):
            tables, files = audit.History(), audit.History()
            for origin in inspection.logs_of(line):
                self._verify_tables(origin, tables)
                if one := self._verify_published(origin, files):
                    seen.append(one)
        self._compare(seen)

    def _verify_tables(self, origin: str, history: audit.History) -> None:
        laws = functools.partial(audit.published_law, Folder(places.published(origin)))
        self._run("database", lambda progress: inspection.database(origin, progress, laws, history))

    def _verify_published(self, origin: str, history: audit.History) -> _Seen | None:
        folder = places.published(origin)
        if not any((folder / name).exists() for name in (audit.SIGNED, audit.CHECKPOINT)):
            self.stdout.write(f"Nothing has been published of {origin} yet.")
            return None
        summary = self._run(
            "published", lambda progress: inspection.published(origin, folder, progress, history)
        )
        return Folder(folder), summary

    def _verify_files(self, readers: list[tiles.Reader], vkey: str | None) -> None:
        seen, history = list[_Seen](), audit.History()
        for reader in readers:
            key = vkey or audit.read_vkey(reader)
            if seen and audit.predecessor(reader, key) != seen[-1][1].origin:
                history = audit.History()
            summary = self._run("files", functools.partial(_check, reader, key, history))
            seen.append((reader, summary))
            if vkey is None:
                self.stdout.write(f"The key lay beside the log; compare it with its owner's: {key}")
        self._compare(seen)

    def _compare(self, seen: list[_Seen]) -> None:
        """What a national log says of the others."""
        logs = {summary.origin: (reader, summary.size) for reader, summary in seen}
        for _, summary in seen:
            if not summary.anchors:
                continue
            try:
                compared = anchors.compare(summary.anchors, logs)
            except anchors.Contradicted as error:
                raise audit.Fault(summary.origin, str(error)) from error
            self.stdout.write(
                f"OK     {summary.origin} holds {len(summary.anchors)} checkpoints,"
                f" {compared} of them of the logs above"
            )

    def _run(self, what: str, check: Check) -> audit.Summary:
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
        return summary


def _check(
    reader: tiles.Reader, vkey: str, history: audit.History, progress: audit.Progress
) -> audit.Summary:
    return inspection.verify_files(reader, vkey, progress, history)


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
