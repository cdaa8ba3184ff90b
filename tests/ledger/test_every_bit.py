"""
One changed bit, any bit: what is read by rules of its own, beside notes, receipts and tiles.

Notes are tried in ``test_note``, checkpoints, receipts and a reader's policy in ``test_fuzzed``,
exported files in ``test_audit`` and ``test_go``, promises and evidence where they are at home.
"""

from collections.abc import Callable, Iterator

import pytest

from ledger import beside, cosignature, note, paper, policy
from ledger.cosignature import Algorithm, Cosigner
from ledger.note import BadSignature, Malformed
from ledger.policy import Policy
from ledger.witness.cosigning import Cosigning
from ledger.witness.records import Records
from ledger.witness.requests import AddCheckpoint
from tests.ledger.logs import Memory
from tests.ledger.parsers import RECEIPT, WATCHED
from tests.ledger.witnessed import NOON_S, bits
from tests.witness.trees import ORIGIN, Tree, a_home

AGREED = WATCHED.policy("3").text.replace(b"\nwitness", b" https://log.example/\n\twitness", 1)
PUBLISHED = b"# What we agreed on.\n\n" + AGREED


def survivors(data: bytes, is_right: Callable[[bytes], bool]) -> Iterator[tuple[int, bytes]]:
    """The octet and the whole of what is accepted with one bit changed."""
    assert is_right(data)
    return ((place // 8, changed) for place, changed in enumerate(bits(data)) if is_right(changed))


def test_a_witness_cosigns_nothing_of_which_a_bit_was_changed(tmp_path):
    """L4, L6: old size, each hash of the proof, head, signature; then it cosigns what is right."""
    tree = Tree()
    home = a_home(tmp_path / "home", tree)
    records = Records(home.path / "witness.db")
    witness = Cosigning(ORIGIN, home.logs[0].keys, home.cosigners("witness"), records)

    def is_cosigned(body: bytes) -> bool:
        try:
            return witness.add_checkpoint(AddCheckpoint.parse(body)).status == 200
        except Malformed:
            return False

    assert is_cosigned(tree.body(0, 3))
    before, body = records.latest(ORIGIN), tree.body(3, 7)
    assert not any(is_cosigned(changed) for changed in bits(body))
    assert records.latest(ORIGIN) == before
    assert is_cosigned(body)


def test_the_published_policy_is_the_one_that_the_log_names_whichever_bit_is_changed():
    """L5: a reader of the log need not trust the file; only addresses and comments may differ."""
    files = Memory({"checkpoint": WATCHED.checkpoint(), "policy": PUBLISHED})
    heads = beside.Heads(files, WATCHED.key.verifier)

    def is_agreed(text: bytes) -> bool:
        files["policy"] = text
        try:
            beside.check_agreements(files, heads, [AGREED.decode()])
        except beside.Fault:
            return False
        return True

    silent = {place for place in range(len(PUBLISHED)) if PUBLISHED[place : place + 1].isspace()}
    for words in (b"# What we agreed on.", b"https://log.example/"):
        start = PUBLISHED.index(words)
        silent |= set(range(start, start + len(words)))
    found = list(survivors(PUBLISHED, is_agreed))
    assert {place for place, _ in found} <= silent
    assert found
    for _, changed in found:
        assert Policy.parse(changed).agreement() == Policy.parse(AGREED).agreement()


def test_no_bit_of_a_key_can_be_changed():
    """K1: a name, an id, a type, the key itself."""
    pq = Cosigner("org/witness", b"w" * 32, Algorithm.ML_DSA_44)
    plain = Cosigner("org/witness", b"w" * 32)
    readers: list[tuple[Callable[[str], object], str]] = [
        (note.Verifier.from_vkey, WATCHED.key.verifier.vkey),
        (cosignature.Verifier.from_vkey, plain.verifier.vkey),
        (cosignature.Verifier.from_vkey, pq.verifier.vkey),
    ]
    for read, vkey in readers:
        read(vkey)
        for changed in bits(vkey.encode()):
            with pytest.raises(Malformed):
                read(changed.decode(errors="surrogateescape"))


@pytest.mark.slow
def test_no_bit_of_a_post_quantum_cosignature_can_be_changed():
    """L4: 2,420 bytes of ML-DSA-44, under the log's name and under a witness's."""
    text = note.parse(WATCHED.checkpoint()).text
    log = Cosigner(WATCHED.origin, b"2" * 32, Algorithm.ML_DSA_44)
    witness = Cosigner("org/witness", b"w" * 32, Algorithm.ML_DSA_44)
    lines = f"log {log.verifier.vkey}\nwitness w {witness.verifier.vkey}\nquorum w\n"
    agreed = Policy.parse(lines.encode())
    data = note.assemble(text, [log.cosign(text, NOON_S), witness.cosign(text, NOON_S)])

    def is_final(checkpoint: bytes) -> bool:
        try:
            return bool(policy.final_head(checkpoint, agreed).cosigned)
        except (Malformed, BadSignature, policy.NotFinal):
            return False

    assert list(survivors(data, is_final)) == []


def test_no_bit_of_a_receipt_on_paper_can_be_changed():
    """K2: a letter misread is no other receipt."""
    (part,) = paper.parts(RECEIPT)
    for changed in bits(part.encode()):
        with pytest.raises(Malformed):
            paper.joined([changed.decode(errors="replace")])
