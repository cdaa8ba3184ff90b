"""
``manage.py keys status|rotate``: the keys that seal what is personal.

    status   which key has sealed how many values; nothing is changed
    rotate   a new KEK and a new sealing key, and everything sealed by it; repeat it if interrupted

Everything goes on meanwhile. See docs/keys.md.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config import sealed
from hospital import keyring, resealing


class Command(BaseCommand):
    """Look at the sealing keys, or rotate them."""

    help = "Say which keys are in use, or rotate them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(required=True, dest="verb")
        verbs.add_parser("status", help="which key has sealed how many values")
        verbs.add_parser("rotate", help="a new KEK and a new sealing key; everything sealed by it")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if verb == "rotate":
            self._rotate()
        used = _in_use()
        for key_id, key in keyring.sealing_keys(settings.KEY_FOLDER).items():
            made = f"{key.made:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{key_id.hex()} made {made} UTC: {used[key_id]} values")

    def _rotate(self) -> None:
        newest = keyring.rotate(settings.KEY_FOLDER, now=timezone.now())
        self.stdout.write(f"Sealing by {newest.id.hex()}; the old KEK unwraps nothing any more.")
        broken = 0
        for columns in sealed.COLUMNS:
            for field in columns.fields:
                done = resealing.reseal(columns, field)
                name = f"{columns.model._meta.label}.{field}"
                self.stdout.write(f"{name}: {done.resealed} sealed anew")
                for key in done.broken:
                    self.stderr.write(f"{name} of {key} does not open")
                broken += len(done.broken)
        ring = keyring.sealing_keys(settings.KEY_FOLDER)
        unused = set(ring) - set(_in_use())
        for gone in keyring.drop(settings.KEY_FOLDER, unused, now=timezone.now()):
            self.stdout.write(f"{gone.hex()} seals nothing any more and is destroyed")
        if broken:
            raise CommandError(f"{broken} values do not open; they stay as they were")


def _in_use() -> Counter[bytes]:
    used: Counter[bytes] = Counter()
    for columns in sealed.COLUMNS:
        for field in columns.fields:
            used.update(resealing.keys_in_use(columns, field))
    return used
