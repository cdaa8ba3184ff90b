"""
Where keys come from: the entries that registered them, proven in the trees of their logs.

See ``ledger.receiptfile``, whose part this is.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ledger import members, receipt, succession
from ledger import note as notes
from ledger.entry import Statement
from ledger.note import BadSignature, Malformed
from ledger.treehead import TreeHead

OPENING, REGISTRATION = "log.open", "key.register"


class UnknownSigner(ValueError):
    """The entry is signed by a key whose registration the file does not prove."""


@dataclass(frozen=True, slots=True)
class Registered:
    """An entry that registers keys, number ``index`` of the log, and its inclusion proof."""

    entry: bytes
    index: int
    proof: tuple[bytes, ...]


def read(value: Any) -> Registered:
    """Read one of a receipt file's ``keys``. Raises ``Malformed``."""
    parts = members.named(value, "entry", "index", "proof")
    index = parts["index"]
    if type(index) is not int or index < 0:
        raise Malformed("an index counts from 0")
    return Registered(members.note(parts["entry"]), index, members.hashes(parts["proof"]))


def keys_of(
    registered: Registered, checked: receipt.Checked, heads: dict[str, TreeHead]
) -> Iterator[notes.Verifier]:
    """
    The keys that an entry brought into force, if it is in its tree, before the one judged.

    ``heads`` are the trees known so far; an entry that opens a log adds the one which that names.
    """
    note = notes.parse(registered.entry)
    statement = Statement.parse(note.text)
    head = heads.get(statement.log)
    if head is None:
        raise UnknownSigner(f"the file does not prove what {statement.log} is")
    receipt.check_included(head, registered.index, registered.entry, registered.proof)
    if head == checked.head and registered.index >= checked.index:
        raise UnknownSigner("a key was registered after it signed")
    if statement.kind == OPENING and registered.index == 0:
        if head == checked.head:  # those of an earlier log ended with it
            yield from service_keys(statement).values()
        before = succession.named(statement)
        if before is not None:
            if before.origin in heads:
                raise Malformed("a log continues itself")
            heads[before.origin] = before
    elif statement.kind == REGISTRATION:
        key = newcomer(statement)
        if key.name not in notes.verified_by(note, [key]):
            raise BadSignature(f"{key.name} did not sign its registration")
        yield key
    else:
        raise UnknownSigner(f"no key is registered by {statement.kind}")


def log_of(entry: bytes) -> str:
    """Name the log that an entry is of. Raises ``Malformed``."""
    return Statement.parse(notes.parse(entry).text).log


def check_order(log: str, keys: Iterable[Registered]) -> None:
    """First those of the entry's own log, then log by log, each by rising index."""
    places = [(log_of(one.entry), one.index) for one in keys]
    logs = [log, *(name for name, _ in itertools.groupby(places, key=lambda place: place[0]))]
    if logs[1:2] == [log]:
        del logs[0]
    in_order = all(
        after[1] > before[1]
        for before, after in itertools.pairwise(places)
        if before[0] == after[0]
    )
    if len(set(logs)) != len(logs) or not in_order:
        raise Malformed("the keys are not in the order of their logs and indices")


def service_keys(opening: Statement) -> dict[str, notes.Verifier]:
    """
    Give the server's own keys by role, from the entry that opened the log.

    Raises:
        Malformed: it names none, or one that is no verifier key.
    """
    keys = opening.facts.get("service_keys")
    if not isinstance(keys, dict):
        raise Malformed("the log was opened without service keys")
    return {role: notes.Verifier.from_vkey(members.string(vkey)) for role, vkey in keys.items()}


def newcomer(statement: Statement) -> notes.Verifier:
    """Give the key that a registration is about. Raises ``Malformed``."""
    verifier = notes.Verifier.from_vkey(members.string(statement.facts.get("vkey")))
    if statement.subject != f"key/{verifier.name}":
        raise Malformed(f"the registration is not about {verifier.name}")
    return verifier
