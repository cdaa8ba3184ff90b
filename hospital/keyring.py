"""
The keys that seal, as they lie on disk: each wrapped by the key service (``hospital.keyservice``).

``sealing.keys`` has a line for each, ``id made wrapped``, the newest last: it seals, the older ones
still open. ``index.key`` is the one key of the look-up digests, which no rotation can change, since
a digest cannot be made again without what it is of. A copy of both without the KEK opens nothing,
and tells nobody which identity number a digest is of.

**Rotation** (``rotate``, then ``hospital.resealing``, then ``drop``): a new key for sealing, and
all keys wrapped by a new KEK; what older keys have sealed is sealed anew; a key goes when nothing
is sealed by it any more. Each step leaves files that hold, so whoever is interrupted rotates again.
"""

from __future__ import annotations

import fcntl
import functools
import itertools
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from hospital import aead
from hospital.keyservice import KeyService, replace, service

RING, INDEX = "sealing.keys", "index.key"
ID_BYTES = 4
IN_FLIGHT = timedelta(days=1)
"""A process may still be about to store what it sealed by the key that was the newest then."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that seals; ``made`` is when."""

    id: bytes
    made: datetime
    secret: bytes


def sealing_keys(folder: Path) -> dict[bytes, Key]:
    """All keys that seal by their ids, the newest last. Raises ``ImproperlyConfigured``."""
    return _ring(folder, _stamp(folder / RING))


def index_key(folder: Path) -> bytes:
    """The key of look-up digests. Raises ``ImproperlyConfigured``."""
    return _index(folder, _stamp(folder / INDEX))


def make(folder: Path, *, now: datetime) -> None:
    """Make what is missing; keys that an earlier version has left unwrapped are wrapped."""
    keys = service()
    keys.prepare()
    with _alone(folder):
        if not (folder / RING).exists():
            _write_ring(folder, keys, [_new(now)])
        elif bare := _bare_ring(folder, now):
            _write_ring(folder, keys, bare)
        if not (folder / INDEX).exists():
            _write_index(folder, keys, os.urandom(aead.KEY_BYTES))
        elif len(text := (folder / INDEX).read_text().strip()) == 2 * aead.KEY_BYTES:
            _write_index(folder, keys, bytes.fromhex(text))


def rotate(folder: Path, *, now: datetime) -> Key:
    """
    Seal by a new key from now on, and have all keys wrapped by a new KEK; the old KEK is useless.

    Raises ``ImproperlyConfigured``.
    """
    keys = service()
    with _alone(folder):
        ring, index = list(sealing_keys(folder).values()), index_key(folder)
        keys.renew()
        _write_ring(folder, keys, [*ring, newest := _new(now)])
        _write_index(folder, keys, index)
        keys.retire()
    return newest


def drop(folder: Path, unused: Collection[bytes], *, now: datetime) -> list[bytes]:
    """
    Destroy the keys of these ids, by which nothing is sealed; those that went.

    One whose successor is younger than a day stays: a process may be about to store what it sealed.
    """
    with _alone(folder):
        ring = list(sealing_keys(folder).values())
        gone = [
            key.id
            for key, successor in itertools.pairwise(ring)
            if key.id in unused and now - successor.made >= IN_FLIGHT
        ]
        if gone:
            _write_ring(folder, service(), [key for key in ring if key.id not in gone])
    return gone


Stamp = tuple[int, int] | None


def _stamp(path: Path) -> Stamp:
    """What changes when the file is replaced: other processes rotate, and this one must notice."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


@functools.lru_cache(maxsize=8)
def _ring(folder: Path, stamp: Stamp) -> dict[bytes, Key]:
    found, keys = {}, service()
    try:
        for line in (folder / RING).read_text().splitlines():
            name, made, wrapped = line.split()
            key_id = bytes.fromhex(name)
            secret = keys.unwrap(bytes.fromhex(wrapped), _about(key_id))
            found[key_id] = Key(key_id, datetime.fromisoformat(made), secret)
    except (OSError, ValueError) as fault:
        raise ImproperlyConfigured(f"no usable {RING} in {folder}: {fault}") from fault
    except aead.DoesNotOpen as fault:
        raise ImproperlyConfigured(f"{RING} in {folder} is wrapped by another KEK") from fault
    if not found:
        raise ImproperlyConfigured(f"{RING} in {folder} holds no key")
    return found


@functools.lru_cache(maxsize=8)
def _index(folder: Path, stamp: Stamp) -> bytes:
    try:
        wrapped = bytes.fromhex((folder / INDEX).read_text().strip())
        return service().unwrap(wrapped, INDEX)
    except (OSError, ValueError) as fault:
        raise ImproperlyConfigured(f"no usable {INDEX} in {folder}: {fault}") from fault
    except aead.DoesNotOpen as fault:
        raise ImproperlyConfigured(f"{INDEX} in {folder} is wrapped by another KEK") from fault


def _new(now: datetime) -> Key:
    return Key(os.urandom(ID_BYTES), now, os.urandom(aead.KEY_BYTES))


def _bare_ring(folder: Path, now: datetime) -> list[Key]:
    """The keys of lines ``id key``, as they were written before there was a KEK; else none."""
    lines = [line.split() for line in (folder / RING).read_text().splitlines()]
    if any(len(line) != 2 for line in lines):
        return []
    return [Key(bytes.fromhex(name), now, bytes.fromhex(key)) for name, key in lines]


def _write_ring(folder: Path, keys: KeyService, ring: Collection[Key]) -> None:
    lines = [
        f"{key.id.hex()} {key.made.astimezone(UTC).isoformat(timespec='seconds')} "
        f"{keys.wrap(key.secret, _about(key.id)).hex()}"
        for key in ring
    ]
    replace(folder / RING, lines)


def _write_index(folder: Path, keys: KeyService, key: bytes) -> None:
    replace(folder / INDEX, [keys.wrap(key, INDEX).hex()])


def _about(key_id: bytes) -> str:
    return f"{RING}/{key_id.hex()}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time changes the files; the lock ends with the process."""
    handle = os.open(folder / "keyring.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
