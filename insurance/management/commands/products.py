"""Read a payer's products from a JSON file: each becomes the next edition of its code."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from hospital import errors, queries
from hospital.roles import OrganisationKind
from insurance.actions import coverage
from insurance.api_policies import ProductInput

PAYERS = (OrganisationKind.SOCIAL_FUND, OrganisationKind.INSURER)


class Command(BaseCommand):
    """The file holds a list of what ``POST /api/products`` takes; all of it is read, or nothing."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("payer", help="the payer's slug")
        parser.add_argument("file", type=Path)

    def handle(self, *_: Any, payer: str, file: Path, **options: Any) -> None:
        asked = ProductInput(data=json.loads(file.read_text()), many=True)
        if not asked.is_valid():
            raise CommandError(json.dumps(asked.errors, ensure_ascii=False))
        try:
            with transaction.atomic():
                found = queries.organisation(payer, *PAYERS)
                for said in asked.validated_data:
                    made = coverage.publish(payer=found.id, **said)
                    self.stdout.write(f"{made.product.code} {made.number}")
        except errors.Refusal as refusal:
            raise CommandError(f"{refusal.code} {refusal.facts}") from refusal
