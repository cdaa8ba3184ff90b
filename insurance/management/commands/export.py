"""The patient's copy: ``export verify`` checks it offline, with nothing but the policy file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from insurance import bundle
from ledger.management import given


class Command(BaseCommand):
    """Check a patient's copy without asking anybody."""

    help = "Check a patient's copy without asking anybody."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(required=True, dest="verb")
        verify = verbs.add_parser("verify", help="check all pages with the policy alone")
        verify.add_argument("file", type=Path, nargs="+", help="the pages, from /api/me/export")
        given.add_policy(verify)

    def handle(self, *args: Any, file: list[Path], policy: Path | None, **options: Any) -> None:
        try:
            pages = [given.content(one) for one in file]
            found = bundle.verify(pages, given.policy(policy))
        except ValueError as error:
            raise CommandError(given.printable(f"The copy does not hold: {error}.")) from error
        for one in found:
            hidden = f", {one.hidden} fields of its record apart" if one.hidden else ""
            word = "stated" if one.stated else "proven"
            self.stdout.write(given.printable(f"{word}   {one.name}{hidden}"))
        stated = sum(one.stated for one in found)
        self.stdout.write(
            f"OK       {len(found) - stated} resources are proven, {stated} rest on the server's"
            " word, and no entry is missing"
        )
