"""``manage.py evidence verify FILE``: check evidence against a log, with the policy alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import evidence
from ledger.management import given


class Command(BaseCommand):
    """Check evidence without asking anybody; the exit code is 1 if it shows nothing."""

    help = "Check evidence that a log showed two histories or broke a promise."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(required=True)
        verify = verbs.add_parser("verify", help="check an evidence file with the policy alone")
        verify.add_argument("file", type=Path)
        given.add_policy(verify)

    def handle(self, *args: Any, file: Path, policy: Path | None, **options: Any) -> None:
        data, agreed = given.content(file), given.policy(policy)
        try:
            found = evidence.verify(data, agreed)
        except ValueError as error:
            raise CommandError(given.printable(f"It shows nothing: {error}.")) from error
        self.stdout.write(given.printable(f"SHOWN  {found.sentence}"))
