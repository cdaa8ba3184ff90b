"""
Checkpoints of logs as entries of a national log: read, and compared with the logs themselves.

An entry ``log.checkpoint`` is about the subject ``checkpoint/<origin>``; its facts are the ``size``
and the ``root`` (base64) of a checkpoint that the policy's quorum has cosigned. Sizes only grow.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger import merkle, tiles
from ledger import note as notes
from ledger.entry import Statement

KIND = "log.checkpoint"
PREFIX = "checkpoint/"


class Contradicted(ValueError):
    """A log is not the one of which the national log holds a checkpoint."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The size and the 32-byte root of the log ``origin``, as the national log holds them."""

    origin: str
    size: int
    root: bytes


def read(statement: Statement) -> Anchor | None:
    """
    Read an entry of a national log; None if it is about something else.

    Raises:
        note.Malformed: the facts are not a size and a root.
    """
    if statement.kind != KIND or not statement.subject.startswith(PREFIX):
        return None
    size, root = statement.facts.get("size"), statement.facts.get("root")
    if type(size) is not int or not isinstance(root, str):
        raise notes.Malformed("a checkpoint has a size and a root")
    decoded = notes.decode_base64(root)
    if size < 1 or len(decoded) != merkle.HASH_SIZE:
        raise notes.Malformed("a checkpoint has a size and a root")
    return Anchor(statement.subject.removeprefix(PREFIX), size, decoded)


def compare(held: Iterable[Anchor], logs: Mapping[str, tuple[tiles.Reader, int]]) -> int:
    """
    Compare checkpoints of a national log with the logs that are at hand; how many were compared.

    ``logs`` maps an origin to a verified log's files and its size.

    Raises:
        Contradicted: a log is smaller, or had another root at that size.
    """
    compared = 0
    for one in held:
        if one.origin not in logs:
            continue
        reader, size = logs[one.origin]
        if one.size > size:
            raise Contradicted(f"{one.origin} has {size} entries, and had {one.size}")
        source = tiles.hash_source(reader, size)
        if merkle.fold([source(part) for part in merkle.subtrees(0, one.size)]) != one.root:
            raise Contradicted(f"{one.origin} had another root at {one.size} entries")
        compared += 1
    return compared
