"""
The server's own roles and their private keys.

``access`` signs views, ``clock`` expiries, ``cashier`` payments; ``registrar`` vouches for enrolled
keys, ``promise`` promises that entries will be final. Their public keys stand in the ledger's first
entry. No key of a person or of an organisation is ever here.
"""

from __future__ import annotations

import functools
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from hospital.roles import SERVER, Actor, Role
from ledger import keyfile, network, note
from ledger.entry import Statement

SERVICES = ("access", "clock", "cashier", "registrar", "promise")
CLOCK = Actor(account=SERVER, role=Role.CLOCK)
CASHIER = Actor(account=SERVER, role=Role.CASHIER)


def key_name(service: str, log: str = "") -> str:
    """The name under which ``service`` signs in a log; without one, in the very first."""
    return f"{log or network.lines()[0]}/{service}"


def signer(service: str, log: str = "") -> note.Signer:
    """
    The service's key under the name that it has in a log. The key is the same in all of them.

    Raises ``ImproperlyConfigured`` when the key file is missing.
    """
    return _signer(settings.KEY_FOLDER, service, key_name(service, log))


def check_keys() -> None:
    """Raises ``ImproperlyConfigured`` unless every service has its key."""
    for service in SERVICES:
        signer(service)


def sign(service: str, statement: Statement) -> bytes:
    """The complete signed note of a statement drawn for ``service``."""
    return note.sign(statement.text(), signer(service, statement.log))


def verifier_keys(log: str) -> dict[str, str]:
    """The services' verifier keys by role, as the log's first entry names them."""
    return {service: signer(service, log).verifier.vkey for service in SERVICES}


def make_key(service: str) -> note.Signer:
    """The service's key, made and saved first if there is none."""
    path = settings.KEY_FOLDER / f"{service}.key"
    if not path.exists():
        keyfile.save(path, note.Signer.generate(key_name(service)))
    return signer(service)


@functools.cache
def _signer(folder: Path, service: str, name: str) -> note.Signer:
    try:
        loaded = keyfile.load(folder / f"{service}.key")
    except (OSError, ValueError) as fault:
        raise ImproperlyConfigured(f"no usable {service}.key in {folder}: {fault}") from fault
    return loaded if loaded.verifier.name == name else note.Signer(name, loaded.seed)
