"""The unit is in the type: money, rates, and the legal calendar."""

from datetime import datetime
from typing import NewType
from zoneinfo import ZoneInfo

Fen = NewType("Fen", int)
"""1/100 yuan. Whole, never negative unless a docstring says so."""

BasisPoints = NewType("BasisPoints", int)
"""1/100 of a percent: 10 000 is all of it."""

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""Legal days are days of this zone."""
SHANGHAI_S = 8 * 60 * 60
"""Seconds east of UTC, for the law, which knows no zones; no summer time since 1991."""


def stamp(at: datetime) -> str:
    """An aware moment as the ledger writes it: UTC, microseconds, ``Z``."""
    utc = at.astimezone(ZoneInfo("UTC"))
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def yuan(fen: int) -> str:
    """Fen as people read it.

    >>> yuan(123456)
    '¥1,234.56'
    """
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
