"""
``manage.py ledger``: hand out the log, say how it is, acknowledge a witness's alarm.

    export DIR         the whole log as files, for anybody to verify elsewhere
    status             sizes, lag, witnesses, alarms; the exit code is 1 while an alarm stands
    acknowledge NAME   sign again though this witness has seen more of the log than we know

``--log ORIGIN`` says which log is meant where there are several; ``status`` lists them.
"""

import io
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from ledger import audit, checkpoints, network, places, publication, status
from ledger.readers import Folder


class Command(BaseCommand):
    """Hand out the log, say how it is."""

    help = "Hand out the log, or say how it is."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(required=True, dest="verb")
        export = verbs.add_parser("export", help="write the log's files into an empty folder")
        export.add_argument("folder", type=Path)
        export.add_argument("--log", default="", help="its origin; default: the first open one")
        verbs.add_parser("status", help="say how the log is; 1 while an alarm stands")
        acknowledge = verbs.add_parser("acknowledge", help="sign again in spite of this witness")
        acknowledge.add_argument("witness")
        acknowledge.add_argument("--log", default="", help="its origin; default: the first open")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            if verb == "export":
                self._export(options["log"] or network.newest(), options["folder"])
            elif verb == "acknowledge":
                self._acknowledge(options["log"] or network.newest(), options["witness"])
            else:
                self._status()
        except (
            FileExistsError,
            network.UnknownLog,
            places.BadName,
            publication.Refused,
        ) as error:
            raise CommandError(str(error)) from error

    def _export(self, origin: str, folder: Path) -> None:
        head = checkpoints.export(origin, folder, places.published(origin))
        self.stdout.write(f"{head.size} entries of {head.origin} are in {folder}")
        before = audit.predecessor(Folder(folder), audit.read_vkey(Folder(folder)))
        if before:
            self.stdout.write(f"It continues {before}: export that too (--log {before}), and")
            self.stdout.write(f"check them together: ./rx verify THAT-FOLDER {folder}")
        else:
            self.stdout.write(f"check them: ./rx verify {folder}")

    def _acknowledge(self, origin: str, name: str) -> None:
        if not status.acknowledge(origin, name):
            raise CommandError(f"{name} does not say that it has seen more")
        self.stdout.write(f"The signer goes on; {name} will refuse until it is set up anew.")

    def _status(self) -> None:
        logs = [status.look(origin) for origin in network.working()]
        for seen in logs:
            self._show(seen)
        if any(seen.alarms for seen in logs):
            sys.exit(1)

    def _show(self, seen: status.Status) -> None:
        lag = seen.lag
        self.stdout.write(
            f"{seen.origin}: {lag.sequenced} entries sequenced, {lag.signed} signed,"
            f" {lag.final} final; the oldest that is not final waits {lag.oldest_s:.1f} s"
        )
        if seen.witnesses:
            drawn = io.StringIO()
            Console(file=drawn, width=120).print(_table(seen))
            self.stdout.write(drawn.getvalue())
        for code, text in seen.alarms.items():
            self.stdout.write(f"ALARM  {code}: {text}")
        if seen.witnesses and not seen.margin:
            self.stdout.write("One witness more that fails, and nothing becomes final.")


def _table(seen: status.Status) -> Table:
    table = Table()
    for name in ("witness", "size", "trouble", "words"):
        table.add_column(name)
    for one in seen.witnesses:
        table.add_row(one.name, str(one.size), one.trouble or "none", one.text)
    return table
