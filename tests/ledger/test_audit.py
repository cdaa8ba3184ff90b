"""
An exported log is verified from entry 0 by anybody, and one changed bit anywhere is found.

The changed files are tried one by one; the audit is given nothing but the files and the key.
"""

import dataclasses
import random

import pytest

from config import law as published
from ledger import audit, law, merkle, note, tiles
from ledger.audit import Fault
from ledger.cosignature import Algorithm, Cosigner
from ledger.treehead import TreeHead
from tests.ledger.cheats import CHEATS, SOME
from tests.ledger.lawful import COLLECTED, LOG, Book
from tests.ledger.logs import Memory

TEXTS = (audit.CHECKPOINT, audit.VKEY)


def verify(files: Memory, vkey: str | None = None) -> audit.Summary:
    summary = audit.files(files, vkey or audit.read_vkey(files))
    assert audit.strays(files, summary.size) == ()
    return summary


def flipped(files: Memory, path: str, bit: int) -> Memory:
    changed = bytearray(files[path])
    changed[bit // 8] ^= 1 << bit % 8
    return Memory({**files, path: bytes(changed)})


def assert_found(files: Memory, path: str, bits, vkey: str) -> None:
    for bit in bits:
        with pytest.raises(Fault):
            verify(flipped(files, path, bit), vkey)


def test_a_whole_log_verifies(exported):
    summary = verify(exported)

    assert (summary.size, summary.subjects, summary.keys) == (300, 9, 3)
    assert {tiles.parse_path(path) for path in exported} - {None} == set(tiles.tiles_of(300))


@pytest.mark.parametrize("path", TEXTS)
def test_every_changed_bit_of_a_text_file_is_found(exported, path):
    """Also without knowing the key beforehand."""
    vkey = audit.read_vkey(exported)
    assert_found(exported, path, range(len(exported[path]) * 8), vkey)
    if path == audit.CHECKPOINT:
        return
    for bit in range(len(exported[path]) * 8):
        with pytest.raises(Fault):
            verify(flipped(exported, path, bit))


def damaged_tiles(exported: Memory) -> list[str]:
    return [path for path in exported if path not in TEXTS]


def test_a_changed_bit_of_any_tile_is_found(exported):
    """Some bytes of every tile and bundle, one bit each; the slow test tries all of them."""
    chance = random.Random(6)
    vkey = audit.read_vkey(exported)
    for path in damaged_tiles(exported):
        places = chance.sample(range(len(exported[path])), 12)
        assert_found(exported, path, [at * 8 + chance.randrange(8) for at in places], vkey)


@pytest.mark.slow
def test_every_changed_bit_of_every_tile_is_found(small):
    """All bits of all files of a log small enough to try them all."""
    vkey = audit.read_vkey(small)
    for path in damaged_tiles(small):
        assert_found(small, path, range(len(small[path]) * 8), vkey)


def test_a_tile_that_was_is_compared_with_what_it_became(exported):
    vkey = audit.read_vkey(exported)
    older = Memory(exported)
    entries = tiles.unbundle(exported["tile/entries/000"], 256)
    older["tile/0/000.p/7"] = exported["tile/0/000"][: 7 * 32]
    older["tile/0/001.p/3"] = exported["tile/0/001.p/44"][: 3 * 32]
    older["tile/entries/000.p/2"] = tiles.bundle(entries[:2])
    assert verify(older, vkey).size == 300

    for path in set(older) - set(exported):
        size = len(older[path])
        assert_found(older, path, [0, 8 * size - 1, 4 * size], vkey)
        for wrong in (older[path] + b"x", older[path][:-1], b""):
            with pytest.raises(Fault, match=path.replace(".", r"\.")):
                verify(Memory({**older, path: wrong}), vkey)


@pytest.mark.parametrize(
    "path",
    [
        "README",
        "tile/0/002",
        "tile/0/001",
        "tile/2/000.p/1",
        "tile/0/0",
        "tile/00/000",
        "tile/0/000.p/256",
        "tile/0/000.p/07",
        "tile/entries/001.p/45",
    ],
)
def test_names_files_that_are_no_part_of_the_log(exported, path):
    assert audit.strays(Memory({**exported, path: b"x"}), 300) == (path,)


@pytest.mark.parametrize("suffix", [b"\n", b" ", b"\r\n", b"\x00"])
@pytest.mark.parametrize("path", TEXTS)
def test_text_files_end_where_they_must(exported, path, suffix):
    for content in (exported[path] + suffix, suffix + exported[path], exported[path][:-1] + suffix):
        if content != exported[path]:
            with pytest.raises(Fault, match=path):
                verify(Memory({**exported, path: content}))


def test_names_a_file_that_is_missing(exported):
    for path in exported:
        files = Memory(exported)
        del files[path]
        with pytest.raises(Fault, match=path.replace(".", r"\.")):
            verify(files)


def test_names_the_entry_and_its_subject(exported):
    bundle = exported["tile/entries/000"]
    bit = bundle.index(b'"n":99') * 8 + 32
    with pytest.raises(Fault, match=r"entry 100 \(rx/\d\): .*leaf"):
        verify(flipped(exported, "tile/entries/000", bit))


def test_a_full_tile_serves_whoever_holds_an_older_checkpoint(exported):
    """A partial tile is removed once the tile is full; readers take its beginning instead."""
    source = tiles.hash_source(exported, 100)
    leaves = merkle.split_hashes(exported["tile/0/000"])[:100]
    proof = merkle.inclusion(42, 100, source)
    assert merkle.root_from_inclusion(42, 100, leaves[42], proof) == merkle.root(leaves)


def test_refuses_another_key(exported):
    other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    with pytest.raises(Fault, match="key"):
        verify(exported, other)
    with pytest.raises(Fault):
        verify(exported, "nonsense")


LAW_PATH = f"law/{published.digest()}.json"


def test_every_entry_is_judged_by_the_law_that_is_published():
    summary = verify(Book().go(*COLLECTED).files())
    assert summary.law == published.digest()


@pytest.mark.parametrize("cheat", SOME)
def test_an_unlawful_entry_is_a_fault(cheat):
    """The operator signs it all the same; whoever has the files sees it."""
    book = Book()
    CHEATS[cheat][1](book)
    with pytest.raises(Fault, match=f"^entry {len(book.entries) - 1} "):
        verify(book.files())


def test_without_its_law_a_log_is_verified_by_its_chain_alone():
    book = Book()
    CHEATS["dispensed twice"][1](book)
    files = book.files()
    del files[LAW_PATH]
    assert verify(files).law == ""


def test_every_changed_bit_of_a_law_is_found():
    files = Book().files()
    chance = random.Random(6)
    for bit in chance.sample(range(len(files[LAW_PATH]) * 8), 200):
        with pytest.raises(Fault, match="not the law"):
            verify(flipped(files, LAW_PATH, bit))
    with pytest.raises(Fault, match="not the law"):
        verify(Memory({**files, f"law/{'0' * 64}.json": files[LAW_PATH]}))


def test_a_law_that_nobody_can_read_is_a_fault():
    book = Book()
    unreadable = b"{}"
    digest = law.digest(unreadable)
    book.add("log", "log.law", {"law": digest}, LOG)
    files = book.files()
    files[f"law/{digest}.json"] = unreadable
    with pytest.raises(Fault, match=digest):
        verify(files)


def test_what_is_signed_beyond_the_checkpoint_is_verified_too():
    """L4: the final head and the newest one, each with its root."""
    book = Book().go(*COLLECTED)
    files, older, size = book.files(), book.head(18), len(book.entries)
    files[audit.SIGNED] = files[audit.CHECKPOINT]
    files[audit.CHECKPOINT] = note.sign(older.text(), LOG)
    assert verify(files).size == size
    del files[audit.CHECKPOINT]
    assert verify(files).size == size

    forked = note.sign(dataclasses.replace(older, root=b"f" * 32).text(), LOG)
    for files[audit.CHECKPOINT] in (forked, note.sign(other_root(book).text(), LOG)):
        with pytest.raises(Fault, match=audit.CHECKPOINT):
            verify(files)


def other_root(book: Book) -> TreeHead:
    return dataclasses.replace(book.head(), root=b"f" * 32)


def test_a_log_without_any_head_is_a_fault():
    files = Book().files()
    del files[audit.CHECKPOINT]
    with pytest.raises(Fault, match="missing"):
        verify(files)


WITNESSES = [
    Cosigner("a/witness", b"a" * 32),
    Cosigner("b/witness", b"b" * 32, Algorithm.ML_DSA_44),
]
AGREED = "".join(
    [
        f"log {LOG.verifier.vkey}\n",
        *(f"witness {one.verifier.name} {one.verifier.vkey}\n" for one in WITNESSES),
        "group all all a/witness b/witness\nquorum all\n",
    ]
)


def agreed_on(policy: str, *witnesses: Cosigner) -> Memory:
    """A log whose policy asks for two witnesses, and who cosigned its checkpoint."""
    book = Book(policy)
    files, text = book.files(), book.head().text()
    lines = [witness.cosign(text, 1_800_000_000) for witness in witnesses]
    files[audit.CHECKPOINT] = note.assemble(text, [LOG.sign(text), *lines])
    files["policy"] = AGREED.encode()
    return files


def test_a_checkpoint_is_final_by_the_policy_that_the_log_names():
    verify(agreed_on(AGREED, *WITNESSES))
    with pytest.raises(Fault, match="checkpoint: 1 of 2 witnesses"):
        verify(agreed_on(AGREED, WITNESSES[0]))
    stranger = Cosigner("c/witness", b"c" * 32)
    with pytest.raises(Fault, match=r"checkpoint: .*c/witness"):
        verify(agreed_on(AGREED, *WITNESSES, stranger))


def test_a_checkpoint_may_be_final_by_an_older_policy():
    """The policy has changed, and no checkpoint has become final since."""
    book = Book(AGREED)
    alone = f"log {LOG.verifier.vkey}\nquorum none\n"
    book.add("log", "log.policy", {"policy": alone}, LOG)
    files = agreed_on(AGREED, *WITNESSES)
    older = files[audit.CHECKPOINT]
    files.update(book.files())
    files[audit.SIGNED], files[audit.CHECKPOINT] = files[audit.CHECKPOINT], older
    with pytest.raises(Fault, match=r"policy: .*not .yet. the policy"):
        verify(files)
    files["policy"] = alone.encode()
    verify(files)


@pytest.mark.parametrize("path", [audit.CHECKPOINT, "policy"])
def test_a_changed_bit_of_a_cosignature_or_of_the_policy_is_found(path):
    files = agreed_on(AGREED, *WITNESSES)
    for bit in random.Random(6).sample(range(len(files[path]) * 8), 400):
        with pytest.raises(Fault):
            verify(flipped(files, path, bit))


def test_whoever_signs_beside_the_log_is_no_part_of_what_is_signed():
    files = Book().files()
    stranger = note.Signer("somebody", b"s" * 32)
    text = note.parse(files[audit.CHECKPOINT]).text
    files[audit.SIGNED] = note.sign(text, LOG, stranger)
    with pytest.raises(Fault, match=r"signed: .*somebody"):
        verify(files)
