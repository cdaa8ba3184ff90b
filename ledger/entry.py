"""
What an entry says: the statement that people sign, and its one encoding.

The text of an entry is two lines: the format's name, and one canonical JSON object. Canonical means
keys sorted by code point, no spaces, UTF-8, and nothing but strings, integers within ±2^53,
booleans, arrays and objects; no float, no null, no key twice. Whoever verifies uses the bytes as
they stand, so ``parse`` accepts exactly the bytes that ``text`` writes.

``prev`` chains the entries about one subject: it is the leaf hash of the previous version's whole
note, signatures included.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from ledger.note import Malformed, check_name, decode_base64, encode_base64

FORMAT = "smart-hospital/entry/v1"
MAX_BYTES = 65_535  # a bundle gives the length of an entry in two bytes
MAX_INTEGER = 1 << 53  # what a JavaScript number holds exactly
MAX_DEPTH = 16
HASH_SIZE = 32

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d\.\d{6}Z", re.ASCII)
_HEADER = FORMAT.encode() + b"\n"
_KEYS = frozenset(
    ("at", "by", "commitment", "facts", "kind", "log", "patient", "prev", "subject", "version")
)


def leaf_hash(note_bytes: bytes) -> bytes:
    """SHA-256(0x00 || the entry's bytes): its leaf in the tree (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + note_bytes).digest()


def canonical(value: object) -> bytes:
    """
    Encode a value as canonical JSON.

    Raises:
        Malformed: a float, None, bytes or other foreign type; a key that is no string; an integer
            beyond ±2^53; a lone surrogate; more than 16 levels.
    """
    _check(value, MAX_DEPTH)
    try:
        return _dump(value).encode()
    except UnicodeEncodeError as error:
        raise Malformed("a string is not Unicode text") from error


_dump = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def _check(value: object, depth: int) -> None:
    if isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise Malformed("an integer lies beyond 2^53")
        return
    if depth == 0:
        raise Malformed("nested too deeply")
    for item in _items(value):
        if type(item) is not str:  # most are; it saves the call
            _check(item, depth - 1)


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str:
                raise Malformed(f"a key is no string: {key!r}")
        return value.values()
    if isinstance(value, list | tuple):
        return value
    raise Malformed(f"canonical JSON has no {type(value).__name__}")


def _no_float(text: str) -> NoReturn:
    raise Malformed(f"canonical JSON has no {text[:40]}")


def _bounded(text: str) -> int:
    value = int(text)
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise Malformed("an integer lies beyond 2^53")
    return value


_load = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, parse_int=_bounded).decode


def _written_again(value: object, data: bytes) -> bytes:
    """
    The canonical JSON of what ``_load`` read in ``data``.

    It reads strings, bounded integers, booleans, nulls, arrays and objects; so where no null can
    stand and too few brackets for the depth, there is nothing to look for: auditors read millions.
    """
    if b"null" in data or data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        _check(value, MAX_DEPTH)
    return _dump(value).encode()


def read_canonical(data: bytes) -> Any:
    """
    Give the value of which these bytes are the canonical JSON.

    Raises:
        Malformed: they are not what ``canonical`` would write.
    """
    try:
        value = _load(data.decode())
        if _written_again(value, data) != data:
            raise Malformed("the JSON is not canonical")
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not canonical JSON: {error}") from error
    return value


@dataclass(frozen=True, slots=True)
class Statement:
    """
    One entry's content.

    ``at`` is aware and UTC, to the microsecond. ``prev`` and ``commitment`` are 32 bytes or empty;
    ``prev`` is empty in version 1 and only there. ``patient`` is a keyed tag or empty. ``by`` names
    the key of the one who acts. ``facts`` hold what a validator needs and no personal data.

    Raises:
        Malformed: a field is outside these bounds.
    """

    log: str
    subject: str
    version: int
    prev: bytes
    kind: str
    by: str
    at: datetime
    patient: str
    commitment: bytes
    facts: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not (self.log and self.subject and self.kind):
            raise Malformed("log, subject and kind may not be empty")
        check_name(self.by)
        if type(self.version) is not int or not 1 <= self.version <= MAX_INTEGER:
            raise Malformed("versions count from 1")
        if len(self.prev) != (0 if self.version == 1 else HASH_SIZE):
            raise Malformed("prev is empty in version 1 and 32 bytes in every other")
        if len(self.commitment) not in (0, HASH_SIZE):
            raise Malformed("a commitment has 32 bytes")
        if self.at.utcoffset() != timedelta(0):
            raise Malformed("the time is not aware UTC")

    def text(self) -> bytes:
        """
        Give the exact bytes that are signed.

        Raises:
            Malformed: the facts are not canonical JSON, or the text is over 65,535 bytes.
        """
        content = {
            "at": self.at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z",
            "by": self.by,
            "commitment": encode_base64(self.commitment),
            "facts": dict(self.facts),
            "kind": self.kind,
            "log": self.log,
            "patient": self.patient,
            "prev": encode_base64(self.prev),
            "subject": self.subject,
            "version": self.version,
        }
        text = _HEADER + canonical(content) + b"\n"
        if len(text) > MAX_BYTES:
            raise Malformed("the statement is too long")
        return text

    @classmethod
    def parse(cls, text: bytes) -> "Statement":
        """
        Read a statement; ``parse(text).text() == text`` for whatever is accepted.

        Raises:
            Malformed: these are not the bytes that ``text`` would write.
        """
        if len(text) > MAX_BYTES or not text.startswith(_HEADER):
            raise Malformed("not an entry of this format")
        try:
            content = _load(text[len(_HEADER) :].decode())
            if type(content) is not dict or content.keys() != _KEYS:
                raise Malformed("an entry has ten fields")
            if _HEADER + _written_again(content, text) + b"\n" != text:
                raise Malformed("the entry is not in its one form")
            return cls._from(content)
        except (ValueError, TypeError, RecursionError) as error:
            raise Malformed(f"not an entry: {error}") from error

    @classmethod
    def _from(cls, content: dict[str, Any]) -> "Statement":
        for field in ("log", "subject", "kind", "by", "patient"):
            if type(content[field]) is not str:
                raise Malformed(f"{field} is no string")
        if type(content["facts"]) is not dict:
            raise Malformed("facts is no object")
        if not _MOMENT.fullmatch(content["at"]):
            raise Malformed("the time is not in its one form")
        return cls(
            log=content["log"],
            subject=content["subject"],
            version=content["version"],
            prev=decode_base64(content["prev"]),
            kind=content["kind"],
            by=content["by"],
            at=datetime.fromisoformat(content["at"]),
            patient=content["patient"],
            commitment=decode_base64(content["commitment"]),
            facts=content["facts"],
        )
