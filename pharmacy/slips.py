"""
A slip: what a pharmacist signs when medicines are given out while the server cannot be reached.

    smart-hospital/offline/v1
    <log origin>
    <subject, rx/…>
    <pharmacy's slug>
    <leaf hash of the last entry that the patient showed, hex>
    <SHA-256 of the patient's code, a signed note, hex>
    <what was given: line number → units, canonical JSON>
    <moment, UTC with microseconds>

as the text of a C2SP signed note by the pharmacist's key. It is no entry: nobody can append to a
chain whose end cannot be seen. It proves afterwards who gave what, when, and on which evidence.
Pure: no Django, no clock.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.entry import canonical, read_canonical
from ledger.note import Malformed, check_name

FORMAT = "smart-hospital/offline/v1"
LINES_MAX = 20
UNITS_MAX = 10_000
_DIGEST = re.compile("[0-9a-f]{64}")
_LINE = re.compile("[1-9][0-9]{0,2}")
_SUBJECT = re.compile("rx/[0-9a-f]{32}")
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Slip:
    """``after`` and ``code`` are 64 hex digits; ``lines`` maps line number to dispensing units."""

    origin: str
    subject: str
    pharmacy: str
    after: str
    code: str
    lines: Mapping[str, int]
    given_at: datetime

    def text(self) -> bytes:
        moment = self.given_at.astimezone(UTC).strftime(_MOMENT)
        lines = canonical(dict(self.lines)).decode()
        said = (FORMAT, self.origin, self.subject, self.pharmacy, self.after, self.code)
        return ("\n".join((*said, lines, moment)) + "\n").encode()

    @classmethod
    def parse(cls, text: bytes) -> Slip:
        """Raises ``Malformed`` unless the bytes are exactly what ``text`` writes."""
        try:
            form, origin, subject, pharmacy, after, code, lines, moment, end = text.decode().split(
                "\n"
            )
            given_at = datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)
        except ValueError as fault:
            raise Malformed("not a slip") from fault
        if form != FORMAT or end or not _SUBJECT.fullmatch(subject):
            raise Malformed("not a slip of this format")
        if not (_DIGEST.fullmatch(after) and _DIGEST.fullmatch(code)):
            raise Malformed("a digest has 64 hex digits")
        check_name(origin)
        check_name(pharmacy)
        slip = cls(origin, subject, pharmacy, after, code, _lines(lines), given_at)
        if slip.text() != text:
            raise Malformed("the slip is not in its one spelling")
        return slip

    @property
    def digest(self) -> str:
        """How entries name it: 64 hex digits."""
        return hashlib.sha256(self.text()).hexdigest()

    @property
    def scan(self) -> str:
        """The id of the scan that it stands for, 32 hex digits: one code is scanned once."""
        return self.code[:32]


def digest_of_code(code: str) -> str:
    """What a slip calls the patient's code, the whole signed note."""
    return hashlib.sha256(code.encode()).hexdigest()


def _lines(text: str) -> dict[str, int]:
    lines = read_canonical(text.encode())
    if not isinstance(lines, dict) or not 1 <= len(lines) <= LINES_MAX:
        raise Malformed("a slip has 1 to 20 lines")
    for number, units in lines.items():
        if not _LINE.fullmatch(number) or type(units) is not int or not 1 <= units <= UNITS_MAX:
            raise Malformed("a line is a number and its units")
    return lines
