"""
Members of the JSON objects in receipt files and evidence, read strictly.

Hashes stand in lists: 32 bytes each, joined, then base64.
"""

from collections.abc import Iterable
from typing import Any

from ledger.entry import HASH_SIZE
from ledger.merkle import split_hashes
from ledger.note import Malformed, decode_base64, encode_base64


def named(value: Any, *names: str) -> dict[str, Any]:
    """Give an object that has exactly these members. Raises ``Malformed``."""
    if not isinstance(value, dict) or value.keys() != set(names):
        raise Malformed(f"an object must have the members {', '.join(names)}")
    return value


def string(value: Any) -> str:
    """Give a string. Raises ``Malformed``."""
    if type(value) is not str:
        raise Malformed("a string is missing")
    return value


def items(value: Any) -> list[Any]:
    """Give a list. Raises ``Malformed``."""
    if not isinstance(value, list):
        raise Malformed("a list is missing")
    return value


def hashes(value: Any) -> tuple[bytes, ...]:
    """Give the hashes that ``joined`` wrote. Raises ``Malformed``."""
    found = split_hashes(decode_base64(string(value)))
    if any(len(one) != HASH_SIZE for one in found):
        raise Malformed("a hash has 32 bytes")
    return tuple(found)


def joined(hashes: Iterable[bytes]) -> str:
    """Write a list of hashes."""
    return encode_base64(b"".join(hashes))


def text(note: bytes) -> str:
    """Write a signed note. Raises ``Malformed`` if it is not UTF-8."""
    try:
        return note.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a note is not UTF-8") from error


def note(value: Any) -> bytes:
    """Give the bytes of a signed note, which has not been parsed. Raises ``Malformed``."""
    return string(value).encode()
