"""``manage.py guardian register FILE``, ``manage.py guardian end ID``: children's guardians."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hospital import errors
from hospital.guardians.actions import registering
from hospital.guardians.actions.registering import Papers

MEMBERS = {"ward", "guardian", "evidence"}
NAME = "ward_name"


class Command(BaseCommand):
    help = (
        "Register a child's guardian on papers that a hospital has seen, or end a guardianship. "
        'FILE is JSON: {"ward": identity number, "guardian": identity number, "evidence": words, '
        '"ward_name": the name of a child without an account}; the last may be missing.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("register").add_argument("file", type=Path)
        verbs.add_parser("end").add_argument("id", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            if options["verb"] == "end":
                found = registering.strike(options["id"], at=now)
                self.stdout.write(f"{found.subject} is ended")
            else:
                made = registering.register(_papers(options["file"]), at=now)
                self.stdout.write(f"{made.subject} until {made.until.isoformat()}")
        except errors.Refusal as refusal:
            raise CommandError(refusal.sentence()) from refusal


def _papers(path: Path) -> Papers:
    """Read from a file, for a command line with identity numbers stays in the shell's history."""
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError) as fault:
        raise CommandError("The file cannot be read as JSON.") from fault
    if not isinstance(said, dict) or not MEMBERS <= set(said) <= {*MEMBERS, NAME}:
        raise CommandError(f"The file has the members {', '.join(sorted(MEMBERS))}, and {NAME}.")
    if not all(isinstance(value, str) for value in said.values()):
        raise CommandError("Every member is a text.")
    return Papers(**said)
