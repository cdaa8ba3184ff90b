"""
Merkle trees as in RFC 6962: roots, edges, and proofs that an outsider can check.

A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right), the empty tree SHA-256("").
A tree of n leaves splits at the largest power of two below n. An *edge* is the list of roots of the
perfect subtrees that n leaves fall into, the largest first: one per set bit of n. It is all one
needs to append more leaves and to know the root.

Proofs are made by ``inclusion`` and ``consistency`` from any source of subtree roots, and checked
by ``root_from_inclusion`` and ``is_consistent``, which share no code with the makers.

Source: RFC 6962, 2.1; the checks are the algorithms of RFC 9162, 2.1.3.2 and 2.1.4.2.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256().digest()

_sha256 = hashlib.sha256


class Subtree(NamedTuple):
    """A perfect subtree: the leaves from ``place * 2**level`` on, ``2**level`` of them."""

    level: int
    place: int


Source = Callable[[Subtree], bytes]


def node(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


def split_hashes(joined: bytes) -> list[bytes]:
    """Cut joined 32-byte hashes apart."""
    return [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)]


def fold(edge: Iterable[bytes]) -> bytes:
    """Give the root of the tree with this edge: the small subtrees are joined first."""
    hashes = list(edge)
    if not hashes:
        return EMPTY_ROOT
    root = hashes.pop()
    while hashes:
        root = node(hashes.pop(), root)
    return root


def root(leaves: Sequence[bytes]) -> bytes:
    """Give the root of the tree with these leaf hashes. Time O(n)."""
    return fold(extend(0, (), leaves))


def extend(size: int, edge: Sequence[bytes], leaves: Sequence[bytes]) -> list[bytes]:
    """
    Give the edge of a tree of ``size`` leaves after appending the given leaf hashes.

    It works level by level: an odd node left over from before is put in front of the new ones, a
    new one left over stays behind as the edge's node of that level. Time O(new leaves + log size).

    Raises:
        ValueError: the edge does not have one hash per set bit of ``size``.
    """
    if len(edge) != size.bit_count():
        raise ValueError("the edge does not belong to a tree of this size")
    waiting = list(edge)
    grown: list[bytes] = []
    level = list(leaves)
    while waiting or level:
        if size & 1:
            level.insert(0, waiting.pop())
        if len(level) & 1:
            grown.append(level.pop())
        level = pairs(level)
        size >>= 1
    grown.reverse()
    return grown


def pairs(hashes: Sequence[bytes]) -> list[bytes]:
    """Give the parents of an even number of neighbouring nodes."""
    return [
        _sha256(b"\x01" + left + right).digest()
        for left, right in zip(hashes[::2], hashes[1::2], strict=True)
    ]


def subtrees(start: int, end: int) -> list[Subtree]:
    """
    Give the perfect subtrees that cover the leaves ``start`` to ``end`` (exclusive), left to right.

    They are those of which RFC 6962 builds a tree over these leaves if ``start`` is a multiple of
    the smallest power of two that is not below ``end - start``.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(Subtree(level, start >> level))
        start += 1 << level
    return found


def _range_root(start: int, end: int, source: Source) -> bytes:
    return fold(map(source, subtrees(start, end)))


def _split(size: int) -> int:
    """The largest power of two below ``size``, for sizes from 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion(index: int, size: int, source: Source) -> list[bytes]:
    """
    Prove that leaf ``index`` is in the tree of ``size`` leaves. PATH(m, D[n]) of RFC 6962.

    Raises:
        ValueError: the index is not in the tree.
    """
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, source))
            end = middle
        else:
            proof.append(_range_root(start, middle, source))
            start = middle
    proof.reverse()
    return proof


def consistency(old: int, new: int, source: Source) -> list[bytes]:
    """
    Prove that the tree of ``new`` leaves begins with that of ``old``. PROOF(m, D[n]) of RFC 6962.

    Empty where ``old`` is 0 or equals ``new``.

    Raises:
        ValueError: the old tree is the larger one.
    """
    if not 0 <= old <= new:
        raise ValueError("a tree cannot begin with a larger one")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_root(middle, end, source))
            end = middle
        else:
            proof.append(_range_root(start, middle, source))
            start = middle
    if start:
        proof.append(_range_root(start, end, source))
    proof.reverse()
    return proof


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """
    Give the root that the tree must have if the proof is right. RFC 9162, 2.1.3.2.

    Raises:
        ValueError: the index is not in the tree, or the proof has the wrong length.
    """
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if position & 1 or position == last:
            found = node(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node(found, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return found


def roots_from_consistency(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """
    Give the roots of the first ``old`` and of all ``new`` leaves that a path leads to.

    The path is a consistency proof that begins with the old root where ``old`` is a power of two;
    0 < old < new. RFC 9162, 2.1.4.2.

    Raises:
        ValueError: the path has the wrong length.
    """
    if not 0 < old < new or not path:
        raise ValueError("there is no such path")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ValueError("the path is too long")
        if position & 1 or position == last:
            first, second = node(sibling, first), node(sibling, second)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second = node(second, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return first, second


def is_consistent(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the proof shows that the new tree begins with the old. RFC 9162, 2.1.4.2."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return old_root == new_root and not proof and (old > 0 or old_root == EMPTY_ROOT)
    if old == 0:
        return old_root == EMPTY_ROOT and not proof
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    try:
        return roots_from_consistency(old, new, path) == (old_root, new_root)
    except ValueError:
        return False
