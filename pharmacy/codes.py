"""
The patient's code: a few lines that the phone signs, shown or printed as a QR code.

    smart-hospital/code/v2
    <screen, or paper>
    <log origin>
    <pharmacy's slug>
    <nonce, 22 to 64 characters of base64url: at least 128 random bits>
    <end, UTC with microseconds>
    <subject, rx/ and 32 hex digits>
    <further subjects, rising, at most eight in all>

as the text of a C2SP signed note by a key of the patient, or of a guardian. The phone needs no
network to make it. It is used once, as a whole, and at that pharmacy alone; on a screen within two
minutes of being made, on paper within a week (and only if it was registered, see
``pharmacy.actions.printing``). With eight subjects a QR code of version 19 at level M holds it.
Pure: no Django, no clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

FORMAT = "smart-hospital/code/v2"
MOST = 8
"""Prescriptions that one code may name."""
SKEW = timedelta(seconds=10)
"""How far the clock of a phone may run before ours."""
_NONCE = re.compile(r"[A-Za-z0-9_-]{22,64}")
_SUBJECT = re.compile("rx/[0-9a-f]{32}")
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Kind(StrEnum):
    """Where a code is shown."""

    SCREEN = "screen"
    PAPER = "paper"


LIFE = timedelta(minutes=2)
"""Of a code on a screen."""
LIVES = {Kind.SCREEN: LIFE, Kind.PAPER: timedelta(days=7)}
"""From the making of a code of each kind to its end, at most."""


class Standing(StrEnum):
    """What a clock says of a code."""

    LIVE = "live"
    ENDED = "ended"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says. ``ends_at`` is exclusive; ``subjects`` rise, so each is there once."""

    kind: Kind
    origin: str
    pharmacy: str
    nonce: str
    ends_at: datetime
    subjects: tuple[str, ...]

    def text(self) -> bytes:
        end = self.ends_at.astimezone(UTC).strftime(_MOMENT)
        lines = (FORMAT, self.kind, self.origin, self.pharmacy, self.nonce, end, *self.subjects)
        return ("\n".join(lines) + "\n").encode()

    @property
    def prescriptions(self) -> tuple[UUID, ...]:
        """The ids, in the order of the subjects, which is theirs."""
        return tuple(UUID(hex=one.removeprefix("rx/")) for one in self.subjects)

    @classmethod
    def parse(cls, text: bytes) -> Code:
        """Raises ``ValueError`` unless the bytes are exactly what ``text`` writes."""
        form, kind, origin, pharmacy, nonce, end, *subjects, nothing = text.decode().split("\n")
        if form != FORMAT or nothing or not _NONCE.fullmatch(nonce):
            raise ValueError("not a patient's code")
        if not 0 < len(subjects) <= MOST or not all(map(_SUBJECT.fullmatch, subjects)):
            raise ValueError("not one to eight prescriptions")
        if any(one >= two for one, two in pairwise(subjects)):
            raise ValueError("the subjects do not rise")
        ends_at = datetime.strptime(end, _MOMENT).replace(tzinfo=UTC)
        code = cls(Kind(kind), origin, pharmacy, nonce, ends_at, tuple(subjects))
        if code.text() != text:
            raise ValueError("not in the one spelling of a code")
        return code

    def standing(self, at: datetime) -> Standing:
        """
        Whether ``at`` lies within the life of a code of this kind before ``ends_at``.

        A clock that is slow makes codes that have ended, one that is fast codes that lie ahead.
        """
        if at >= self.ends_at:
            return Standing.ENDED
        ahead = self.ends_at > at + LIVES[self.kind] + SKEW
        return Standing.AHEAD if ahead else Standing.LIVE
