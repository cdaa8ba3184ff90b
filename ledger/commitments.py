"""
Commitments to sealed records: one hash in the entry, each field openable alone.

A field's digest is SHA-256 of the canonical JSON ``[salt, name, value]``, the salt being 16 random
bytes in base64. A record's commitment is SHA-256 over its fields' digests, sorted and joined.
Whoever is shown one field, its salt and the other digests can check it against the entry, and
learns nothing about the others. Once the salts are deleted nobody can open it, and every proof
still holds.

Source: the idea is that of RFC 9901 (SD-JWT), section 4.2.
"""

import hashlib
from collections.abc import Iterable

from ledger.entry import HASH_SIZE, canonical
from ledger.note import Malformed, encode_base64

SALT_SIZE = 16


def digest(salt: bytes, name: str, value: object) -> bytes:
    """
    Give the 32-byte digest of one field.

    Raises:
        Malformed: the salt is not 16 bytes, or the value is not canonical JSON.
    """
    if len(salt) != SALT_SIZE:
        raise Malformed("a salt has 16 bytes")
    return hashlib.sha256(canonical([encode_base64(salt), name, value])).digest()


def commit(digests: Iterable[bytes]) -> bytes:
    """
    Give the 32-byte commitment to a record with these field digests, in whatever order.

    Raises:
        Malformed: there is none, one is not 32 bytes, or one occurs twice.
    """
    ordered = sorted(digests)
    if not ordered or any(len(each) != HASH_SIZE for each in ordered):
        raise Malformed("a record has one or more digests of 32 bytes")
    if len(set(ordered)) != len(ordered):
        raise Malformed("a digest occurs twice")
    return hashlib.sha256(b"".join(ordered)).digest()


def opens(
    commitment: bytes, salt: bytes, name: str, value: object, others: Iterable[bytes]
) -> bool:
    """Tell whether this field, with the other fields' digests, reproduces the commitment."""
    return commit([digest(salt, name, value), *others]) == commitment
