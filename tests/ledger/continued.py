"""Logs in memory that continue each other."""

from __future__ import annotations

from typing import Any

from config import law as published
from ledger import note, succession
from ledger.entry import leaf_hash
from ledger.memory import Memory, Store
from ledger.replay import Broken, Replay
from ledger.treehead import TreeHead
from tests.ledger.lawful import Book, laws, signer

NEXT = signer("example/log/next")


def freeze(book: Book, successor: note.Signer = NEXT) -> TreeHead:
    """The last entry of a log; its head for ever."""
    book.add("log", "log.freeze", {"successor": successor.verifier.vkey}, book.log)
    return book.head()


class Successor(Book):
    """The log that goes on where another one was frozen, with the same people."""

    def __init__(self, before: Book, *, key: note.Signer = NEXT, **says: Any) -> None:
        self.log, self.origin = key, key.verifier.name
        self.before = before
        self.entries, self.now = [], before.now
        self.tips = {name: tip for name, tip in before.tips.items() if name != "log"}
        self.states = dict(before.states)
        self.unnumbered, self.numbers = dict(before.unnumbered), before.numbers
        self.left = dict(before.left)
        self.forms = dict(before.forms)
        services = ("access", "cashier", "clock", "registrar")
        self.keys = {**before.keys, **{name: signer(f"{self.origin}/{name}") for name in services}}
        facts = {
            "law": published.digest(),
            "policy": f"log {key.verifier.vkey}\nquorum none\n",
            "predecessor": succession.predecessor(before.head()),
            "service_keys": {name: self.keys[name].verifier.vkey for name in services},
            **says,
        }
        present = {name: value for name, value in facts.items() if value is not None}
        self.add("log", "log.open", present, key)


def replayed(book: Book, store: Store | None = None) -> Store:
    """Replay a log under the law. Raises ``Broken``."""
    replay = Replay(book.log.verifier, laws, Memory() if store is None else store)
    for entry in book.entries:
        replay.check(entry, leaf_hash(entry))
    return replay.store


def carried(book: Book) -> Store:
    """What the successor of a frozen log begins with."""
    store = replayed(book)
    succession.carry(store, book.head())
    return store


def broken(book: Successor) -> tuple[int, str]:
    """The index and rule of the first entry that is refused after the log before; -1 if none."""
    store = carried(book.before)
    replay = Replay(book.log.verifier, laws, store)
    for entry in book.entries:
        try:
            replay.check(entry, leaf_hash(entry))
        except Broken as error:
            return replay.entries, error.rule
    return -1, ""
