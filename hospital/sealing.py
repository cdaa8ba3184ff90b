"""
Sealing: nothing of a person lies in clear in the database.

``seal`` encrypts (``hospital.aead``) by the newest key of ``hospital.keyring`` and binds the text
to what it is ``about``. ``index`` is a keyed digest for finding a row by a value that is only
stored sealed. Without the keys nothing starts.

A sealed text is ``version (1) ‖ key id (4) ‖ nonce (24) ‖ ciphertext``.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from django.conf import settings

from hospital import keyring
from hospital.aead import KEY_BYTES as KEY_BYTES
from hospital.aead import NONCE_BYTES, seal_with, unseal_with
from hospital.aead import DoesNotOpen as DoesNotOpen

_VERSION = b"\x01"
_ID_FROM, _ID_TO = 1, 1 + keyring.ID_BYTES
_HEADER = _ID_TO + NONCE_BYTES


def seal(plain: bytes, about: str) -> bytes:
    """Encrypt ``plain`` so that it opens only with the same ``about``."""
    key = newest_key()
    return _VERSION + key.id + seal_with(key.secret, plain, about)


def unseal(sealed: bytes | memoryview, about: str) -> bytes:
    """
    Open what ``seal`` made.

    Raises:
        DoesNotOpen: any byte or ``about`` differs, or the key is not in the keyring.
    """
    data = bytes(sealed)
    key = keyring.sealing_keys(settings.KEY_FOLDER).get(data[_ID_FROM:_ID_TO])
    if key is None or data[:_ID_FROM] != _VERSION or len(data) < _HEADER:
        raise DoesNotOpen
    return unseal_with(key.secret, data[_ID_TO:], about)


def newest_key() -> keyring.Key:
    """The key by which ``seal`` seals."""
    return list(keyring.sealing_keys(settings.KEY_FOLDER).values())[-1]


def index(value: str, domain: str) -> bytes:
    """A 32-byte keyed digest of ``value``, for equality look-ups within ``domain`` only."""
    message = f"{domain}\x00{value}".encode()
    return hmac.digest(keyring.index_key(settings.KEY_FOLDER), message, hashlib.sha256)


def check_keys() -> None:
    """Raises ``ImproperlyConfigured`` unless all keys are there, whole, and unwrap."""
    keyring.sealing_keys(settings.KEY_FOLDER)
    keyring.index_key(settings.KEY_FOLDER)


def make_keys(*, at: datetime) -> None:
    """Make the keys that are missing; what is there stays in force."""
    keyring.make(settings.KEY_FOLDER, now=at)
