"""
The patient's code: a few lines that the phone signs, shown as a QR code, good for two minutes.

    smart-hospital/code/v1
    <log origin>
    <subject, rx/…>
    <pharmacy's slug>
    <nonce, 22 to 64 characters of base64url: at least 128 random bits>
    <end, UTC with microseconds>

as the text of a C2SP signed note by a key of the patient. The phone needs no network to make it;
whoever photographs it can use it only at that pharmacy, once, for two minutes.
Pure: no Django, no clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FORMAT = "smart-hospital/code/v1"
LIFE = timedelta(minutes=2)
_NONCE = re.compile(r"[A-Za-z0-9_-]{22,64}")
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says. ``ends_at`` is exclusive."""

    origin: str
    subject: str
    pharmacy: str
    nonce: str
    ends_at: datetime

    def text(self) -> bytes:
        end = self.ends_at.astimezone(UTC).strftime(_MOMENT)
        lines = (FORMAT, self.origin, self.subject, self.pharmacy, self.nonce, end)
        return ("\n".join(lines) + "\n").encode()

    @classmethod
    def parse(cls, text: bytes) -> Code:
        """Raises ``ValueError`` unless the bytes are exactly what ``text`` writes."""
        form, origin, subject, pharmacy, nonce, end, nothing = text.decode().split("\n")
        if form != FORMAT or nothing or not _NONCE.fullmatch(nonce):
            raise ValueError("not a patient's code")
        code = cls(
            origin, subject, pharmacy, nonce, datetime.strptime(end, _MOMENT).replace(tzinfo=UTC)
        )
        if code.text() != text:
            raise ValueError("not in the one spelling of a code")
        return code

    def live(self, at: datetime) -> bool:
        """Whether ``at`` lies within the two minutes before ``ends_at``."""
        return at < self.ends_at <= at + LIFE + timedelta(seconds=10)
