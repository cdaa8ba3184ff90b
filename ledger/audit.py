"""
Re-verify a whole log from entry 0, given nothing but its files and its key.

Everything is looked at: the checkpoint's signature, every entry (rules: ``ledger.replay``; by the
law that the log names, if it is published), every hash of every tile on every level, the root, and
all other files that lie beside them. It stops at the first fault and says where it is. One changed
bit, anywhere in a folder, is a fault: nothing is parsed leniently.

``checkpoint`` is the latest final head, ``signed`` the latest that the log's key signed. The larger
of the two is the size that is verified; the root of each is compared. ``checkpoint`` must be final
by a policy that the log has named, if it has named one.

What it cannot know: whether the log showed others another history (compare checkpoints, ask
witnesses), and what was left out before it was ever signed.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ledger import anchors, beside, merkle, succession, tiles
from ledger import note as notes
from ledger.anchors import Anchor
from ledger.beside import CHECKPOINT as CHECKPOINT
from ledger.beside import SIGNED as SIGNED
from ledger.beside import VKEY as VKEY
from ledger.beside import Fault as Fault
from ledger.beside import published_law as published_law
from ledger.beside import read_vkey as read_vkey
from ledger.entry import Statement, leaf_hash
from ledger.memory import Memory, Store
from ledger.replay import LOG, Broken, Laws, Replay
from ledger.treehead import TreeHead

Progress = Callable[[int, int], None]
Pieces = Iterable[tuple[list[bytes], list[bytes]]]
_LAW = re.compile(r"law/([0-9a-f]{64})\.json")


@dataclass(frozen=True, slots=True)
class Summary:
    """
    What has been verified.

    ``law`` is the digest of the law that the last entry was judged by, empty if by none. ``strays``
    are files that are no part of the log as checkpointed; ``anchors`` are the checkpoints of other
    logs that it holds.
    """

    origin: str
    size: int
    root: bytes
    subjects: int
    keys: int
    seconds: float
    law: str = ""
    strays: tuple[str, ...] = ()
    anchors: tuple[Anchor, ...] = ()


class History:
    """Logs that continue each other, verified one after the other, the oldest first."""

    def __init__(self) -> None:
        self.store: Store = Memory()
        self._ended: TreeHead | None = None

    def go_on(self) -> Store:
        """What the next log begins with. Raises ``Fault`` if the last one goes on itself."""
        if self._ended is not None:
            try:
                succession.carry(self.store, self._ended)
            except succession.Discontinued as error:
                raise Fault(self._ended.origin, str(error)) from error
        return self.store

    def end(self, summary: Summary) -> None:
        """A log has been verified, as far as it goes."""
        self._ended = TreeHead(summary.origin, summary.size, summary.root)


class Listing(tiles.Reader, Protocol):
    """A reader that can name all its files."""

    def paths(self) -> Iterable[str]:
        """Name every file."""


class Replayer:
    """Replays entries, grows the tree beside them, and compares roots at the sizes given."""

    def __init__(
        self,
        log: notes.Verifier,
        roots: Mapping[int, tuple[str, bytes]],
        laws: Laws | None = None,
        history: History | None = None,
    ) -> None:
        """
        ``roots`` maps a size to the root that somebody claims for it, and to who claims it.

        Raises ``Fault`` if the last log of ``history`` has not been frozen.
        """
        self._history = history or History()
        self.replay = Replay(log, laws, self._history.go_on())
        self.anchors: list[Anchor] = []
        self.stack = tiles.Stack()
        self.policies: list[str] = []
        self._roots = roots
        self._sizes = sorted(roots, reverse=True)

    def take(self, entries: list[bytes], leaves: list[bytes]) -> list[tuple[tiles.Tile, bytes]]:
        """
        Check further entries against the leaf hashes that are stored for them.

        Returns the tiles that are full now. Raises ``Fault``.
        """
        start = self.replay.entries
        for entry, leaf in zip(entries, leaves, strict=True):
            if leaf_hash(entry) != leaf:
                raise self._fault(entry, "it does not have the hash of its leaf")
            try:
                statement = self.replay.check(entry, leaf)
            except Broken as error:
                raise self._fault(entry, str(error)) from error
            if statement.subject == LOG and isinstance(statement.facts.get("policy"), str):
                self.policies.append(statement.facts["policy"])
            elif statement.kind == anchors.KIND:
                self._anchored(entry, statement)
        done: list[tuple[tiles.Tile, bytes]] = []
        while self._sizes and self._sizes[-1] <= start + len(leaves):
            size = self._sizes.pop()
            done += self.stack.extend(leaves[self.stack.size - start : size - start])
            self._compare(size)
        return done + self.stack.extend(leaves[self.stack.size - start :])

    def _anchored(self, entry: bytes, statement: Statement) -> None:
        try:
            anchor = anchors.read(statement)
        except notes.Malformed as error:
            raise self._fault(entry, str(error)) from error
        if anchor is not None:
            self.anchors.append(anchor)

    def _compare(self, size: int) -> None:
        claimed_by, root = self._roots[size]
        if self.stack.root() != root:
            raise Fault(claimed_by, f"its root is not that of the first {size} entries")

    def finish(self) -> None:
        """Raise ``Fault`` if a root was claimed for a size that was not reached."""
        if self._sizes:
            size = self._sizes[-1]
            where = self._roots[size][0]
            raise Fault(where, f"it speaks of {size} entries, there are {self.replay.entries}")

    def summary(self, origin: str, size: int, root: bytes, started: float) -> Summary:
        """What has been verified, since ``started`` by ``time.perf_counter``."""
        summary = Summary(
            origin=origin,
            size=size,
            root=root,
            subjects=self.replay.subjects,
            keys=self.replay.keys,
            seconds=time.perf_counter() - started,
            law=self.replay.position.law if self.replay.law else "",
            anchors=tuple(self.anchors),
        )
        self._history.end(summary)
        return summary

    def _fault(self, entry: bytes, what: str) -> Fault:
        subject = subject_of(entry)
        about = f" ({subject})" if subject else ""
        return Fault(f"entry {self.replay.entries}{about}", what)


def subject_of(entry: bytes) -> str:
    """Name the subject of an entry that may be damaged; empty where it cannot be read."""
    try:
        return Statement.parse(notes.parse(entry).text).subject
    except notes.Malformed:
        return ""


def files(
    reader: tiles.Reader,
    vkey: str,
    progress: Progress = lambda done, total: None,
    history: History | None = None,
) -> Summary:
    """
    Verify a log of files by its verifier key; one that continues others, with their ``history``.

    Raises:
        Fault: the first fault.
    """
    started = time.perf_counter()
    verifier = beside.opened_vkey(reader, vkey)
    heads = beside.Heads(reader, verifier)
    roots, size = heads.roots, max(heads.roots)
    replayer = Replayer(verifier, roots, lambda digest: published_law(reader, digest), history)
    for entries, leaves in _pieces(reader, size):
        full = replayer.take(entries, leaves)
        _compare_tiles(reader, size, full)
        progress(replayer.replay.entries, size)
    _compare_tiles(reader, size, replayer.stack.partials())
    beside.check_agreements(reader, heads, replayer.policies)
    return replayer.summary(verifier.name, size, roots[size][1], started)


def predecessor(reader: tiles.Reader, vkey: str) -> str:
    """Name the log that this one says it continues, empty if none; raises ``Fault``."""
    size = max(beside.Heads(reader, beside.opened_vkey(reader, vkey)).roots)
    tile = tiles.tile_at(tiles.ENTRIES, 0, size)
    try:
        first = tiles.unbundle(_fetch(reader, tile), tile.width)[0]
        named = succession.named(Statement.parse(notes.parse(first).text))
    except (notes.Malformed, IndexError) as error:
        raise Fault("entry 0", str(error)) from error
    return named.origin if named else ""


def strays(listing: Listing, size: int) -> tuple[str, ...]:
    """
    Check the files that a log of ``size`` verified entries need not have; name those unknown.

    Older partial tiles must be the beginning of the tiles they have become. What is no tile, or a
    tile beyond the size, is named and not judged.

    Raises:
        Fault: a partial tile differs from the full one.
    """
    needed = set(beside.NAMES)
    needed |= {tile.path for tile in tiles.tiles_of(size)}
    unknown = []
    for path in listing.paths():
        if path in needed:
            continue
        if named := _LAW.fullmatch(path):
            published_law(listing, named[1])
            continue
        tile = tiles.parse_path(path)
        if tile is None or tile.number * tiles.WIDTH + tile.width > tiles.count(tile.level, size):
            unknown.append(path)
        elif _beginning(listing, tile, size) != beside.read(listing, path):
            raise Fault(path, "it differs from the tile that it has become")
    return tuple(unknown)


def _beginning(reader: tiles.Reader, tile: tiles.Tile, size: int) -> bytes:
    whole = tiles.tile_at(tile.level, tile.number, size)
    data = _fetch(reader, whole)
    if tile.level != tiles.ENTRIES:
        return data[: tile.width * merkle.HASH_SIZE]
    return tiles.bundle(tiles.unbundle(data, whole.width)[: tile.width])


def _pieces(reader: tiles.Reader, size: int) -> Iterator[tuple[list[bytes], list[bytes]]]:
    for number in range((size + tiles.WIDTH - 1) // tiles.WIDTH):
        tile = tiles.tile_at(tiles.ENTRIES, number, size)
        hashes = _fetch(reader, tiles.tile_at(0, number, size))
        try:
            entries = tiles.unbundle(_fetch(reader, tile), tile.width)
        except notes.Malformed as error:
            raise Fault(tile.path, str(error)) from error
        yield entries, merkle.split_hashes(hashes)


def _compare_tiles(
    reader: tiles.Reader, size: int, made: Iterable[tuple[tiles.Tile, bytes]]
) -> None:
    for tile, content in made:
        if tile.level and _fetch(reader, tile) != content:
            raise Fault(tile.path, "its hashes are not those of the tiles below it")


def _fetch(reader: tiles.Reader, tile: tiles.Tile) -> bytes:
    try:
        return tiles.fetch(reader, tile)
    except tiles.Missing as error:
        raise Fault(tile.path, "it is missing") from error
    except notes.Malformed as error:
        raise Fault(tile.path, str(error)) from error
