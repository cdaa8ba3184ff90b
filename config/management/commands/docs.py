"""``manage.py docs``: write what is made from other files; ``--check``: say what is out of step."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import documents, translations


class Command(BaseCommand):
    help = "Make the documents in docs/ that state what the code does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, compare")

    def handle(self, *args: Any, **options: Any) -> None:
        stale = []
        made = {path: text.encode() for path, text in documents.documents().items()}
        for path, content in {**made, **translations.compiled()}.items():
            if not path.exists() or path.read_bytes() != content:
                stale.append(path.name)
                if not options["check"]:
                    path.write_bytes(content)
        if stale and options["check"]:
            raise CommandError(f"out of step: {', '.join(stale)}; run manage.py docs")
        self.stdout.write(f"written: {', '.join(stale)}" if stale else "all in step")
