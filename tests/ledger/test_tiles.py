"""Paths and bundles of C2SP tlog-tiles."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle, receipt, tiles
from ledger.note import Malformed
from ledger.tiles import ENTRIES, Tile


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 1234067), "tile/1/x001/x234/067"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(ENTRIES, 1000, 1), "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_are_those_of_the_specification(tile, path):
    assert tile.path == path
    assert tiles.parse_path(path) == tile


def test_a_tree_of_70000_has_the_tiles_of_the_specification():
    found = [tile for tile in tiles.tiles_of(70_000) if tile.level >= 0]

    assert [tile for tile in found if tile.width < 256] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert [sum(tile.level == level for tile in found) for level in range(3)] == [274, 2, 1]


def test_a_tree_of_256_has_a_full_tile_and_its_root_above():
    assert set(tiles.tiles_of(256)) == {Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 1)}
    assert set(tiles.tiles_of(0)) == set()


@given(st.integers(-1, 63), st.integers(0, 10**15), st.integers(1, 256))
def test_every_path_can_be_read(level, number, width):
    tile = Tile(level, number, width)
    assert tiles.parse_path(tile.path) == tile


@given(st.text("tile/enrsx0123456789.p", max_size=30))
def test_any_path_is_refused_or_read_without_loss(path):
    for candidate in (path, f"tile/0/{path}", f"tile/entries/000{path}"):
        tile = tiles.parse_path(candidate)
        assert tile is None or tile.path == candidate


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_entries_and_nothing_else(entries):
    data = tiles.bundle(entries)

    assert tiles.unbundle(data, len(entries)) == entries
    for wrong in (data + b"x", data[:-1]):
        if wrong != data:
            with pytest.raises(Malformed):
                tiles.unbundle(wrong, len(entries))
    with pytest.raises(Malformed):
        tiles.unbundle(data, len(entries) + 1)


@given(st.binary(max_size=300))
def test_any_receipt_is_refused_or_read_without_loss(data):
    start = b"c2sp.org/tlog-proof@v1\nindex 7\n"
    for candidate in (data, start + data, start + b"\n" + data):
        with contextlib.suppress(Malformed):
            assert receipt.parse(candidate).bytes() == candidate


@pytest.mark.parametrize(
    "text",
    [
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 07\n\n",
        b"c2sp.org/tlog-proof@v1\nindex -1\n\n",
        b"c2sp.org/tlog-proof@v1\nextra \nindex 7\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 7\nAAAA\n\n",
        b"c2sp.org/tlog-proof@v2\nindex 7\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 7\n" + b"A" * 43 + b"=\n" * 64 + b"\n",
    ],
)
def test_a_receipt_has_one_form(text):
    with pytest.raises(Malformed):
        receipt.parse(text)


def test_a_receipt_may_carry_extra_data():
    made = receipt.Receipt(3, (b"h" * 32,), b"checkpoint", b"extra")
    assert receipt.parse(made.bytes()) == made


def test_a_leaf_outside_of_the_tree_has_no_proof():
    for index in (-1, 4):
        with pytest.raises(ValueError, match="not in the tree"):
            merkle.inclusion(index, 4, lambda subtree: b"")
    with pytest.raises(ValueError, match="larger"):
        merkle.consistency(5, 4, lambda subtree: b"")
