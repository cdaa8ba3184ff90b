"""
Tiles: the tree and the entries cut into static files of 256, which any web server can serve.

A tile of level L holds up to 256 hashes; hash i of level L is the root of 256**L leaves. A bundle
(level ENTRIES) holds up to 256 entries, each with its length in two bytes, big-endian. Numbers are
written in groups of three digits, all but the last with an ``x``: 1234067 is ``x001/x234/067``. A
tile that is not full yet has its width in its name: ``.p/44``.

Source: https://c2sp.org/tlog-tiles.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from ledger import merkle
from ledger.note import Malformed

HEIGHT = 8
WIDTH = 1 << HEIGHT
ENTRIES = -1

_PATH = re.compile(
    r"tile/(entries|0|[1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


class Missing(LookupError):
    """The place that is read from has no file of this name."""


class Reader(Protocol):
    """Anywhere that tiles can be read from."""

    def read(self, path: str) -> bytes:
        """Give a file's content. Raises ``Missing``."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One file: level (or ENTRIES), number within the level, and how many items it holds."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where the tile lies, relative to the checkpoint."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        suffix = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_number(self.number)}{suffix}"


def _number(number: int) -> str:
    number, last = divmod(number, 1000)
    path = f"{last:03d}"
    while number:
        number, group = divmod(number, 1000)
        path = f"x{group:03d}/{path}"
    return path


def parse_path(path: str) -> Tile | None:
    """Give the tile of which this is the path, or None if it is no tile's path."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level, digits, width = match.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(digits.replace("x", "").replace("/", "")),
        int(width or WIDTH),
    )
    return tile if tile.path == path and tile.width <= WIDTH else None


def count(level: int, size: int) -> int:
    """How many items a tree of ``size`` leaves has on a level."""
    return size >> (HEIGHT * max(level, 0))


def tile_at(level: int, number: int, size: int) -> Tile:
    """Give the tile of this number, as wide as a tree of ``size`` leaves fills it."""
    return Tile(level, number, min(WIDTH, count(level, size) - number * WIDTH))


def tiles_of(size: int) -> Iterator[Tile]:
    """Give every tile that a tree of ``size`` leaves has, bundles first."""
    level = ENTRIES
    while items := count(level, size):
        for number in range((items + WIDTH - 1) // WIDTH):
            yield tile_at(level, number, size)
        level += 1


def bundle(entries: Sequence[bytes]) -> bytes:
    """Join entries, each of at most 65,535 bytes, into the content of a bundle."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(data: bytes, width: int) -> list[bytes]:
    """
    Cut a bundle into its entries.

    Raises:
        Malformed: there are not exactly ``width`` entries, or bytes are left over.
    """
    entries, at = [], 0
    for _ in range(width):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
        if at > len(data) or start > len(data):
            raise Malformed("the bundle ends early")
    if at != len(data):
        raise Malformed("the bundle does not end after its last entry")
    return entries


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Give the root of a perfect tree over these nodes, a power of two of them."""
    while len(hashes) > 1:
        hashes = merkle.pairs(hashes)
    return hashes[0]


class Stack:
    """
    The right border of a tree, tile by tile: what must be known to go on writing it.

    ``levels[L]`` has the hashes of the last, unfilled tile of level L.
    """

    def __init__(self, size: int = 0, levels: Sequence[Sequence[bytes]] = ()) -> None:
        self.size = size
        self.levels = [list(level) for level in levels] or [[]]

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
        """Append leaf hashes; give the tiles that are full now, with their contents."""
        self.size += len(leaves)
        done: list[tuple[Tile, bytes]] = []
        for leaf in leaves:
            self._push(0, leaf, done)
        return done

    def _push(self, level: int, item: bytes, done: list[tuple[Tile, bytes]]) -> None:
        hashes = self.levels[level]
        hashes.append(item)
        if len(hashes) < WIDTH:
            return
        if level + 1 == len(self.levels):
            self.levels.append([])
        done.append((Tile(level, self._filling(level)), b"".join(hashes)))
        self.levels[level] = []
        self._push(level + 1, perfect_root(hashes), done)

    def _filling(self, level: int) -> int:
        """The number of the tile that is being filled; those before it in its level are full."""
        below = self.levels[level + 1 :]
        return sum(len(hashes) << (HEIGHT * at) for at, hashes in enumerate(below))

    def partials(self) -> list[tuple[Tile, bytes]]:
        """Give the unfilled tiles and their contents."""
        return [
            (Tile(level, self._filling(level), len(hashes)), b"".join(hashes))
            for level, hashes in enumerate(self.levels)
            if hashes
        ]

    def root(self) -> bytes:
        """Give the root of the whole tree."""
        edge: list[bytes] = []
        for hashes in reversed(self.levels):
            edge += [
                perfect_root(hashes[place << level : (place + 1) << level])
                for level, place in merkle.subtrees(0, len(hashes))
            ]
        return merkle.fold(edge)


def stack_at(reader: Reader, size: int) -> Stack:
    """
    Read the right border of the tree of ``size`` leaves.

    Raises:
        Missing, Malformed: a tile is not there or has another length.
    """
    levels: list[list[bytes]] = []
    while items := count(len(levels), size):
        number, width = divmod(items, WIDTH)
        tile = Tile(len(levels), number, width)
        levels.append(merkle.split_hashes(fetch(reader, tile)) if width else [])
    return Stack(size, levels)


def fetch(reader: Reader, tile: Tile) -> bytes:
    """
    Give a tile's content, taken from the full tile if the partial one has been removed since.

    Raises:
        Missing: neither is there.
        Malformed: it has not as many bytes or entries as it must have.
    """
    try:
        data, width = reader.read(tile.path), tile.width
    except Missing:
        data, width = reader.read(Tile(tile.level, tile.number).path), WIDTH
    if tile.level == ENTRIES:
        return data if width == tile.width else bundle(unbundle(data, width)[: tile.width])
    if len(data) != width * merkle.HASH_SIZE:
        raise Malformed(f"{tile.path} has {len(data)} bytes")
    return data[: tile.width * merkle.HASH_SIZE]


def hash_source(reader: Reader, size: int) -> merkle.Source:
    """
    Give the function that proofs are made with: subtree roots of a tree of ``size`` leaves.

    The function reads at most one tile per call, and each tile once.

    Raises:
        Missing, Malformed: when called, as for ``stack_at``.
    """
    hashes_of = lru_cache(maxsize=None)(lambda tile: merkle.split_hashes(fetch(reader, tile)))

    def root_of(subtree: merkle.Subtree) -> bytes:
        level, inner = divmod(subtree.level, HEIGHT)
        number, start = divmod(subtree.place << inner, WIDTH)
        hashes = hashes_of(tile_at(level, number, size))
        return perfect_root(hashes[start : start + (1 << inner)])

    return root_of
