"""Roots and proofs equal those of RFC 6962 and of an implementation that nobody here wrote."""

import random

import pymerkle
import pytest

from ledger import entry, merkle, tiles
from tests.ledger.logs import Memory

SIZES = range(301)
LEAVES = [entry.leaf_hash(b"%d" % number) for number in range(65_800)]

# The eight entries of certificate-transparency's own test data, and the roots of each prefix.
CT_ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
CT_ENTRIES.append("606162636465666768696a6b6c6d6e6f")
CT_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.fixture(scope="module")
def other() -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(len(SIZES)):
        tree.append_entry(b"%d" % number)
    return tree


def source(subtree: merkle.Subtree) -> bytes:
    start = subtree.place << subtree.level
    return merkle.root(LEAVES[start : start + (1 << subtree.level)])


@pytest.mark.parametrize(("size", "root"), CT_ROOTS.items())
def test_roots_are_those_of_certificate_transparency(size, root):
    """L6: known roots."""
    leaves = [entry.leaf_hash(bytes.fromhex(each)) for each in CT_ENTRIES[:size]]

    assert merkle.root(leaves).hex() == root


def test_roots_equal_the_other_implementation(other):
    """L6: every size from 0 to 300."""
    for size in SIZES:
        assert merkle.root(LEAVES[:size]) == other.get_root(size)


def test_inclusion_proofs_equal_the_other_implementation(other):
    """L6: every leaf of small trees, some of larger ones."""
    for size in (*range(1, 34), 63, 64, 65, 127, 128, 129, 255, 256, 257, 300):
        root = merkle.root(LEAVES[:size])
        for index in range(0, size, 1 if size < 34 else 13):
            proof = merkle.inclusion(index, size, source)
            assert proof == other.prove_inclusion(index + 1, size).path[1:]
            assert merkle.root_from_inclusion(index, size, LEAVES[index], proof) == root


def subproof(old: int, leaves: list[bytes], *, is_whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b), word for word from RFC 6962, 2.1.2."""
    if old == len(leaves):
        return [] if is_whole else [merkle.root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        first = subproof(old, leaves[:split], is_whole=is_whole)
        return [*first, merkle.root(leaves[split:])]
    rest = subproof(old - split, leaves[split:], is_whole=False)
    return [*rest, merkle.root(leaves[:split])]


def test_consistency_proofs_are_those_of_rfc_6962_and_both_sides_agree(other):
    """L6: every pair of small sizes, some larger; pymerkle joins these same two roots."""
    pairs = [(old, new) for new in range(1, 34) for old in range(1, new)]
    pairs += [(255, 256), (256, 257), (128, 300), (129, 300), (299, 300)]
    for old, new in pairs:
        roots = merkle.root(LEAVES[:old]), merkle.root(LEAVES[:new])
        proof = merkle.consistency(old, new, source)
        assert proof == subproof(old, LEAVES[:new])
        assert merkle.is_consistent(old, new, *roots, proof)
        pymerkle.verify_consistency(*roots, other.prove_consistency(old, new))


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 65_792, 65_793])
def test_tiles_give_the_same_roots_and_proofs(size):
    """L6: around powers of 256, where tiles begin."""
    stack, files = tiles.Stack(), Memory()
    for start in range(0, size, 1000):
        for tile, content in stack.extend(LEAVES[start : min(start + 1000, size)]):
            files[tile.path] = content
    files |= {tile.path: content for tile, content in stack.partials()}
    root = merkle.root(LEAVES[:size])

    assert stack.root() == root
    assert set(files) == {tile.path for tile in tiles.tiles_of(size) if tile.level >= 0}
    assert tiles.stack_at(files, size).levels == (stack.levels if size else [[]])
    from_tiles = tiles.hash_source(files, size)
    for index in {0, 1, size // 2, size - 1} & set(range(size)):
        proof = merkle.inclusion(index, size, from_tiles)
        assert merkle.root_from_inclusion(index, size, LEAVES[index], proof) == root
    for old in {1, 255, 256, size // 2, size - 1, size} & set(range(1, size + 1)):
        proof = merkle.consistency(old, size, from_tiles)
        assert merkle.is_consistent(old, size, merkle.root(LEAVES[:old]), root, proof)


def test_an_edge_grows_as_the_tree_does():
    randomly = random.Random(1)
    size = 0
    edge: list[bytes] = []
    for _ in range(60):
        more = randomly.choice([0, 1, 2, 3, 7, 64, 255])
        edge = merkle.extend(size, edge, LEAVES[size : size + more])
        size += more
        assert merkle.fold(edge) == merkle.root(LEAVES[:size])
    with pytest.raises(ValueError, match="edge"):
        merkle.extend(size + 1, edge, [])


def test_every_changed_bit_of_a_proof_is_found():
    for index, size in ((0, 1), (3, 7), (6, 7), (5, 8)):
        proof = merkle.inclusion(index, size, source)
        root = merkle.root(LEAVES[:size])
        for changed in _changed(proof):
            assert merkle.root_from_inclusion(index, size, LEAVES[index], changed) != root
        for wrong in (proof[:-1], [*proof, root]):
            if wrong != proof:
                with pytest.raises(ValueError, match="too"):
                    merkle.root_from_inclusion(index, size, LEAVES[index], wrong)
    for old, new in ((1, 2), (3, 7), (4, 7), (6, 8)):
        proof = merkle.consistency(old, new, source)
        roots = merkle.root(LEAVES[:old]), merkle.root(LEAVES[:new])
        for changed in (*_changed(proof), proof[:-1], [*proof, roots[0]]):
            assert not merkle.is_consistent(old, new, *roots, changed)


def test_a_tail_cut_off_and_grown_again_is_not_consistent():
    """L2: truncate the tail, append others; no proof leads from the old root to the new one."""
    old_root = merkle.root(LEAVES[:6])
    forged = [*LEAVES[:4], *LEAVES[100:110]]

    def forged_source(subtree: merkle.Subtree) -> bytes:
        start = subtree.place << subtree.level
        return merkle.root(forged[start : start + (1 << subtree.level)])

    proof = merkle.consistency(6, len(forged), forged_source)
    assert not merkle.is_consistent(6, len(forged), old_root, merkle.root(forged), proof)


def test_the_edges_of_consistency():
    root = merkle.root(LEAVES[:5])

    assert merkle.is_consistent(0, 5, merkle.EMPTY_ROOT, root, [])
    assert merkle.is_consistent(5, 5, root, root, [])
    assert not merkle.is_consistent(0, 5, root, root, [])
    assert not merkle.is_consistent(0, 0, root, root, [])
    assert not merkle.is_consistent(5, 5, root, merkle.EMPTY_ROOT, [])
    assert not merkle.is_consistent(6, 5, root, root, [])
    assert not merkle.is_consistent(3, 5, root, root, [])


def _changed(proof: list[bytes]):
    for at in range(len(proof)):
        for bit in range(256):
            changed = bytearray(proof[at])
            changed[bit // 8] ^= 1 << bit % 8
            yield [*proof[:at], bytes(changed), *proof[at + 1 :]]
