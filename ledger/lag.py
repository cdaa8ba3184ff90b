"""
How far behind the log is: the age of the oldest committed entry that no final checkpoint covers.

Every write is promised to be final within the merge delay. Where an older one is already later than
that, a new promise would be worth nothing, so writes are pushed back until the log has caught up.
Each question costs a few index look-ups, however long the log is.
"""

import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from ledger import network, sequencer

CHECKED_EVERY_S = 1.0


class Lagging(RuntimeError):
    """The log is later than it promises; try again after ``retry_after_s`` seconds."""

    def __init__(self, late_s: float) -> None:
        super().__init__(f"the oldest entry has waited {late_s:.0f} s for its final checkpoint")
        self.retry_after_s = 5


@dataclass(frozen=True, slots=True)
class Lag:
    """
    Sizes in entries: with leaves, signed, final. ``oldest_s`` is the age of the oldest entry that
    is not final, 0 if all are.
    """

    sequenced: int
    signed: int
    final: int
    oldest_s: float


def measured(origin: str) -> Lag:
    """Ask the database. Raises ``network.UnknownLog``."""
    log_id = network.log_id(origin)
    with connection.cursor() as cursor:
        cursor.execute(_SIZES, {"log": log_id})
        sequenced, signed, final, snap, floor = cursor.fetchone()
        values = {"log": log_id, "final": final, "snap": snap, "floor": floor}
        cursor.execute(_OLDEST_LEAF if final < sequenced else _OLDEST_EVENT, values)
        row = cursor.fetchone()
    return Lag(sequenced, signed, final, max(0.0, row[0]) if row else 0.0)


class _Watch:
    """The answer of at most a second ago, shared by the threads of a process."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._asked: dict[str, tuple[float, float]] = {}

    def late_s(self, origin: str) -> float:
        until, late_s = self._asked.get(origin, (0.0, 0.0))
        if time.monotonic() < until:
            return late_s
        if not self._turn.acquire(blocking=not until):
            return late_s  # somebody else is asking
        try:
            late_s = measured(origin).oldest_s - settings.LEDGER_MERGE_DELAY_S
            self._asked[origin] = (time.monotonic() + CHECKED_EVERY_S, late_s)
            return late_s
        finally:
            self._turn.release()


_watch = _Watch()


def check() -> None:
    """Let a write pass. Raises ``Lagging`` if one of the open logs is late, ``network.Turning``."""
    for line in network.lines():
        late_s = _watch.late_s(network.origin(line))
        if late_s > 0:
            raise Lagging(late_s + settings.LEDGER_MERGE_DELAY_S)


_SIZES = """
    SELECT h.size,
           coalesce((SELECT size FROM ledger_checkpoint WHERE log_id = h.log_id
                     ORDER BY size DESC LIMIT 1), 0),
           coalesce((SELECT size FROM ledger_final WHERE log_id = h.log_id
                     ORDER BY size DESC LIMIT 1), 0),
           h.snap::text, h.floor
    FROM ledger_head h WHERE h.log_id = %(log)s
"""
_AGE = "SELECT extract(epoch FROM clock_timestamp() - e.stored_at)::float8"
_OLDEST_LEAF = f"""
    {_AGE} FROM ledger_leaf l
    JOIN ledger_event e ON e.log_id = l.log_id AND e.xid = l.event_xid AND e.id = l.event_id
    WHERE l.log_id = %(log)s AND l.seq = %(final)s
"""
_OLDEST_EVENT = f"""
    {_AGE} FROM ledger_event e, pg_current_snapshot() AS now
    WHERE e.log_id = %(log)s AND {sequencer.NEW.replace("%(now)s", "now")}
    ORDER BY e.xid, e.id LIMIT 1
"""
