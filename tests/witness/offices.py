"""An organisation that validates a log, which lies in a dictionary of files."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from config import law as published
from ledger import note
from ledger.entry import Statement
from ledger.treehead import TreeHead
from ledger.witness.patients import Lists
from ledger.witness.validator import FILE, Refused, Validator
from tests.ledger.lawful import LOG, NOON, Book
from tests.ledger.logs import Memory
from tests.witness.killed import Watcher

LATER = (NOON + timedelta(days=120)).timestamp()
"""Some cheats come months after what they are about."""


class Office:
    """An organisation that validates what lies in ``files``."""

    def __init__(self, home: Path) -> None:
        self.home, self.laws, self.now = home, home / "laws", LATER
        self.files = Memory()
        self.laws.mkdir()
        self.accept(published.document())
        self.watcher, self.lists = Watcher(), Lists(home / FILE)
        self.validator = self.open()

    def accept(self, data: bytes) -> None:
        (self.laws / "accepted.json").write_bytes(data)

    def open(self) -> Validator:
        return Validator(
            self.home,
            LOG.verifier,
            self.files,
            self.laws,
            observers=[self.lists, self.watcher],
            clock=lambda: self.now,
        )

    def reopen(self) -> None:
        self.validator.close()
        self.validator = self.open()

    def publish(self, book: Book, size: int | None = None) -> TreeHead:
        self.files.clear()
        self.files.update(book.files(size))
        return book.head(size)

    def admit(self, book: Book, size: int | None = None) -> None:
        self.validator.admit(self.publish(book, size))

    def refuses(self, book: Book, rule: str) -> Refused:
        with pytest.raises(Refused) as caught:
            self.admit(book)
        assert caught.value.rule == rule
        return caught.value

    def seen(self) -> list[str]:
        database = sqlite3.connect(self.home / "replayed.db")
        rows = database.execute("SELECT subject FROM seen ORDER BY entry").fetchall()
        database.close()
        return [subject for (subject,) in rows]

    @property
    def size(self) -> int:
        return int(self.validator.status()["size"])


def with_entry(book: Book, index: int, entry: bytes) -> Book:
    changed = Book()
    changed.entries = [*book.entries[:index], entry, *book.entries[index + 1 :]]
    return changed


def entry_subject(entry: bytes) -> str:
    return Statement.parse(note.parse(entry).text).subject
