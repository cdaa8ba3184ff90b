"""Reading a log's leaves and entries from the database, in order and in pieces."""

from collections.abc import Iterator

from django.db import connection

from ledger.tiles import WIDTH

CHUNK = 16 * WIDTH

Piece = tuple[list[bytes], list[bytes]]


class Gap(RuntimeError):
    """A leaf or its event is not where it must be."""


def leaves(log_id: int, start: int, end: int) -> bytes:
    """
    Join the leaf hashes from ``start`` to ``end`` (exclusive).

    Raises:
        Gap: some are missing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES, [log_id, start, end])
        joined = bytes(cursor.fetchone()[0])
    if len(joined) != 32 * (end - start):
        raise Gap(f"leaves are missing between {start} and {end}")
    return joined


def pieces(log_id: int, start: int, end: int) -> Iterator[Piece]:
    """
    Give the entries from ``start`` to ``end`` (exclusive) as (entries, leaf hashes), in order.

    Pieces end at multiples of 256, so that each is whole bundles.

    Raises:
        Gap: a leaf or its event is missing.
    """
    while start < end:
        stop = min(end, (start // CHUNK + 1) * CHUNK)
        with connection.cursor() as cursor:
            cursor.execute(_PIECE, [log_id, start, stop])
            rows = cursor.fetchall()
        for seq, row in enumerate(rows, start):
            if row[0] != seq or row[2] is None:
                raise Gap(f"entry {seq} is missing")
        if len(rows) != stop - start:
            raise Gap(f"entry {start + len(rows)} is missing")
        yield [bytes(row[2]) for row in rows], [bytes(row[1]) for row in rows]
        start = stop


_LEAVES = """
    SELECT coalesce(string_agg(hash, ''::bytea ORDER BY seq), '') FROM ledger_leaf
    WHERE log_id = %s AND seq >= %s AND seq < %s
"""
_PIECE = """
    SELECT l.seq, l.hash, e.note FROM ledger_leaf l
    LEFT JOIN ledger_event e ON e.log_id = l.log_id AND e.xid = l.event_xid AND e.id = l.event_id
    WHERE l.log_id = %s AND l.seq >= %s AND l.seq < %s ORDER BY l.seq
"""
