"""
What a validator remembers of a log, in one SQLite file: a store for ``replay.Replay``.

Subjects, keys, position and the tree's edge change in one transaction per batch, so that a killed
program goes on where the last whole batch ended. Between ``begin`` and ``commit`` changes lie in
memory and are written at once. A batch lost to a power failure is replayed again; what must never
be lost, the refusal, is written with ``synchronous=FULL``.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger import merkle, succession
from ledger.law import Standing
from ledger.memory import PAST, Key, KeyName, Position, Predecessor, Subject
from ledger.treehead import TreeHead

MOST_CACHED = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the validator has stopped: the entry, the rule, and the signed head that covers it."""

    index: int
    subject: str
    rule: str
    text: str
    head: str


class LedgerState:
    """The file, opened. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(_TABLES)
        if not self._database.execute(_HAS_CHAINED).fetchone():
            self._database.execute(_ADD_CHAINED)
        self._subjects: dict[str, Subject] = {}
        self._keys: dict[KeyName, Key] = {}
        self._changed: set[str] = set()
        self._changed_keys: set[KeyName] = set()
        self.position, self.edge = self._load()

    def close(self) -> None:
        self._database.close()

    # --- replay.Store ---------------------------------------------------------------------------

    def subject(self, name: str) -> Subject | None:
        found = self._subjects.get(name)
        if found is None:
            row = self._database.execute(_SUBJECT, (name,)).fetchone()
            if row is None:
                return None
            version, leaf, at, standing = row
            found = Subject(version, leaf, _moment(at), _standing(standing))
            self._subjects[name] = found
        return found

    def put_subject(self, name: str, subject: Subject) -> None:
        self._subjects[name] = subject
        self._changed.add(name)

    def key(self, name: KeyName) -> Key | None:
        found = self._keys.get(name)
        if found is None:
            row = self._database.execute(_KEY, name).fetchone()
            if row is None:
                return None
            public_key, at, holder, revoked = row
            found = Key(public_key, _moment(at), json.loads(holder), bool(revoked))
            self._keys[name] = found
        return found

    def put_key(self, name: KeyName, key: Key) -> None:
        self._keys[name] = key
        self._changed_keys.add(name)

    # --- transactions ---------------------------------------------------------------------------

    def begin(self) -> sqlite3.Cursor:
        """Begin a batch; observers write with the cursor, in the same transaction."""
        return self._database.cursor().execute("BEGIN IMMEDIATE")

    def commit(self, edge: Sequence[bytes]) -> None:
        """Write everything that changed, and the edge of the tree that has been replayed."""
        run = self._database
        run.executemany(_PUT_SUBJECT, map(self._subject_row, self._changed))
        run.executemany(_PUT_KEY, map(self._key_row, self._changed_keys))
        run.execute(_PUT_POSITION, (b"".join(edge), *_position_row(self.position)))
        run.execute("COMMIT")
        self.edge = list(edge)
        self._changed.clear()
        self._changed_keys.clear()
        if len(self._subjects) > MOST_CACHED:
            self._subjects.clear()
        if len(self._keys) > MOST_CACHED:
            self._keys.clear()

    def rollback(self) -> None:
        """Forget the batch: what is stored counts again."""
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        for cache in (self._subjects, self._keys, self._changed, self._changed_keys):
            cache.clear()
        self.position, self.edge = self._load()

    def take_over(self, earlier: Path, head: TreeHead) -> bool:
        """
        Begin with what was remembered of the frozen log that this one continues.

        ``earlier`` is that log's file, ``head`` where it ended. Returns whether the file has come
        so far; nothing has changed if not. The caller is in a batch.

        Raises:
            succession.Discontinued: the log did not end there.
        """
        before = LedgerState(earlier)
        try:
            if before.position.entries < head.size or before.refusal():
                return False
            if merkle.fold(before.edge) != head.root:
                raise succession.Discontinued(f"{head.origin} did not end with this root")
            old, new = before._database, self._database
            new.executemany(_PUT_SUBJECT, old.execute(_ALL_SUBJECTS))
            new.executemany(_PUT_KEY, old.execute(_ALL_KEYS))
            self.position = before.position
        finally:
            before.close()
        succession.carry(self, head)
        return True

    def refuse(self, refusal: Refusal) -> None:
        """Remember for ever why the validator has stopped; the first reason stays."""
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(_REFUSE, astuple(refusal))
        self._database.execute("PRAGMA synchronous=NORMAL")

    def refusal(self) -> Refusal | None:
        row = self._database.execute(_REFUSAL).fetchone()
        return Refusal(*row) if row else None

    # --- rows -----------------------------------------------------------------------------------

    def _load(self) -> tuple[Position, list[bytes]]:
        row = self._database.execute(_POSITION).fetchone()
        if row is None:
            return Position(), []
        entries, subjects, keys, latest, law, name, key_id, edge, chained = row
        registrar = (name, key_id) if name else None
        position = Position(entries, subjects, keys, _moment(latest), law, registrar)
        _unchain(position, chained)
        return position, merkle.split_hashes(edge)

    def _subject_row(self, name: str) -> tuple[str, int, bytes, int | None, str | None]:
        subject = self._subjects[name]
        standing = subject.standing
        text = None
        if standing is not None:
            parts = [standing.state, standing.constant, standing.kept]
            text = json.dumps(parts, separators=(",", ":"))
        return name, subject.version, subject.leaf, _micros(subject.at), text

    def _key_row(self, name: KeyName) -> tuple[str, bytes, bytes, int | None, str, bool]:
        key = self._keys[name]
        return *name, key.public_key, _micros(key.at), json.dumps(key.holder), key.revoked


def _position_row(position: Position) -> tuple[object, ...]:
    name, key_id = position.registrar or (None, None)
    counts = position.entries, position.subjects, position.keys
    latest = _micros(position.latest)
    return *counts, latest, position.law, name, key_id, _chained(position)


def _chained(position: Position) -> str:
    """What joins this log to others: its service keys, predecessor and successor."""
    before = position.predecessor
    named = [before.origin, before.size, before.root.hex(), before.successor] if before else []
    services = [[name, key_id.hex()] for name, key_id in position.services]
    return json.dumps([services, position.successor, named])


def _unchain(position: Position, text: str) -> None:
    services, position.successor, named = json.loads(text)
    position.services = tuple((name, bytes.fromhex(key_id)) for name, key_id in services)
    if named:
        origin, size, root, successor = named
        position.predecessor = Predecessor(origin, size, bytes.fromhex(root), successor)


def _micros(at: datetime) -> int | None:
    return None if at == PAST else (at - _EPOCH) // _MICROSECOND


def _moment(micros: int | None) -> datetime:
    return PAST if micros is None else _EPOCH + timedelta(microseconds=micros)


def _standing(text: str | None) -> Standing | None:
    if text is None:
        return None
    state, constant, kept = json.loads(text)
    return Standing(state, tuple(constant), kept)


_TABLES = """
    PRAGMA synchronous=NORMAL;
    CREATE TABLE IF NOT EXISTS subject (
        name TEXT PRIMARY KEY, version INTEGER NOT NULL, leaf BLOB NOT NULL, at INTEGER,
        standing TEXT) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS key (
        name TEXT, id BLOB, public_key BLOB NOT NULL, at INTEGER, holder TEXT NOT NULL,
        revoked INTEGER NOT NULL, PRIMARY KEY (name, id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS position (
        one INTEGER PRIMARY KEY CHECK (one = 1), entries INTEGER NOT NULL,
        subjects INTEGER NOT NULL, keys INTEGER NOT NULL, latest INTEGER, law TEXT NOT NULL,
        registrar TEXT, registrar_id BLOB, edge BLOB NOT NULL, chained TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS refusal (
        one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL, subject TEXT NOT NULL,
        rule TEXT NOT NULL, text TEXT NOT NULL, head TEXT NOT NULL);
"""
_HAS_CHAINED = "SELECT 1 FROM pragma_table_info('position') WHERE name = 'chained'"
_ADD_CHAINED = """
    ALTER TABLE position ADD COLUMN chained TEXT NOT NULL DEFAULT '[[], "", []]'
"""
_SUBJECT = "SELECT version, leaf, at, standing FROM subject WHERE name = ?"
_KEY = "SELECT public_key, at, holder, revoked FROM key WHERE name = ? AND id = ?"
_ALL_SUBJECTS = "SELECT name, version, leaf, at, standing FROM subject"
_ALL_KEYS = "SELECT name, id, public_key, at, holder, revoked FROM key"
_POSITION = """
    SELECT entries, subjects, keys, latest, law, registrar, registrar_id, edge, chained
    FROM position
"""
_REFUSAL = "SELECT entry, subject, rule, text, head FROM refusal"
_PUT_SUBJECT = "INSERT OR REPLACE INTO subject VALUES (?, ?, ?, ?, ?)"
_PUT_KEY = "INSERT OR REPLACE INTO key VALUES (?, ?, ?, ?, ?, ?)"
_PUT_POSITION = """
    INSERT OR REPLACE INTO position
        (one, edge, entries, subjects, keys, latest, law, registrar, registrar_id, chained)
    VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REFUSE = "INSERT OR IGNORE INTO refusal VALUES (1, ?, ?, ?, ?, ?)"
