"""
Events become leaves: every committed event of a log gets its place in the tree, once and in order.

**Snapshot difference.** The head remembers the snapshot up to which all is sequenced. A run takes a
new snapshot and sequences exactly the events that are visible in it and were not in the old one, by
rising id. Nothing is lost or doubled, whenever transactions took their ids and however long they
ran. Within a subject ids rise in the order of commits, because the row lock is held from before the
id is drawn until after the commit; so versions stay in order. (The shorter rule "below the oldest
running transaction" has no such order: a transaction may take its xid early and lock the row late.)

A run always takes the whole difference. A run with a limit would have to remember two snapshots.

**Restored databases.** In a new cluster transaction ids start again, and the old ones say nothing.
A run notices that the head's snapshot, or an event, is from this cluster's future. It then gives
leaves to the events that have none, remembers the highest id as ``floor`` and looks only above it
from now on. Where the tables contradict each other it refuses.
"""

from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from ledger import merkle, network

_SERIALIZATION_FAILURE = "40001"


class Contradiction(RuntimeError):
    """Events, leaves and head do not fit together; a person must look before the log goes on."""


@dataclass(frozen=True, slots=True)
class _Head:
    log_id: int
    size: int
    edge: bytes
    snap: str
    floor: int
    now: str
    is_foreign: bool


def sequence(origin: str) -> int:
    """
    Give leaves to all events of the log that have been committed, and extend its tree.

    Returns how many. Two runs at once are harmless: the later one does nothing and returns 0.
    Opens a transaction of its own, REPEATABLE READ, so that all its statements see one snapshot.

    Raises:
        network.UnknownLog: there is no such log.
        Contradiction: see above; nothing has been written.
    """
    log_id = network.log_id(origin)
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(_BEGIN)
            head = _lock(cursor, log_id)
            return _advance(cursor, head) if head else 0
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == _SERIALIZATION_FAILURE:
            return 0  # another run has moved the head since our snapshot
        raise


def _lock(cursor: CursorWrapper, log_id: int) -> _Head | None:
    cursor.execute(_LOCK_HEAD, {"log": log_id})
    row = cursor.fetchone()
    if row is None:
        return None
    size, edge, *rest = row
    return _Head(log_id, size, bytes(edge), *rest)


def _advance(cursor: CursorWrapper, head: _Head) -> int:
    values: dict[str, Any] = {
        "log": head.log_id,
        "size": head.size,
        "snap": head.snap,
        "now": head.now,
        "floor": head.floor,
    }
    if head.is_foreign:
        values["floor"] = _new_floor(cursor, head)
    cursor.execute(_INSERT_LEAVES.format(new=_WITHOUT_LEAF if head.is_foreign else NEW), values)
    count: int = cursor.rowcount
    if count or head.is_foreign:
        cursor.execute(_NEW_HASHES, values)
        leaves = merkle.split_hashes(bytes(cursor.fetchone()[0] or b""))
        edge = merkle.extend(head.size, merkle.split_hashes(head.edge), leaves)
        values |= {"root": merkle.fold(edge), "edge": b"".join(edge), "size": head.size + count}
        cursor.execute(_MOVE_HEAD, values)
    return count


def _new_floor(cursor: CursorWrapper, head: _Head) -> int:
    """The highest id in a restored database, if its leaves and its numbering are whole."""
    cursor.execute(_RESTORED, {"log": head.log_id})
    leaves, highest, last_drawn = cursor.fetchone()
    if leaves != head.size:
        raise Contradiction(f"the head says {head.size} leaves, the table has {leaves}")
    if last_drawn < highest:
        raise Contradiction(f"the next event would get an id below {highest}")
    return int(highest)


_BEGIN = """
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL work_mem = '64MB'
"""
_LOCK_HEAD = """
    SELECT size, edge, snap::text, floor, pg_current_snapshot()::text,
           pg_snapshot_xmax(snap) > pg_snapshot_xmax(pg_current_snapshot())
           OR floor = 0 AND EXISTS (
               SELECT FROM ledger_event e
               WHERE e.log_id = h.log_id AND e.xid >= pg_snapshot_xmax(pg_current_snapshot()))
    FROM ledger_head h WHERE log_id = %(log)s FOR UPDATE SKIP LOCKED
"""
NEW = """
    e.xid >= pg_snapshot_xmin(%(snap)s) AND e.xid < pg_snapshot_xmax(%(now)s)
    AND NOT pg_visible_in_snapshot(e.xid, %(snap)s) AND e.id > %(floor)s
"""
_WITHOUT_LEAF = """
    NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.log_id = e.log_id AND l.event_id = e.id)
"""
_INSERT_LEAVES = """
    INSERT INTO ledger_leaf (log_id, seq, event_xid, event_id, hash)
    SELECT e.log_id, %(size)s + row_number() OVER (ORDER BY e.id) - 1, e.xid, e.id, e.leaf
    FROM ledger_event e WHERE e.log_id = %(log)s AND {new} ORDER BY e.id
"""
_NEW_HASHES = """
    SELECT string_agg(hash, ''::bytea ORDER BY seq) FROM ledger_leaf
    WHERE log_id = %(log)s AND seq >= %(size)s
"""
_MOVE_HEAD = """
    UPDATE ledger_head SET size = %(size)s, root = %(root)s, edge = %(edge)s,
           snap = %(now)s, floor = %(floor)s
    WHERE log_id = %(log)s
"""
_RESTORED = """
    SELECT (SELECT coalesce(max(seq) + 1, 0) FROM ledger_leaf WHERE log_id = %(log)s),
           (SELECT coalesce(max(id), 0) FROM ledger_event),
           coalesce(pg_sequence_last_value(pg_get_serial_sequence('ledger_event', 'id')), 0)
"""
