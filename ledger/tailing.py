"""
Reading on: the entries of the network's logs behind a position, in the order of each log.

A position says of each log how many of its entries were read. Leaves are numbered without a gap and
appear in the order of their numbers, so whoever keeps a position misses nothing and reads nothing
twice, across restarts of reader and writer alike. Logs that a position does not name are read from
their first entry: that is how a log comes in that was opened meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from ledger import network
from ledger import note as notes
from ledger.entry import Statement

Position = Mapping[int, int]
"""Log's primary key → how many of its entries were read."""
Chains = dict[tuple[int, str], list[Statement]]
"""Log's primary key and subject → its statements, the oldest first."""
_TEXT = re.compile(r"[1-9][0-9]{0,9}:(?:0|[1-9][0-9]{0,15})", re.ASCII)
_MOST_LOGS = 1_000


class NoPosition(ValueError):
    """The text is none that ``written`` gave."""


@dataclass(frozen=True, slots=True)
class Read:
    """An entry and its place: ``log_id`` and ``log`` (its origin), ``index`` from 0."""

    log_id: int
    log: str
    index: int
    leaf: bytes
    stored_at: datetime
    statement: Statement


def written(position: Position) -> str:
    """
    One text for each position.

    >>> written({2: 301, 1: 20})
    '1:20,2:301'
    """
    return ",".join(f"{log}:{size}" for log, size in sorted(position.items()))


def position_of(text: str) -> dict[int, int]:
    """What ``written`` was given. Raises ``NoPosition``."""
    parts = text.split(",") if text else []
    if len(parts) > _MOST_LOGS or not all(_TEXT.fullmatch(one) for one in parts):
        raise NoPosition
    found = {int(log): int(size) for log, _, size in (one.partition(":") for one in parts)}
    if written(found) != text:
        raise NoPosition
    return found


def ends() -> dict[int, int]:
    """The position behind everything that has a leaf now."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDS, [_lines()])
        return dict(cursor.fetchall())


def after(position: Position, most: int, until: Position | None = None) -> list[Read]:
    """
    Give up to ``most`` entries of each log behind ``position``, and before ``until`` if that names
    the log. One query; it costs one look into an index for each log, and what it gives.
    """
    upto = until or {}
    with connection.cursor() as cursor:
        cursor.execute(
            _AFTER,
            {
                "logs": list(position),
                "sizes": list(position.values()),
                "ends": list(upto),
                "until": list(upto.values()),
                "most": most,
                "lines": _lines(),
            },
        )
        return [_read(*row) for row in cursor.fetchall()]


def moved(position: Position, entries: Iterable[Read]) -> dict[int, int]:
    """Where somebody is who was at ``position`` and has read these."""
    return {**position, **{one.log_id: one.index + 1 for one in entries}}


def earlier(subjects: Iterable[str], kinds: Iterable[str]) -> Chains:
    """
    Log and subject → its statements of these kinds, in their order; one query.

    Each subject is one look into an index, and its chain is as long as one prescription's life.
    """
    found: Chains = {}
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [sorted(set(subjects)), sorted(set(kinds))])
        for log, subject, note in cursor.fetchall():
            found.setdefault((log, subject), []).append(_statement(note))
    return found


def _read(log_id: int, log: str, index: int, leaf: bytes, stored_at: datetime, note: bytes) -> Read:
    return Read(log_id, log, index, bytes(leaf), stored_at, _statement(note))


def _statement(note: bytes) -> Statement:
    return Statement.parse(notes.parse(bytes(note)).text)


def _lines() -> list[str]:
    return [*network.lines(), network.national()]


_ENDS = """
    SELECT h.log_id, h.size FROM ledger_head h
    JOIN ledger_log o ON o.id = h.log_id WHERE o.line = ANY(%s)
"""
_AFTER = """
    SELECT o.id, o.origin, leaf.seq, leaf.hash, e.stored_at, e.note
    FROM ledger_log o
    LEFT JOIN unnest(%(logs)s::int8[], %(sizes)s::int8[]) AS at (log_id, size) ON at.log_id = o.id
    LEFT JOIN unnest(%(ends)s::int8[], %(until)s::int8[]) AS upto (log_id, size)
        ON upto.log_id = o.id
    CROSS JOIN LATERAL (
        SELECT * FROM ledger_leaf l
        WHERE l.log_id = o.id AND l.seq >= coalesce(at.size, 0)
            AND (upto.size IS NULL OR l.seq < upto.size)
        ORDER BY l.seq LIMIT %(most)s) AS leaf
    JOIN ledger_event e
        ON e.log_id = o.id AND e.xid = leaf.event_xid AND e.id = leaf.event_id
    WHERE o.line = ANY(%(lines)s)
    ORDER BY o.id, leaf.seq
"""
_EARLIER = """
    SELECT log_id, subject, note FROM ledger_event
    WHERE subject = ANY(%s) AND kind = ANY(%s) ORDER BY log_id, subject, version
"""
