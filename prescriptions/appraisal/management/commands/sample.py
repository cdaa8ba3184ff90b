"""
``manage.py sample HOSPITAL MONTH LOG…``: draw a hospital's monthly sample again, from files alone.

It needs no database and no key: the folders or addresses of the network's logs are enough, each as
``./rx ledger export`` writes it or as it is served; not the national log, which has no part in it.
Whoever gets the same subjects, one a line, as the hospital was given knows that nobody chose them.
``./rx verify`` checks the files.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import beside, note, tiles
from ledger.management import given
from ledger.treehead import TreeHead
from prescriptions.appraisal import drawing, months, population
from prescriptions.appraisal.months import Month
from prescriptions.appraisal.population import Part


class Command(BaseCommand):
    """Draw a hospital's monthly sample again."""

    help = "Draw a hospital's monthly sample of prescriptions again, from exported logs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("hospital", help="its name in the logs")
        parser.add_argument("month", help="for example 2026-10")
        parser.add_argument(
            "log", nargs="+", help="folders or addresses of all logs of the network"
        )

    def handle(self, *args: Any, hospital: str, month: str, log: list[str], **options: Any) -> None:
        try:
            wanted = months.parse(month)
            found = [_part(given.log(one), wanted) for one in log]
        except (LookupError, ValueError) as error:
            raise CommandError(given.printable(str(error))) from error
        except population.StillOpen as error:
            raise CommandError(f"{month} is not over yet in {error}") from error
        parts = [part for part in found if part is not None]
        self._report(hospital, wanted, parts)

    def _report(self, hospital: str, month: Month, parts: list[Part]) -> None:
        for part in sorted(parts, key=lambda part: part.head.origin):
            head = part.head
            self.stderr.write(f"{head.origin}: {head.size} entries, root {head.root.hex()}")
        drawn = drawing.draw(hospital, month, parts)
        self.stderr.write(f"seed {drawing.seed(month, parts).hex()}")
        self.stderr.write(f"{len(drawn.sample)} of {drawn.population} prescriptions:")
        for one in drawn.sample:
            self.stdout.write(given.printable(one.subject))


def _part(reader: tiles.Reader, month: Month) -> Part | None:
    return population.read(reader, _head(reader), month)


def _head(reader: tiles.Reader) -> TreeHead:
    """The largest head that the log's own key, as it lies beside the log, has signed."""
    verifier = note.Verifier.from_vkey(beside.read_vkey(reader))
    roots = beside.Heads(reader, verifier).roots
    return TreeHead(verifier.name, max(roots), roots[max(roots)][1])
