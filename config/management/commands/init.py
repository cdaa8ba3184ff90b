"""``manage.py init``: make the keys that are missing and open the log. Repeating it is harmless."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from hospital import sealing, services
from ledger import keyfile, note, opening

POLICY = {"witnesses": 0}
"""What makes a checkpoint final: no witness yet, the log's own signature alone."""


class Command(BaseCommand):
    help = "Make the server's keys if they are missing, and open the ledger's log."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.KEY_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
        _django_key()
        sealing.make_keys(settings.KEY_FOLDER)
        vkeys = {name: services.make_key(name).verifier.vkey for name in services.SERVICES}
        opening.open_log(_log_key(), service_keys=vkeys, policy=POLICY, at=timezone.now())


def _django_key() -> None:
    path = settings.KEY_FOLDER / "django.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))


def _log_key() -> note.Signer:
    path = settings.KEY_FOLDER / "log.key"
    if not path.exists():
        keyfile.save(path, note.Signer.generate(settings.LEDGER_ORIGIN))
    return keyfile.load(path)
