"""
Roots, proofs and exports are accepted by verifiers that nobody here wrote, at every size.

pymerkle judges in the normal tests, Go's ``golang.org/x/mod`` in ``test_go.py``.
"""

import base64
from pathlib import Path

import pymerkle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger import entry, merkle, tiles
from tests.ledger import sparse
from tests.ledger.exports import EXPORTED, Export
from tests.ledger.logs import Memory

LARGEST = 1100
ENTRIES = [b"entry %d" % number for number in range(LARGEST)]
LEAVES = list(map(entry.leaf_hash, ENTRIES))


@pytest.fixture(scope="module")
def other() -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256", threshold=2)
    for one in ENTRIES:
        tree.append_entry(one)
    return tree


def some(size: int) -> set[int]:
    """Sizes from 1 to this one: the ends, the powers of two below, and places that vary."""
    half = 1 << (size - 1).bit_length() >> 1
    chosen = {1, 2, half - 1, half, half + 1, size // 2, size * 5 // 7, size - 1, size}
    return {one for one in chosen if 1 <= one <= size}


def check(size: int, source: merkle.Source, other: pymerkle.BaseMerkleTree, chosen: set[int]):
    """Inclusion of the last leaf of these sizes, and their consistency; both sides agree."""
    root = other.get_root(size)
    for old in chosen:
        index, old_root = old - 1, other.get_root(old)
        proof = merkle.inclusion(index, size, source)
        theirs = other.prove_inclusion(old, size)
        leaf = theirs.path[0]
        assert proof == theirs.path[1:]
        assert merkle.root_from_inclusion(index, size, leaf, proof) == root
        pymerkle.verify_inclusion(leaf, root, theirs, index=old, size=size)
        proof = merkle.consistency(old, size, source)
        assert merkle.is_consistent(old, size, old_root, root, proof)
        joined = other.prove_consistency(old, size)
        pymerkle.verify_consistency(old_root, root, joined, prior_size=old, later_size=size)
        assert proof == subproof(old, 0, size, other)


def subproof(
    old: int, start: int, end: int, other: pymerkle.BaseMerkleTree, *, is_whole: bool = True
) -> list[bytes]:
    """SUBPROOF(m, D[n], b), word for word from RFC 6962, 2.1.2; the hashes are pymerkle's."""
    if old == end - start:
        return [] if is_whole else [other._get_root(start, end)]
    split = 1 << (end - start - 1).bit_length() - 1
    if old <= split:
        first = subproof(old, start, start + split, other, is_whole=is_whole)
        return [*first, other._get_root(start + split, end)]
    rest = subproof(old - split, start + split, end, other, is_whole=False)
    return [*rest, other._get_root(start, start + split)]


def test_every_size_up_to_1100_has_the_roots_and_proofs_of_pymerkle(other):
    """L6: the edge, the stack of tiles and the tiles grow leaf by leaf; each size is compared."""
    edge: list[bytes] = []
    stack, files = tiles.Stack(), Memory()
    assert merkle.fold(edge) == stack.root() == other.get_root(0)
    for size, leaf in enumerate(LEAVES, 1):
        edge = merkle.extend(size - 1, edge, [leaf])
        files |= {tile.path: data for tile, data in stack.extend([leaf]) + stack.partials()}
        assert merkle.fold(edge) == stack.root() == other.get_root(size)
        check(size, tiles.hash_source(files, size), other, some(size))


def test_every_pair_of_sizes_up_to_64_has_the_proofs_of_pymerkle(other):
    """L6: every leaf of every tree, and every tree that it begins with."""
    stack = tiles.Stack()
    for size, leaf in enumerate(LEAVES[:64], 1):
        stack.extend([leaf])
        files = Memory({tile.path: data for tile, data in stack.partials()})
        check(size, tiles.hash_source(files, size), other, set(range(1, size + 1)))


@pytest.mark.parametrize("power", range(1, 7))
def test_around_a_power_of_256_the_tiles_have_the_roots_and_proofs_of_pymerkle(power):
    """L6: up to 256^6, the last below what a size may be; a new level of tiles begins at each."""
    for size in range(256**power - 2, 256**power + 3):
        theirs, files = sparse.Other(size), sparse.Tiles(size)
        source = tiles.hash_source(files, size)
        assert tiles.stack_at(files, size).root() == theirs.get_root(size)
        assert merkle.fold(map(sparse.source, merkle.subtrees(0, size))) == theirs.get_root(size)
        seams = {seam for seam in sparse.SEAMS if 1 <= seam <= size}
        check(size, source, theirs, some(size) | seams)


@pytest.mark.parametrize("power", range(1, 7))
def test_a_log_grows_over_a_power_of_256_into_the_right_tiles(power):
    """L6: the stack is read from tiles, fed leaf by leaf, and writes what the larger tree has."""
    start = 256**power - 2
    stack = tiles.stack_at(sparse.Tiles(start), start)
    full = []
    for size in range(start + 1, start + 5):
        full += stack.extend([sparse.leaf(size - 1)])
        assert stack.root() == sparse.Other(size).get_root()
        whole = sparse.Tiles(size)
        assert all(whole.read(tile.path) == data for tile, data in full + stack.partials())
    assert [tile.level for tile, _ in full] == list(range(power))


def unpacked(folder: Path) -> list[bytes]:
    """The entries of the bundles, in their order, read by the specification alone."""
    found = []
    for path in sorted((folder / "tile/entries").rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        while data:
            length = int.from_bytes(data[:2]) + 2
            found.append(data[2:length])
            data = data[length:]
    return found


@pytest.mark.parametrize("size", EXPORTED)
def test_an_export_has_the_root_and_the_proofs_of_pymerkle(export: Export, size: int):
    """L6, K2: what ``./rx ledger export`` writes: key, checkpoint, entries, and proofs of tiles."""
    folder = export(size)
    origin, key_id, key = (folder / "log.vkey").read_text().strip().split("+", 2)
    text, _, line = (folder / "checkpoint").read_bytes().partition(b"\n\n")
    named, count, root = text.decode().split("\n")
    dash, name, signature = line.decode().strip().split(" ")
    signed = base64.b64decode(signature)
    assert (named, name, dash, signed[:4].hex()) == (origin, origin, "—", key_id)
    public_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    public_key.verify(signed[4:], text + b"\n")

    theirs = pymerkle.InmemoryTree(algorithm="sha256", threshold=2)
    theirs.append_entries(unpacked(folder))
    assert theirs.get_size() == int(count) == size
    assert theirs.get_root() == base64.b64decode(root)
    source = tiles.hash_source(Memory.of(folder), size)
    check(size, source, theirs, set(range(1, size + 1, 1 + size // 300)) | {size})
