"""``manage.py medicines FILE``: take the catalogue of medicines from a CSV or Excel file."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hospital import errors
from prescriptions.catalogue import files
from prescriptions.catalogue.actions import importing
from prescriptions.catalogue.reading import COLUMNS, Bad

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Take medicines from FILE (.csv in UTF-8 or GB 18030, .xlsx). Rows that cannot be read are "
        "told and left out. Columns: " + ", ".join(f"{one.name} ({one.chinese})" for one in COLUMNS)
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write bad cells as CSV")
        parser.add_argument("--strict", action="store_true", help="take nothing if a row is bad")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = importing.take(files.rows(options["file"]), strict=options["strict"])
        except errors.Refusal as refusal:
            raise CommandError(refusal.sentence()) from refusal
        except OSError as fault:
            raise CommandError(f"{options['file']}: {fault.strerror}") from fault
        for one in report.bad[:SHOWN]:
            self.stderr.write(f"row {one.row}, {one.column}: {one.problem.value} {one.value!r}")
        if len(report.bad) > SHOWN:
            self.stderr.write(f"… and {len(report.bad) - SHOWN} more; --report FILE has them all")
        if options["report"]:
            _write(options["report"], report.bad)
        rows = len({one.row for one in report.bad})
        self.stdout.write(
            f"{report.new} new, {report.changed} changed, {report.same} as before, {rows} bad rows"
        )
        if rows:
            raise CommandError("Mend the bad rows and take the file again; what is taken stays.")


def _write(path: Path, bad: list[Bad]) -> None:
    """For a spreadsheet, which knows UTF-8 by its mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "column", "problem", "value"))
        writer.writerows((one.row, one.column, one.problem.value, one.value) for one in bad)
