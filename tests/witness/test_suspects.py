"""What a log signed and a witness cannot have cosigned is kept: two notes are the evidence."""

import sqlite3

import pytest

from ledger import evidence, note, splitview
from ledger.policy import Policy
from ledger.treehead import TreeHead
from ledger.witness import requests
from ledger.witness.cosigning import Cosigning
from ledger.witness.records import NOTHING, Records
from ledger.witness.requests import AddCheckpoint
from tests.witness.trees import ORIGIN, Tree, a_home

TREE = Tree()
FORK = Tree(TREE.signer, salt="another history ")
POLICY = Policy.of_log(TREE.signer.verifier)


@pytest.fixture
def witness(tmp_path):
    """It has cosigned the sizes 5, 7 and 9, one after the other."""
    made = a_home(tmp_path / "home", TREE)
    records = Records(made.path / "witness.db")
    witness = Cosigning(ORIGIN, made.logs[0].keys, made.cosigners("witness"), records)
    for old, size in ((0, 5), (5, 7), (7, 9)):
        assert ask(witness, TREE.body(old, size)) == 200
    return witness


def ask(witness, body: bytes) -> int:
    answer: int = witness.add_checkpoint(AddCheckpoint.parse(body)).status
    return answer


@pytest.mark.parametrize("old", [0, 3, 5, 7])
@pytest.mark.parametrize("size", [5, 7])
def test_a_second_history_is_kept_whatever_size_is_asked_from(witness, old, size):
    """L4: a fork of a size that is long past is answered 409 or 400, and is evidence at once."""
    assert ask(witness, requests.encode(old, (), FORK.checkpoint(size))) in (400, 409)

    (kept,) = witness.records.suspects(ORIGIN)
    ours = witness.records.cosigned(ORIGIN, size).note
    found = splitview.compare(kept, ours, POLICY)
    assert found is not None
    assert evidence.verify(found, POLICY).origin == ORIGIN


def test_what_was_cosigned_at_each_size_is_kept(witness):
    """L4: the first note of each size, with our line; of other sizes there is none."""
    for size in (5, 7, 9):
        kept = witness.records.cosigned(ORIGIN, size)
        assert (kept.size, len(note.parse(kept.note).signatures)) == (size, 2)
    assert witness.records.cosigned(ORIGIN, 6) == NOTHING
    assert witness.records.cosigned("other.example/log", 5) == NOTHING


def test_leaves_in_an_empty_tree_are_a_second_history_by_themselves(witness):
    """L4: whatever the witness knows."""
    wrong = note.sign(TreeHead(ORIGIN, 0, b"x" * 32).text(), TREE.signer)
    assert ask(witness, requests.encode(0, (), wrong)) == 409
    assert witness.records.suspects(ORIGIN) == [wrong]


def test_strangers_cannot_crowd_the_evidence_out(witness):
    """L4, D2: the honest checkpoint under a hundred disguises takes no place from the fork."""
    text = note.parse(TREE.checkpoint(9)).text
    for number in range(110):
        stranger = note.Signer(f"x{number}", bytes([number]) * 32)
        disguised = note.sign(text, TREE.signer, stranger)
        assert ask(witness, requests.encode(9, (b"x" * 32,), disguised)) == 422
    for size in range(10, 130):
        assert ask(witness, requests.encode(9, (b"x" * 32,), TREE.checkpoint(size))) == 422

    assert ask(witness, requests.encode(9, (), FORK.checkpoint(9))) == 422
    assert witness.records.suspects(ORIGIN)[0] == FORK.checkpoint(9)


def test_strangers_add_nothing_to_what_is_shown(witness):
    """D2: of a checkpoint with sixty strange lines, in the log's name too, the log's is kept."""
    text = note.parse(TREE.checkpoint(9)).text
    strange = [note.Signer(ORIGIN, bytes([number]) * 32) for number in range(1, 63)]
    decorated = note.sign(text, *strange, TREE.signer)
    assert ask(witness, requests.encode(9, (), decorated)) == 200
    assert len(note.parse(witness.records.latest(ORIGIN).note).signatures) == 2
    forged = note.sign(note.parse(FORK.checkpoint(9)).text, *strange, TREE.signer)
    assert ask(witness, requests.encode(9, (), forged)) == 422
    assert witness.records.suspects(ORIGIN) == [FORK.checkpoint(9)]


def test_a_suspicion_ends_or_is_proven_when_its_size_is_cosigned(witness):
    """L4: a wrong proof alone shows nothing of the log."""
    for tree in (TREE, FORK):
        wrong = requests.encode(9, (b"x" * 32,), tree.checkpoint(12))
        assert ask(witness, wrong) == 422
    assert witness.records.suspects(ORIGIN) == [TREE.checkpoint(12), FORK.checkpoint(12)]

    assert ask(witness, TREE.body(9, 12)) == 200

    assert witness.records.suspects(ORIGIN) == [FORK.checkpoint(12)]
    assert _proven(witness.records) == [1]


def test_what_only_the_sender_did_wrong_is_not_held_against_the_log(witness):
    """L4: a proof where none is needed, an old size that is not ours."""
    for body in (
        requests.encode(9, (b"x" * 32,), TREE.checkpoint(9)),
        requests.encode(3, TREE.proof(3, 12), TREE.checkpoint(12)),
        requests.encode(9, (), TREE.checkpoint(7)),
    ):
        assert ask(witness, body) in (400, 409, 422)
    assert witness.records.suspects(ORIGIN) == []


def test_a_file_from_before_there_was_a_history_begins_one(tmp_path, witness):
    """F12: the latest checkpoint is its first."""
    latest = witness.records.latest(ORIGIN)
    with sqlite3.connect(witness.records.path) as database:
        database.execute("DROP TABLE cosigned")
    database.close()
    again = Records(witness.records.path)
    assert again.cosigned(ORIGIN, 9) == latest == again.latest(ORIGIN)


def _proven(records: Records) -> list[int]:
    with sqlite3.connect(records.path) as database:
        rows = database.execute("SELECT proven FROM suspected").fetchall()
    database.close()
    return [proven for (proven,) in rows]
