"""
What a witness remembers: every checkpoint that it cosigned of each log, and what looked wrong.

One SQLite file. Comparing with the latest and storing the new one is a single transaction that
takes the write lock first, and it is on the disk when ``replace`` returns; so of two requests at
once one comes second, and no crash makes the witness forget what it has said.

Suspects are checkpoints that the log signed and that we did not cosign. One of a size at which we
cosigned another root is *proven*: the two notes are evidence of two histories. Of any other it is
only known that nobody could show it to extend the latest one. Either kind has its own number of
places, since whoever likes can send an honest checkpoint with a wrong proof.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.treehead import TreeHead

WAIT_S = 5.0
KEPT_SUSPECTS = 100


@dataclass(frozen=True, slots=True)
class Latest:
    """
    The latest cosigned checkpoint of a log; size 0 and no root if there is none.

    ``note`` is the log's note with our cosignatures, ``at_s`` their time.
    """

    size: int
    root: bytes
    note: bytes
    at_s: int


NOTHING = Latest(0, b"", b"", 0)


class Records:
    """The file; safe for threads, each of which has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        with self._writing() as cursor:
            for statement in _TABLES:
                cursor.execute(statement)

    def latest(self, origin: str) -> Latest:
        """Give what was cosigned last."""
        row = self._connection().execute(_LATEST, (origin,)).fetchone()
        return Latest(*row) if row else NOTHING

    def cosigned(self, origin: str, size: int) -> Latest:
        """Give what was cosigned first at this size; ``NOTHING`` if nothing was."""
        row = self._connection().execute(_COSIGNED, (origin, size)).fetchone()
        return Latest(*row) if row else NOTHING

    def replace(self, origin: str, old: Latest, new: Latest) -> bool:
        """
        Store ``new`` if ``old`` is still the latest; durable when this returns.

        Returns False, and stores nothing, if another request was first.
        """
        with self._writing() as cursor:
            row = cursor.execute(_LATEST, (origin,)).fetchone()
            if (Latest(*row) if row else NOTHING) != old:
                return False
            values = (origin, new.size, new.root, new.note, new.at_s)
            cursor.execute(_REPLACE, values)
            cursor.execute(_KEEP, values)
            cursor.execute(_CLEARED, (origin, new.size, new.root))
            cursor.execute(_PROVEN, (origin, new.size))
            return True

    def suspect(self, head: TreeHead, note: bytes, *, proven: bool) -> None:
        """
        Keep a checkpoint that the log signed and that does not fit what we know of it.

        ``note`` has the log's signatures alone; ``proven`` says that it cannot be true if what we
        cosigned is.
        """
        with self._writing() as cursor:
            what = (head.origin, head.size, head.root)
            cursor.execute(_SUSPECT, (*what, note, proven, head.origin, proven, KEPT_SUSPECTS))

    def suspects(self, origin: str) -> list[bytes]:
        """Give the suspects: the proven ones, then the others, of each the first first."""
        rows = self._connection().execute(_SUSPECTS, (origin,)).fetchall()
        return [note for (note,) in rows]

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        connection = self._connection()
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk ends it by itself, or leaves it open
                cursor.execute("ROLLBACK")
            raise


_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS latest (
        origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL,
        at_s INTEGER NOT NULL) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS cosigned (
        origin TEXT, size INTEGER, root BLOB NOT NULL, note BLOB NOT NULL, at_s INTEGER NOT NULL,
        PRIMARY KEY (origin, size)) STRICT, WITHOUT ROWID
    """,
    # A file that was made before there was a history begins it with its latest checkpoint.
    "INSERT OR IGNORE INTO cosigned SELECT origin, size, root, note, at_s FROM latest",
    """
    CREATE TABLE IF NOT EXISTS suspected (
        id INTEGER PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
        note BLOB NOT NULL, proven INTEGER NOT NULL, UNIQUE (origin, size, root)) STRICT
    """,
)
_LATEST = "SELECT size, root, note, at_s FROM latest WHERE origin = ?"
_COSIGNED = "SELECT size, root, note, at_s FROM cosigned WHERE origin = ? AND size = ?"
_REPLACE = "INSERT OR REPLACE INTO latest (origin, size, root, note, at_s) VALUES (?, ?, ?, ?, ?)"
_KEEP = "INSERT OR IGNORE INTO cosigned (origin, size, root, note, at_s) VALUES (?, ?, ?, ?, ?)"
_CLEARED = "DELETE FROM suspected WHERE origin = ? AND size = ? AND root = ?"
_PROVEN = "UPDATE suspected SET proven = 1 WHERE origin = ? AND size = ?"
# Of the proven, the first ones prove as much as any later ones; a flood must not fill the disk.
_SUSPECT = """
    INSERT INTO suspected (origin, size, root, note, proven)
    SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM suspected WHERE origin = ? AND proven = ?) < ?
    ON CONFLICT DO UPDATE SET proven = max(proven, excluded.proven)
"""
_SUSPECTS = "SELECT note FROM suspected WHERE origin = ? ORDER BY proven DESC, id"
