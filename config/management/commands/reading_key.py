"""
``manage.py reading_key new FILE``, ``reading_key open FILE… < answer.json``: an organisation's key.

Nothing is asked but the files: no database, no network. The private key stays where it was made.
"""

from __future__ import annotations

import base64
import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hospital import boxes


class Command(BaseCommand):
    help = "Make an organisation's reading key, or open the answers that are sealed to it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("new", help="make a key file").add_argument("file", type=Path)
        opening = verbs.add_parser("open", help="open the answer on standard input")
        opening.add_argument("file", type=Path, nargs="+", help="of a key; older open older ones")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verb"] == "new":
                self._make(options["file"])
            else:
                self._open(options["file"])
        except FileExistsError as fault:
            raise CommandError("There is such a file; a key is never written over.") from fault
        except OSError as fault:
            raise CommandError(f"No file to read or write there: {fault.strerror}.") from fault
        except boxes.Unusable as fault:
            raise CommandError("This is no file of a reading key.") from fault
        except boxes.DoesNotOpen as fault:
            raise CommandError("None of these keys opens the answer.") from fault

    def _make(self, path: Path) -> None:
        public = boxes.make(path)
        self.stdout.write(f"public key   {base64.b64encode(public).decode()}")
        self.stdout.write(f"fingerprint  {boxes.fingerprint(public)}")

    def _open(self, paths: list[Path]) -> None:
        keys = [boxes.load(path) for path in paths]
        try:
            answer = json.load(sys.stdin)
        except ValueError as fault:
            raise CommandError("The answer is no JSON.") from fault
        shown = boxes.opened(answer, keys)
        self.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2))
