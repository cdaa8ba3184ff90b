"""
The port to a key management service, which holds the one key (KEK) that never lies with the data.

What it wraps are the few keys of ``hospital.keyring``, when a process starts, so a service behind a
network costs no request. ``KeyService`` is what such services offer (Tencent Cloud KMS: Encrypt and
Decrypt with an EncryptionContext; a new version of the key and the disabling of the old one).
``FileKeys`` is the embedded one: a file, ``settings.KEK_FILE``, to be kept off the disk, the
database and the backups that it protects.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from hospital import aead

_ID_BYTES = 4


class KeyService(Protocol):
    """``about`` is authenticated: what was wrapped for one purpose unwraps for no other."""

    def prepare(self) -> None:
        """Make the key if there is none."""

    def wrap(self, key: bytes, about: str) -> bytes:
        """Encrypt a key of ours by the newest key of the service."""

    def unwrap(self, wrapped: bytes, about: str) -> bytes:
        """Decrypt what ``wrap`` made. Raises ``aead.DoesNotOpen``."""

    def renew(self) -> None:
        """Wrap by a new key from now on; the older ones still unwrap."""

    def retire(self) -> None:
        """Unwrap by the newest key alone from now on; the older ones are destroyed."""


def service() -> KeyService:
    """The key service of the setting KEY_SERVICE."""
    made: KeyService = import_string(settings.KEY_SERVICE)()
    return made


class FileKeys:
    """Keys in a file: ``id key`` a line, both in hex, the newest last. Wrapped: id ‖ sealed."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or settings.KEK_FILE or settings.KEY_FOLDER / "kek.keys"

    def prepare(self) -> None:
        if not self.path.exists():
            self._write([_new_line()])

    def wrap(self, key: bytes, about: str) -> bytes:
        key_id, secret = list(self._keys().items())[-1]
        return key_id + aead.seal_with(secret, key, about)

    def unwrap(self, wrapped: bytes, about: str) -> bytes:
        secret = self._keys().get(wrapped[:_ID_BYTES])
        if secret is None:
            raise aead.DoesNotOpen
        return aead.unseal_with(secret, wrapped[_ID_BYTES:], about)

    def renew(self) -> None:
        self._write([*self._lines(), _new_line()])

    def retire(self) -> None:
        self._write(self._lines()[-1:])

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text().splitlines()
        except (OSError, ValueError) as fault:
            raise ImproperlyConfigured(f"no usable {self.path.name}: {fault}") from fault

    def _keys(self) -> dict[bytes, bytes]:
        try:
            pairs = [line.split() for line in self._lines()]
            keys = {bytes.fromhex(name): bytes.fromhex(key) for name, key in pairs}
        except ValueError as fault:
            raise ImproperlyConfigured(f"no usable {self.path.name}: {fault}") from fault
        if not keys or any(len(key) != aead.KEY_BYTES for key in keys.values()):
            raise ImproperlyConfigured(f"{self.path.name} holds no whole key")
        return keys

    def _write(self, lines: list[str]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace(self.path, lines)


def replace(path: Path, lines: list[str]) -> None:
    """Write a file of secrets, mode 0600: whole and durable, or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _new_line() -> str:
    return f"{os.urandom(_ID_BYTES).hex()} {os.urandom(aead.KEY_BYTES).hex()}"
