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
from ledger import chain, network, note, opening, places, publication
from ledger.policy import BadPolicy, Policy


class Command(BaseCommand):
    help = "Make the server's keys if they are missing, open the ledger's log, publish its law."

    def handle(self, *args: Any, **options: Any) -> None:
        _check_lines()
        settings.KEY_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
        _django_key()
        sealing.make_keys(at=timezone.now())
        for name in services.SERVICES:
            services.make_key(name)
        origins = [network.newest(line) for line in (*network.lines(), network.national())]
        policy = _policy([places.make_keys(origin).verifier for origin in origins])
        for origin in origins:
            _open(origin, policy)


def _check_lines() -> None:
    """A person's line follows from how many there are, so their number is a network's for ever."""
    begun = network.begun()
    if begun and begun != set(network.lines()):
        raise CommandError(
            f"This network was begun with {len(begun)} lines of logs: set RX_LINES={len(begun)}, "
            "or begin another network in another RX_HOME."
        )


def _open(origin: str, policy: Policy) -> None:
    """Have a log open under the policy and the law of now, and both published beside it."""
    signer, now = places.signer(origin), timezone.now()
    text, digest = policy.agreement().decode(), law.digest()
    service_keys = services.verifier_keys(origin)
    opening.open_log(signer, service_keys=service_keys, policy=text, law=digest, at=now)
    try:
        opening.amend(signer, policy=text, law=digest, at=now)
    except opening.TooOld as fault:
        raise CommandError(
            f"The log {fault} was opened by an earlier version, without a law. "
            "Begin a new one: set RX_HOME to another folder, or remove this one."
        ) from fault
    except chain.Turned:
        return  # closed, and about to be continued: nothing is entered any more
    publish(origin, policy)


def _policy(own: list[note.Verifier]) -> Policy:
    """The agreed policy, or our logs alone where nobody has agreed on one."""
    path = Path(settings.LEDGER_POLICY)
    if not path.exists():
        return Policy.of_logs(*own)
    try:
        return Policy.parse(path.read_bytes())
    except BadPolicy as fault:
        raise CommandError(f"{path}: {fault}") from fault


def publish(origin: str, policy: Policy) -> None:
    """What everybody may read beside a log: the policy and the law."""
    writer = publication.Writer(places.published(origin))
    writer.replace(publication.POLICY, policy.text)
    writer.add(publication.law(law.digest()), law.document())
    writer.sync()


def _django_key() -> None:
    path = settings.KEY_FOLDER / "django.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
