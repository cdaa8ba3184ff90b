"""A tree of any size that costs nothing: its leaves are all alike but for those at the seams."""

import functools
import hashlib

import pymerkle

from ledger import merkle, tiles

SEAMS = sorted(
    {0, 1, *(256**power + shift for power in range(1, 7) for shift in (-2, -1, 0, 1, 2))}
)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf(index: int) -> bytes:
    """The hash of a leaf; those at the seams have their number as entry, the others "x"."""
    return _sha256(b"\0" + (b"%d" % index if index in SEAMS else b"x"))


@functools.cache
def subroot(level: int, place: int) -> bytes:
    """The root of a perfect subtree, word for word from RFC 6962, 2.1."""
    if level == 0:
        return leaf(place)
    if any(seam >> level == place for seam in SEAMS):
        return _sha256(b"\1" + subroot(level - 1, 2 * place) + subroot(level - 1, 2 * place + 1))
    return _alike(level)


@functools.cache
def _alike(level: int) -> bytes:
    return _sha256(b"\1" + 2 * _alike(level - 1)) if level else _sha256(b"\0x")


def source(subtree: merkle.Subtree) -> bytes:
    return subroot(subtree.level, subtree.place)


class Tiles:
    """All tiles that a tree of ``size`` leaves has, and no other; made when they are read."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, path: str) -> bytes:
        tile = tiles.parse_path(path)
        if tile is None or tile != tiles.tile_at(tile.level, tile.number, self.size):
            raise tiles.Missing(path)
        first = tile.number * tiles.WIDTH
        return b"".join(subroot(tiles.HEIGHT * tile.level, first + at) for at in range(tile.width))


class Other(pymerkle.BaseMerkleTree):  # type: ignore[misc]
    """The same tree in pymerkle: what lies where, and how it is joined, is pymerkle's own."""

    def __init__(self, size: int) -> None:
        super().__init__("sha256")
        self._size = size

    def _encode_entry(self, data: bytes) -> bytes:
        return data

    def _store_leaf(self, data: bytes, digest: bytes) -> int:
        raise NotImplementedError

    def _get_leaf(self, index: int) -> bytes:
        return leaf(index - 1)

    def _get_leaves(self, offset: int, width: int) -> list[bytes]:
        return [leaf(index) for index in range(offset, offset + width)]

    def _get_size(self) -> int:
        return self._size

    def _get_subroot(self, offset: int, width: int) -> bytes:
        level = width.bit_length() - 1
        return subroot(level, offset >> level)
