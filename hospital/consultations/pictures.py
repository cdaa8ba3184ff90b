"""
Pictures as they come: told by their first and last bytes, whatever the sender calls them.

Pure: no Django. A picture is looked at by nothing here but these few bytes; it travels as base64
and is stored sealed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

MAX_BYTES = 1_000_000
MAX_BASE64 = (MAX_BYTES + 2) // 3 * 4
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_RIFF = 8  # bytes in front of what a RIFF file's own length counts


class BadPicture(ValueError):
    """Not base64, not a picture of a kind that is taken, not whole, or too large."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``data`` is the picture's base64, as it came."""

    media_type: str
    data: str


def read(data: str) -> Picture:
    """
    The picture in this base64 (RFC 4648, with padding, one spelling).

    Raises ``BadPicture``.
    """
    try:
        raw = base64.b64decode(data, validate=True)
    except ValueError as fault:
        raise BadPicture("is not base64") from fault
    if base64.b64encode(raw).decode() != data:
        raise BadPicture("is not base64 in its one spelling")
    if len(raw) > MAX_BYTES:
        raise BadPicture(f"is larger than {MAX_BYTES} bytes")
    return Picture(_media_type(raw), data)


def _media_type(raw: bytes) -> str:
    """JPEG from SOI to EOI, PNG from signature to IEND, WebP of the length that it says."""
    if raw.startswith(b"\xff\xd8\xff") and raw.endswith(b"\xff\xd9"):
        return "image/jpeg"
    if raw.startswith(_PNG) and raw[12:16] == b"IHDR" and raw.endswith(_PNG_END):
        return "image/png"
    length = int.from_bytes(raw[4:8], "little") + _RIFF
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP" and length == len(raw):
        return "image/webp"
    raise BadPicture("is no whole JPEG, PNG or WebP")
