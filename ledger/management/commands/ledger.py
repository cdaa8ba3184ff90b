"""``manage.py ledger export DIR``: the whole log as files, for anybody to verify elsewhere."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import chain, checkpoints, publication


class Command(BaseCommand):
    """Hand out the log."""

    help = "Hand out the log."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(required=True)
        export = verbs.add_parser("export", help="write the log's files into an empty folder")
        export.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            head = checkpoints.export(chain.origin(), folder)
        except (FileExistsError, chain.UnknownLog, publication.Refused) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{head.size} entries of {head.origin} are in {folder}")
        self.stdout.write(f"check them: ./rx verify {folder}")
