"""
The patients' lists as a validator knows them: from what it has replayed, and from nothing else.

``Lists`` takes each entry that broke no rule and keeps the map of ``ledger.patientmap`` in the
replay's own SQLite file, in the same transaction; so the map is always that of the entries replayed
so far. ``ListCosigning`` cosigns a head of the log's lists if its root is the one found here:

    200  the cosignature lines               404  not the lists of a log that we validate
    400  malformed                           409  we do not know the root at this size (any more);
    403  no key that we trust signed it           the size that we have replayed follows
                                             422  we have another root at this size

A root is known at each size at which a batch ended, so at every checkpoint that was cosigned here.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import Cursor

from ledger import cosignature, patientmap, patients, policy
from ledger import note as notes
from ledger.entry import Statement
from ledger.treehead import TreeHead
from ledger.witness.cosigning import SIZE, Answer
from ledger.witness.records import Latest, Records

KEPT_ROOTS = 1000


class OutOfStep(RuntimeError):
    """The lists are not those of the entries that have been replayed."""


class Rows:
    """A store for ``patientmap.Map`` in the transaction of a cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def buckets(self, numbers: Collection[int]) -> Mapping[int, bytes]:
        return dict(self._cursor.execute(_BUCKETS, (json.dumps(list(numbers)),)))

    def put_buckets(self, buckets: Mapping[int, bytes]) -> None:
        self._cursor.executemany(_PUT_BUCKET, buckets.items())

    def nodes(self, numbers: Collection[int]) -> Mapping[int, bytes]:
        return dict(self._cursor.execute(_NODES, (json.dumps(list(numbers)),)))

    def put_nodes(self, nodes: Mapping[int, bytes]) -> None:
        self._cursor.executemany(_PUT_NODE, nodes.items())


class Lists:
    """An observer for ``validator.Validator``; ``path`` is the file that it writes to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: list[tuple[int, str]] = []
        self._first = self._next = -1

    # --- validator.Observer, in the validator's thread ------------------------------------------

    def prepare(self, cursor: Cursor) -> None:
        """
        Make the tables. Raises ``OutOfStep`` if entries were replayed that they do not know.
        """
        for table in _TABLES:
            cursor.execute(table)
        row = cursor.execute("SELECT entries FROM position").fetchone()
        replayed, known = row[0] if row else 0, _size(cursor)
        if replayed != known:
            raise OutOfStep(f"{replayed} entries were replayed, the lists know {known}")

    def observe(self, cursor: Cursor, index: int, statement: Statement) -> None:
        """Remember whom the entry is about, until the batch ends."""
        if index != self._next:  # the first of a batch; the one before may have come to nothing
            self._first = index
            self._seen.clear()
        self._next = index + 1
        if statement.patient:
            self._seen.append((index, statement.patient))

    def finish(self, cursor: Cursor, size: int) -> None:
        """Extend the map by the batch, and keep its root at this size."""
        if (self._first, self._next) != (_size(cursor), size):
            raise OutOfStep(f"entries {self._first} to {self._next} follow {_size(cursor)}")
        lists = patientmap.Map(Rows(cursor))
        lists.extend(self._seen)
        cursor.execute("INSERT INTO patient_root VALUES (?, ?)", (size, lists.root()))
        cursor.execute(_FORGET, (KEPT_ROOTS,))
        self._first = self._next = -1

    # --- from any thread ------------------------------------------------------------------------

    def root_at(self, size: int) -> bytes | None:
        """The map's root over the first ``size`` entries, if it is known (any more)."""
        with closing(self._opened()) as database:
            row = database.execute(_ROOT, (size,)).fetchone()
        return row[0] if row else None

    def size(self) -> int:
        """How many entries the map covers."""
        with closing(self._opened()) as database:
            return _size(database.cursor())

    def _opened(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)


class ListCosigning:
    """
    The lists of one log. ``logs`` is a policy whose log lines are the keys that may sign the log's
    checkpoints.
    """

    def __init__(
        self,
        logs: policy.Policy,
        keys: Sequence[cosignature.Cosigner],
        records: Records,
        lists: Lists,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.origin = patients.origin_of(logs.logs[0].verifier.name)
        self._logs, self._keys = patients.keys(logs), keys
        self._records, self._lists, self._clock = records, lists, clock

    def latest(self) -> bytes:
        """The largest head that was cosigned here, with our lines; empty if there is none."""
        return self._records.latest(self.origin).note

    def suspects(self) -> list[bytes]:
        """Heads that the log signed and that are not those of the entries it published."""
        return self._records.suspects(self.origin)

    def add(self, signed: bytes) -> Answer:
        """Cosign a head of these lists, or say why not."""
        try:
            note, head = policy.open_signed(signed, self._logs)
        except (notes.Malformed, notes.BadSignature) as error:
            return Answer(403, f"{error}\n".encode())
        root = self._lists.root_at(head.size)
        if root is None:
            return Answer(409, f"{self._lists.size()}\n".encode(), SIZE)
        said = self._records.cosigned(self.origin, head.size).root
        if head.root != root or said not in (b"", root):
            own = notes.assemble(note.text, self._signed(note))
            self._records.suspect(head, own, proven=True)
            found = notes.encode_base64(root)
            return Answer(422, f"of the first {head.size} entries the root is {found}\n".encode())
        return self._cosigned(note, head)

    def _cosigned(self, note: notes.Note, head: TreeHead) -> Answer:
        latest = self._records.latest(self.origin)
        # A clock that was set back must not make our words look older than earlier ones.
        at_s = max(int(self._clock()), latest.at_s)
        lines = [key.cosign(note.text, at_s) for key in self._keys]
        if head.size >= latest.size:
            # The roots follow from the log, so nothing is lost where another request is first.
            whole = notes.assemble(note.text, [*self._signed(note), *lines])
            self._records.replace(self.origin, latest, Latest(head.size, head.root, whole, at_s))
        return Answer(200, "".join(f"{line}\n" for line in lines).encode())

    def _signed(self, note: notes.Note) -> list[str]:
        """Give the lines by the log's keys; whatever strangers have added is not kept."""
        keys = {(log.verifier.name, log.verifier.key_id) for log in self._logs.logs}
        lines = [one.line() for one in note.signatures if (one.name, one.key_id) in keys]
        return list(dict.fromkeys(lines))


def add(signed: bytes, by_origin: Mapping[str, ListCosigning]) -> Answer:
    """Hand a signed head of lists, the body of ``add-patients``, to whoever cosigns these."""
    try:
        head = patients.head_of(signed)
    except notes.Malformed as error:
        return Answer(400, f"{error}\n".encode())
    cosigning = by_origin.get(head.origin)
    if cosigning is None:
        return Answer(404, b"not the lists of a log that is validated here\n")
    return cosigning.add(signed)


def _size(cursor: Cursor) -> int:
    size: int = cursor.execute("SELECT coalesce(max(size), 0) FROM patient_root").fetchone()[0]
    return size


_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS patient_bucket (
        number INTEGER PRIMARY KEY, records BLOB NOT NULL) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS patient_node (
        number INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS patient_root (
        size INTEGER PRIMARY KEY, root BLOB NOT NULL) STRICT
    """,
)
_BUCKETS = """
    SELECT number, records FROM patient_bucket WHERE number IN (SELECT value FROM json_each(?))
"""
_PUT_BUCKET = "INSERT OR REPLACE INTO patient_bucket VALUES (?, ?)"
_NODES = "SELECT number, hash FROM patient_node WHERE number IN (SELECT value FROM json_each(?))"
_PUT_NODE = "INSERT OR REPLACE INTO patient_node VALUES (?, ?)"
_ROOT = "SELECT root FROM patient_root WHERE size = ?"
_FORGET = """
    DELETE FROM patient_root WHERE size <= (
        SELECT size FROM patient_root ORDER BY size DESC LIMIT 1 OFFSET ?)
"""
