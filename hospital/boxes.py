"""
Answers that only their reader opens: sealed boxes (X25519, libsodium), and files of their keys.

Pure: readers run it without a server (``hospital.client``, ``./rx reading-key``). A box is a JSON
object

    {"sealed_to": "readingkey/<organisation>", "key": fingerprint, "box": base64(sealed box)}

and holds the JSON text ``{"looks": [leaf, …], "answer": …}``: the answer, and the leaves of the
``record.view`` entries that were made for it. Spaces behind the text hide its exact length.

A sealed box says nothing about who made it, for anybody may use a public key. That what was opened
is what was sealed is shown by the record's commitment in the ledger, not by the box.
Source: libsodium, ``crypto_box_seal``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nacl import exceptions, public

KEY_BYTES = 32
PADDED_TO = 512
"""Bytes: boxes have lengths that are multiples of it, and a little."""
SEALED_TO, KEY, BOX = "sealed_to", "key", "box"
HEAD = f'{{"{SEALED_TO}":'.encode()
"""How the bytes of a box begin; no other answer of ours begins so."""


class DoesNotOpen(Exception):
    """No key at hand opens this box."""


class Unusable(Exception):
    """No usable X25519 key: a wrong length, or a point to which nothing can be sealed."""


def fingerprint(public_key: bytes) -> str:
    """How boxes and people name a key: 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def seal(plain: bytes, public_key: bytes, name: str) -> dict[str, str]:
    """A box for ``name`` that holds the JSON text ``plain``. Raises ``Unusable``."""
    padded = plain.ljust(-(-len(plain) // PADDED_TO) * PADDED_TO)
    box = base64.b64encode(sealed(padded, public_key)).decode()
    return {SEALED_TO: name, KEY: fingerprint(public_key), BOX: box}


def sealed(plain: bytes, public_key: bytes) -> bytes:
    """A bare sealed box. Raises ``Unusable``."""
    try:
        return bytes(public.SealedBox(public.PublicKey(public_key)).encrypt(plain))
    except (exceptions.CryptoError, TypeError, ValueError) as fault:
        raise Unusable from fault


def unsealed(box: bytes, keys: Iterable[public.PrivateKey]) -> bytes:
    """What a bare sealed box holds. Raises ``DoesNotOpen``."""
    for key in keys:
        try:
            return bytes(public.SealedBox(key).decrypt(box))
        except (exceptions.CryptoError, ValueError):
            continue
    raise DoesNotOpen


def opened(answer: Any, keys: Sequence[public.PrivateKey]) -> Any:
    """
    An answer in which every box, however deep, stands open: the answer that it holds.

    Beside a refusal's box its code stays; what the box holds is joined to it.
    Raises ``DoesNotOpen``.
    """
    if isinstance(answer, list):
        return [opened(one, keys) for one in answer]
    if not isinstance(answer, dict):
        return answer
    if not {SEALED_TO, BOX} <= answer.keys():
        return {name: opened(value, keys) for name, value in answer.items()}
    held = opened(looked_into(answer, keys)["answer"], keys)
    beside = {name: value for name, value in answer.items() if name not in (SEALED_TO, KEY, BOX)}
    return {**beside, **held} if beside and isinstance(held, dict) else held


def looked_into(box: dict[str, Any], keys: Sequence[public.PrivateKey]) -> dict[str, Any]:
    """What one box holds: ``looks`` and ``answer``. Raises ``DoesNotOpen``."""
    try:
        held = json.loads(unsealed(base64.b64decode(str(box[BOX])), keys))
    except ValueError as fault:
        raise DoesNotOpen from fault
    if not isinstance(held, dict) or "answer" not in held:
        raise DoesNotOpen
    return held


def make(path: Path) -> bytes:
    """
    Write a new private key to a file of its own, mode 0600; the public key.

    Raises ``FileExistsError``: a key is never written over, for it opens older answers.
    """
    key = public.PrivateKey.generate()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(bytes(key)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return bytes(key.public_key)


def load(path: Path) -> public.PrivateKey:
    """Read a key file. Raises ``OSError``, ``Unusable``."""
    try:
        return public.PrivateKey(base64.b64decode(path.read_bytes().strip(), validate=True))
    except (exceptions.CryptoError, TypeError, ValueError) as fault:
        raise Unusable from fault
