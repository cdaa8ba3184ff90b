"""``manage.py init``: make the keys that are missing and open the log. Repeating it is harmless."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import law
from hospital import sealing, services
from ledger import keyfile, note, opening, publication
from ledger.cosignature import Algorithm, Cosigner
from ledger.policy import BadPolicy, Policy


class Command(BaseCommand):
    help = "Make the server's keys if they are missing, open the ledger's log, publish its law."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.KEY_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
        _django_key()
        sealing.make_keys(settings.KEY_FOLDER)
        vkeys = {name: services.make_key(name).verifier.vkey for name in services.SERVICES}
        signer, now = _log_key(), timezone.now()
        policy = _policy(signer.verifier)
        agreed = {"policy": policy.agreement().decode(), "law": law.digest()}
        opening.open_log(signer, service_keys=vkeys, **agreed, at=now)
        try:
            opening.amend(signer, **agreed, at=now)
        except opening.TooOld as fault:
            raise CommandError(
                f"The log {fault} was opened by an earlier version, without a law. "
                "Begin a new one: set RX_HOME to another folder, or remove this one."
            ) from fault
        _publish(policy)


def _policy(own: note.Verifier) -> Policy:
    """The agreed policy, or the log alone where nobody has agreed on one."""
    path = Path(settings.LEDGER_POLICY)
    if not path.exists():
        return Policy.of_log(own)
    try:
        return Policy.parse(path.read_bytes())
    except BadPolicy as fault:
        raise CommandError(f"{path}: {fault}") from fault


def _publish(policy: Policy) -> None:
    """What everybody may read beside the log: the policy and the law."""
    writer = publication.Writer(settings.LOG_FOLDER)
    writer.replace(publication.POLICY, policy.text)
    writer.add(publication.law(law.digest()), law.document())
    writer.sync()


def _django_key() -> None:
    path = settings.KEY_FOLDER / "django.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))


def _log_key() -> note.Signer:
    second = settings.KEY_FOLDER / "log.ml-dsa.key"
    if settings.LEDGER_POST_QUANTUM and not second.exists():
        keyfile.save(second, Cosigner.generate(settings.LEDGER_ORIGIN, Algorithm.ML_DSA_44))
    return keyfile.load_or_make(settings.KEY_FOLDER / "log.key", settings.LEDGER_ORIGIN)
