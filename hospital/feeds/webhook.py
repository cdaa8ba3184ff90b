"""
A webhook as it is sent, and how its receiver verifies it: Standard Webhooks 1.0.0, ``v1a``.

Pure; receivers copy this file or use any library of the standard that knows Ed25519. What is signed
is ``id.timestamp.body``, byte for byte as sent. Each endpoint has a key of its own, so no message
for one passes at another. The body is

    {"type": kind of the entry, "timestamp": its moment, "data": {…}}

or, for an organisation with a reading key, the box (``hospital.boxes``) that holds it.

A receiver that is told the same ``webhook-id`` again has been told already, and answers 2xx. Of one
subject, ``version`` rises; what comes with a lower one than is known comes late and is passed over.

Source: github.com/standard-webhooks, spec/standard-webhooks.md.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

TOLERANCE_S: Final = 300
MOST_SIGNATURES: Final = 8
MOST_BYTES: Final = 64 * 1024
_PUBLIC: Final = "whpk_"
_SCHEME: Final = "v1a,"


class NotOurs(Exception):
    """No key that the receiver trusts has signed this just now; it is answered 401."""


def public_key(seed: bytes) -> str:
    """The key by which receivers verify what ``seed`` (32 bytes) signs."""
    return _PUBLIC + base64.b64encode(bytes(SigningKey(seed).verify_key)).decode()


def headers(message: str, at_s: int, body: bytes, seeds: Iterable[bytes]) -> dict[str, str]:
    """The headers of one attempt at ``at_s`` (seconds since 1970): a signature by each seed."""
    signed = _signed(message, str(at_s), body)
    made = (base64.b64encode(SigningKey(seed).sign(signed).signature).decode() for seed in seeds)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(_SCHEME + one for one in made),
        "content-type": "application/json",
    }


def verified(
    given: Mapping[str, str], body: bytes, public_keys: Iterable[str], *, at_s: int
) -> tuple[str, dict[str, Any]]:
    """
    The message's id and what it says, if one of ``public_keys`` (``whpk_…``) has signed it.

    ``given`` are the request's headers, their names in lower case; ``at_s`` is the receiver's
    clock. Other schemes' signatures beside ours are passed over, as the standard wants it.

    Raises ``NotOurs``: no such signature, a time more than ``TOLERANCE_S`` away, or no JSON object.
    """
    message, at = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not (at.isascii() and at.isdigit() and len(at) <= 12) or len(body) > MOST_BYTES:
        raise NotOurs("no webhook")
    if abs(int(at) - at_s) > TOLERANCE_S:
        raise NotOurs("too old, or from the future")
    keys = [_verify_key(one) for one in public_keys]
    signed = _signed(message, at, body)
    lines = given.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    values = [_signature(line) for line in lines if line.startswith(_SCHEME)]
    if not any(_is_by(key, signed, value) for key in keys for value in values):
        raise NotOurs("no signature by a trusted key")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise NotOurs("no JSON") from fault
    if not isinstance(said, dict):
        raise NotOurs("no JSON object")
    return message, said


def _signed(message: str, at: str, body: bytes) -> bytes:
    return b".".join([message.encode(errors="surrogatepass"), at.encode(), body])


def _verify_key(text: str) -> VerifyKey:
    return VerifyKey(base64.b64decode(text.removeprefix(_PUBLIC), validate=True))


def _signature(line: str) -> bytes:
    try:
        return base64.b64decode(line.removeprefix(_SCHEME), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_by(key: VerifyKey, signed: bytes, signature: bytes) -> bool:
    try:
        key.verify(signed, signature)
    except (BadSignatureError, ValueError):
        return False
    return True
