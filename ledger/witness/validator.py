"""
A validator: replays every entry under the accepted law before its organisation cosigns a head.

It works from the published files alone. For each batch of entries:

1. their leaf hashes are computed, compared with the level-0 tiles, and appended to the tree's edge;
2. the tree so far is proven to be the beginning of the head's tree, so that nothing is judged, and
   nothing stored, that the log has not signed;
3. the entries are replayed (``ledger.replay``), observers see each of them, and all that follows
   from them is stored in one transaction.

An entry that breaks a rule stops the validator for ever: the refusal is stored with the head that
covers it, which the log has signed, so it is evidence. Anything else is refused for now only and
may heal: files that are missing, or are not those that were signed (a flipped bit on a disk is no
evidence against anybody); a law that the organisation has not accepted (it may yet); a time that
has not come.

No Django here. One process per home; threads take turns.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Cursor
from typing import Any, NoReturn, Protocol

from ledger import law as lawbook
from ledger import merkle, succession, tiles
from ledger import note as notes
from ledger.audit import subject_of
from ledger.entry import Statement, leaf_hash
from ledger.replay import Broken, Early, Replay
from ledger.treehead import TreeHead
from ledger.witness.ledgerstate import LedgerState, Refusal

BATCH = 16 * tiles.WIDTH
AHEAD = timedelta(seconds=120)
"""How far an entry's ``at`` may lie ahead of this program's clock."""
TURN_S = 0.5
FILE = "replayed.db"
HEALS = ("law.not_accepted", "law.unnamed", "law.unreadable")


class Refused(Exception):
    """
    The head is not admitted. ``rule`` is a stable code, ``index`` the entry's, or -1.

    ``lasting``: the log has signed an entry that breaks the rule; no head will be admitted again.
    """

    def __init__(
        self, index: int, subject: str, rule: str, text: str, *, lasting: bool = False
    ) -> None:
        about = f" ({subject})" if subject else ""
        super().__init__(f"entry {index}{about}: {text}" if index >= 0 else text)
        self.index, self.subject, self.rule, self.text = index, subject, rule, text
        self.lasting = lasting


class Behind(Exception):
    """Not admitted yet: files or time are missing, or another head is being looked at."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Observer(Protocol):
    """Whoever learns from each entry, in the transaction that stores what follows from it."""

    def prepare(self, cursor: Cursor) -> None:
        """Make tables if there are none."""

    def observe(self, cursor: Cursor, index: int, statement: Statement) -> None:
        """Take one entry, which broke no rule."""

    def finish(self, cursor: Cursor, size: int) -> None:
        """The batch ends: the first ``size`` entries have been seen. Commit follows."""


class Validator:
    """What one organisation has replayed of one log."""

    def __init__(
        self,
        home: Path,
        log: notes.Verifier,
        reader: tiles.Reader,
        laws: Path,
        *,
        observers: Sequence[Observer] = (),
        clock: Callable[[], float] = time.time,
        home_of: Callable[[str], Path] | None = None,
    ) -> None:
        """
        Take up the replay that is stored in ``home``, a folder for this log alone.

        ``home_of`` gives the folder of another log by its origin: a log that continues a frozen one
        is replayed from where that one ended.

        ``laws`` is the folder of the law files that the organisation accepts, by whatever names;
        it is looked into whenever the log names a law. ``clock`` gives POSIX seconds.
        """
        self._log, self._reader, self._laws, self._clock = log, reader, laws, clock
        self._observers = tuple(observers)
        self._home_of = home_of
        self._state = LedgerState(home / FILE)
        self._replay: Replay | None = None
        self._turn = threading.Lock()
        self._trouble = ""
        with self._batch() as cursor:
            for observer in self._observers:
                observer.prepare(cursor)
            self._state.commit(self._state.edge)
        self._status = self._look()

    def admit(self, head: TreeHead) -> None:
        """
        Replay the log up to a head that the log has signed; returning means that all is lawful.

        Raises:
            Refused: an entry breaks a rule, or the files are not those that were signed.
            Behind: it cannot be told yet.
        """
        if not self._turn.acquire(timeout=TURN_S):
            raise Behind(f"busy: {self._status['size']} entries have been replayed")
        try:
            self._trouble = ""
            self._admit(head)
        except (Refused, Behind) as error:
            self._trouble = str(error)
            raise
        finally:
            self._status = self._look()
            self._turn.release()

    def status(self) -> dict[str, Any]:
        """Size, root, law and counts of what was replayed; ``refusal`` if it has stopped."""
        return dict(self._status)

    def close(self) -> None:
        """Close the file."""
        self._state.close()

    def _admit(self, head: TreeHead) -> None:
        stopped = self._state.refusal()
        if stopped is not None:
            raise Refused(stopped.index, stopped.subject, stopped.rule, stopped.text, lasting=True)
        if head.origin != self._log.name:
            raise Refused(-1, "", "head.other_log", f"a head of another log: {head.origin}")
        try:
            if head.size <= self._size:
                ours = TreeHead(head.origin, self._size, merkle.fold(self._state.edge))
                known = tiles.hash_source(self._reader, ours.size)
                self._check_root(ours, head.size, head.root, known)
            source = tiles.hash_source(self._reader, head.size)
            if self._size == 0 < head.size:
                self._take_over(head)
            while self._size < head.size:
                self._advance(head, source)
                self._status = self._look()
        except tiles.Missing as error:
            raise Behind(f"a file is missing: {error}") from error
        except notes.Malformed as error:
            raise Refused(-1, "", "tiles.malformed", str(error)) from error

    def _take_over(self, head: TreeHead) -> None:
        """Where the log continues another one, begin with what was replayed of that."""
        if self._state.position.predecessor is not None or self._home_of is None:
            return
        opening = Statement.parse(notes.parse(next(self._entries(0, 1, head.size))).text)
        before = succession.named(opening)
        if before is None:
            return
        earlier = self._home_of(before.origin) / FILE
        with self._batch():
            try:
                if not (earlier.exists() and self._state.take_over(earlier, before)):
                    raise Behind(f"{before.origin} has not been replayed to its end")
            except succession.Discontinued as error:
                raise Refused(0, "log", "log.discontinued", str(error)) from error
            self._state.commit([])

    @property
    def _size(self) -> int:
        return self._state.position.entries

    def _advance(self, head: TreeHead, source: merkle.Source) -> None:
        """Replay one batch."""
        start = self._size
        end = min(head.size, start - start % BATCH + BATCH)
        entries = list(self._entries(start, end, head.size))
        leaves = [leaf_hash(entry) for entry in entries]
        edge = merkle.extend(start, self._state.edge, leaves)
        self._check_root(head, end, merkle.fold(edge), source)
        with self._batch() as cursor:
            replay = self._resumed()
            for entry, leaf in zip(entries, leaves, strict=True):
                self._take(replay, cursor, entry, leaf, head)
            for observer in self._observers:
                observer.finish(cursor, end)
            self._state.commit(edge)

    def _take(
        self, replay: Replay, cursor: Cursor, entry: bytes, leaf: bytes, head: TreeHead
    ) -> None:
        index = replay.entries
        try:
            statement = replay.check(entry, leaf)
        except Early as error:
            raise Behind(f"entry {index}: {error}") from error
        except Broken as error:
            self._stop(index, subject_of(entry), error, head)
        for observer in self._observers:
            observer.observe(cursor, index, statement)

    def _stop(self, index: int, subject: str, error: Broken, head: TreeHead) -> NoReturn:
        lasting = error.rule not in HEALS
        if lasting:
            self._state.rollback()
            self._replay = None
            covered = head.text().decode()
            self._state.refuse(Refusal(index, subject, error.rule, str(error), covered))
        raise Refused(index, subject, error.rule, str(error), lasting=lasting) from error

    def _entries(self, start: int, end: int, size: int) -> Iterator[bytes]:
        """The entries from ``start`` on, each compared with its leaf in the level-0 tile."""
        for number in range(start // tiles.WIDTH, (end + tiles.WIDTH - 1) // tiles.WIDTH):
            tile = tiles.tile_at(tiles.ENTRIES, number, size)
            entries = tiles.unbundle(tiles.fetch(self._reader, tile), tile.width)
            hashes = merkle.split_hashes(tiles.fetch(self._reader, tiles.tile_at(0, number, size)))
            first = number * tiles.WIDTH
            for at in range(max(start - first, 0), min(end - first, tile.width)):
                if leaf_hash(entries[at]) != hashes[at]:
                    text = "the entry does not have the hash of its leaf"
                    raise Refused(first + at, subject_of(entries[at]), "tiles.other_leaf", text)
                yield entries[at]

    def _check_root(self, head: TreeHead, size: int, root: bytes, source: merkle.Source) -> None:
        """The tree of ``head`` begins with that of ``size`` entries and this root."""
        proof = merkle.consistency(size, head.size, source)
        if not merkle.is_consistent(size, head.size, root, head.root, proof):
            text = f"the tiles do not have the root that was signed for {head.size} entries"
            raise Refused(-1, "", "tiles.other_root", text)

    @contextmanager
    def _batch(self) -> Iterator[Cursor]:
        """A transaction; whatever goes wrong, it has not been."""
        try:
            yield self._state.begin()
        except BaseException:
            self._replay = None
            self._state.rollback()
            raise

    def _resumed(self) -> Replay:
        if self._replay is None:
            try:
                self._replay = Replay(self._log, self._law, self._state)
            except Broken as error:
                raise Refused(self._size, "", error.rule, str(error)) from error
        self._replay.not_after = datetime.fromtimestamp(self._clock(), UTC) + AHEAD
        return self._replay

    def _law(self, digest: str) -> lawbook.Law:
        """The law of this digest, if the organisation accepts it."""
        if not digest:
            raise Broken("law.unnamed", "the log names no law")
        for path in sorted(self._laws.glob("*.json")):
            data = path.read_bytes()
            if lawbook.digest(data) != digest:
                continue
            try:
                return lawbook.parse(data)
            except lawbook.BadLaw as error:
                raise Broken("law.unreadable", f"the law {digest}: {error}") from error
        raise Broken("law.not_accepted", f"this organisation has not accepted the law {digest}")

    def _look(self) -> dict[str, Any]:
        position, refusal = self._state.position, self._state.refusal()
        return {
            "origin": self._log.name,
            "size": position.entries,
            "root": notes.encode_base64(merkle.fold(self._state.edge)),
            "subjects": position.subjects,
            "keys": position.keys,
            "law": position.law,
            "refusal": asdict(refusal) if refusal else None,
            "trouble": self._trouble,
        }
