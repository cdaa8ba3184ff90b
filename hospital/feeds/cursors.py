"""Cursors of a feed: where somebody is in it. Each is good in one organisation's feed alone."""

from __future__ import annotations

import hmac

from hospital import paging, sealing

_LONGEST = 64
START = 0


def cursor(organisation: int, sequence: int) -> str:
    """The cursor behind the item of this number, always the same."""
    check = sealing.index(f"{organisation}/{sequence}", "feed_cursor")
    return f"{sequence:x}-{check[:8].hex()}"


def sequence(organisation: int, text: str) -> int:
    """Of which item ``cursor`` was made. Raises ``paging.BadCursor``."""
    number, _, _ = text.partition("-")
    try:
        found = int(number[:15], 16)
    except ValueError as fault:
        raise paging.BadCursor(field="cursor") from fault
    made = cursor(organisation, max(found, 0))
    if len(text) > _LONGEST or not hmac.compare_digest(
        made.encode(), text.encode(errors="replace")
    ):
        raise paging.BadCursor(field="cursor")
    return found
