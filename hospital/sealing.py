"""
Sealing: nothing of a person lies in clear in the database.

``seal`` encrypts with XChaCha20-Poly1305 (libsodium; 24-byte random nonces do not repeat in
practice) and binds the text to what it is ``about``: moved to another row, column or person it
does not open. ``index`` is a keyed digest for finding a row by a value that is only stored
sealed. The keys lie in ``settings.KEY_FOLDER`` and nowhere else; without them nothing starts.

A sealed text is ``version (1) ‖ key id (4) ‖ nonce (24) ‖ ciphertext``. ``sealing.keys`` holds
one key a line, the newest last: it seals, the older ones still open.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from nacl import bindings, exceptions, utils

KEY_BYTES = 32
_NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_VERSION = b"\x01"
_HEADER = 1 + 4 + _NONCE_BYTES


class DoesNotOpen(Exception):
    """The sealed text is damaged, was moved, or belongs to a key that is gone."""


def seal(plain: bytes, about: str) -> bytes:
    """Encrypt ``plain`` so that it opens only with the same ``about``."""
    key_id, key = list(_keys(settings.KEY_FOLDER).items())[-1]
    nonce = utils.random(_NONCE_BYTES)
    return _VERSION + key_id + nonce + _encrypt(plain, about, nonce, key)


def unseal(sealed: bytes | memoryview, about: str) -> bytes:
    """
    Open what ``seal`` made.

    Raises:
        DoesNotOpen: any byte or ``about`` differs, or the key is not in the key file.
    """
    data = bytes(sealed)
    key = _keys(settings.KEY_FOLDER).get(data[1:5])
    if key is None or data[:1] != _VERSION or len(data) < _HEADER:
        raise DoesNotOpen
    return _decrypt(data[_HEADER:], about, data[5:_HEADER], key)


def seal_with(key: bytes, plain: bytes, about: str) -> bytes:
    """Encrypt under a key of the caller's (a record's own key): nonce ‖ ciphertext."""
    nonce = utils.random(_NONCE_BYTES)
    return nonce + _encrypt(plain, about, nonce, key)


def unseal_with(key: bytes, sealed: bytes | memoryview, about: str) -> bytes:
    """Open what ``seal_with`` made. Raises ``DoesNotOpen``."""
    data = bytes(sealed)
    return _decrypt(data[_NONCE_BYTES:], about, data[:_NONCE_BYTES], key)


def index(value: str, domain: str) -> bytes:
    """A 32-byte keyed digest of ``value``, for equality look-ups within ``domain`` only."""
    message = f"{domain}\x00{value}".encode()
    return hmac.digest(_index_key(settings.KEY_FOLDER), message, hashlib.sha256)


def check_keys() -> None:
    """Raises ``ImproperlyConfigured`` unless both key files are there and whole."""
    _keys(settings.KEY_FOLDER)
    _index_key(settings.KEY_FOLDER)


def make_keys(folder: Path) -> None:
    """Make the key files that are missing; what is there is never touched."""
    for name, line in (
        ("sealing.keys", f"{os.urandom(4).hex()} {os.urandom(KEY_BYTES).hex()}\n"),
        ("index.key", f"{os.urandom(KEY_BYTES).hex()}\n"),
    ):
        if not (folder / name).exists():
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())


def _encrypt(plain: bytes, about: str, nonce: bytes, key: bytes) -> bytes:
    return bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, about.encode(), nonce, key)


def _decrypt(sealed: bytes, about: str, nonce: bytes, key: bytes) -> bytes:
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, about.encode(), nonce, key
        )
    except (exceptions.CryptoError, ValueError) as fault:
        raise DoesNotOpen from fault


@functools.cache
def _keys(folder: Path) -> dict[bytes, bytes]:
    try:
        lines = (folder / "sealing.keys").read_text().splitlines()
        pairs = [line.split() for line in lines]
        keys = {bytes.fromhex(name): bytes.fromhex(key) for name, key in pairs}
    except (OSError, ValueError) as fault:
        raise ImproperlyConfigured(f"no usable sealing.keys in {folder}: {fault}") from fault
    if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise ImproperlyConfigured(f"sealing.keys in {folder} holds no whole key")
    return keys


@functools.cache
def _index_key(folder: Path) -> bytes:
    try:
        key = bytes.fromhex((folder / "index.key").read_text().strip())
    except (OSError, ValueError) as fault:
        raise ImproperlyConfigured(f"no usable index.key in {folder}: {fault}") from fault
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"index.key in {folder} is not {KEY_BYTES} bytes")
    return key
