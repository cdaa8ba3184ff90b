"""A witness cosigns what extends all that it has seen; every other answer has its status code."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import cosignature, merkle, note
from ledger.cosignature import Algorithm
from ledger.treehead import TreeHead
from ledger.witness import requests
from ledger.witness.cosigning import SIZE, Cosigning, NotAdmitted
from ledger.witness.records import Records
from ledger.witness.requests import AddCheckpoint
from tests.witness.trees import ORIGIN, Tree, a_home

TREE = Tree()
FORK = Tree(TREE.signer, salt="another history ")


@pytest.fixture
def witness(tmp_path):
    return a_witness(tmp_path)


def a_witness(folder, **more):
    made = a_home(folder / "home", TREE)
    keys = made.cosigners("witness")
    records = Records(made.path / "witness.db")
    return Cosigning(ORIGIN, made.logs[0].keys, keys, records, **more)


def ask(witness, body: bytes):
    return witness.add_checkpoint(AddCheckpoint.parse(body))


def cosigned(witness, tree: Tree, size: int, answer) -> int:
    """The time in the answer's cosignature, which holds."""
    text = note.parse(tree.checkpoint(size)).text
    signed = note.parse(text + b"\n" + answer.body)
    (key,) = witness._keys
    return cosignature.cosigned_by(signed, [key.verifier])[key.verifier]


def test_cosigns_from_size_to_size(witness):
    """L4: 200, each with a cosignature that holds; what is kept is a note that opens."""
    old = 0
    for size in (0, 1, 2, 3, 8, 9, 255, 256, 257, 257, 300):
        answer = ask(witness, TREE.body(old, size))
        assert answer.status == 200
        assert cosigned(witness, TREE, size, answer) > 0
        latest = witness.records.latest(ORIGIN)
        assert (latest.size, note.verified_by(note.parse(latest.note), [TREE.signer.verifier])) == (
            size,
            (ORIGIN,),
        )
        old = size


def test_says_which_size_it_knows(witness):
    """409: the size, in a type of its own; nothing is stored."""
    ask(witness, TREE.body(0, 7))
    for old, size in ((0, 9), (3, 9), (8, 9), (0, 7)):
        answer = ask(witness, TREE.body(old, size))
        assert (answer.status, answer.body, answer.content_type) == (409, b"7\n", SIZE)
    assert witness.records.latest(ORIGIN).size == 7


def test_refuses_an_old_size_beyond_the_new(witness):
    """400: nothing can be proven backwards."""
    ask(witness, TREE.body(0, 7))
    body = requests.encode(7, (), TREE.checkpoint(5))
    assert ask(witness, body).status == 400


def test_refuses_what_the_log_did_not_sign(witness):
    """L3, K1: 403 for a foreign key, and for a known key's line that does not hold."""
    stranger = note.Signer.generate(ORIGIN)
    assert ask(witness, requests.encode(0, (), TREE.checkpoint(3, stranger))).status == 403
    data = bytearray(TREE.checkpoint(3))
    data[-4] ^= 1 << 4
    try:
        status = ask(witness, requests.encode(0, (), bytes(data))).status
    except note.Malformed:
        status = 403
    assert status == 403
    assert witness.records.latest(ORIGIN).size == 0


def test_ignores_signatures_by_unknown_keys(witness):
    body = requests.encode(0, (), TREE.checkpoint(3, TREE.signer, note.Signer.generate("x")))
    assert ask(witness, body).status == 200


@pytest.mark.parametrize("size", [7, 9])
def test_never_cosigns_a_second_history(witness, size):
    """L3, L4: 422 for another root at the same size, and for a proof that does not hold; kept."""
    ask(witness, TREE.body(0, 7))

    answer = ask(witness, requests.encode(7, FORK.proof(7, size), FORK.checkpoint(size)))

    assert answer.status == 422
    assert witness.records.latest(ORIGIN).size == 7
    assert witness.records.suspects(ORIGIN) == [FORK.checkpoint(size)]
    assert ask(witness, TREE.body(7, 9)).status == 200


@pytest.mark.parametrize(
    "proof",
    [(), (b"x" * 32,), TREE.proof(6, 9), TREE.proof(7, 9)[:-1], (*TREE.proof(7, 9), b"x" * 32)],
)
def test_refuses_every_other_proof(witness, proof):
    """L6: 422."""
    ask(witness, TREE.body(0, 7))
    assert ask(witness, requests.encode(7, proof, TREE.checkpoint(9))).status == 422


def test_refuses_a_proof_from_nothing_and_leaves_in_an_empty_tree(witness):
    """422: there is nothing to prove from size 0, and an empty tree has one root."""
    assert ask(witness, requests.encode(0, (b"x" * 32,), TREE.checkpoint(3))).status == 422
    empty = TreeHead(ORIGIN, 0, b"x" * 32).text()
    assert ask(witness, requests.encode(0, (), note.sign(empty, TREE.signer))).status == 422


def test_its_words_never_look_older_than_earlier_ones(tmp_path):
    """L14, F10: the clock is set back a day; the cosignature's time is not."""
    now = [1_800_000_000.9]
    witness = a_witness(tmp_path, clock=lambda: now[0])
    first = cosigned(witness, TREE, 3, ask(witness, TREE.body(0, 3)))
    now[0] -= 86_400
    assert cosigned(witness, TREE, 5, ask(witness, TREE.body(3, 5))) == first == 1_800_000_000


def test_stores_nothing_that_the_validator_does_not_admit(tmp_path):
    """R7: 422 for ever, 503 for now; in neither case is anything cosigned."""
    verdicts = [NotAdmitted(503, "not yet"), NotAdmitted(422, "entry 2: unlawful")]

    def admit(head: TreeHead) -> None:
        if verdicts:
            raise verdicts.pop(0)

    witness = a_witness(tmp_path, admit=admit)
    assert ask(witness, TREE.body(0, 3)).status == 503
    answer = ask(witness, TREE.body(0, 3))
    assert (answer.status, answer.body) == (422, b"entry 2: unlawful\n")
    assert witness.records.latest(ORIGIN).size == 0
    assert ask(witness, TREE.body(0, 3)).status == 200


def test_two_requests_at_once_never_roll_back(tmp_path):
    """R1, L4: both were proven from size 5; one is stored, the other learns the new size."""
    gate = threading.Barrier(2)

    def admit(head: TreeHead) -> None:
        if head.size > 5:
            gate.wait(10)

    witness = a_witness(tmp_path, admit=admit)
    ask(witness, TREE.body(0, 5))
    answers = {}

    def run(size: int) -> None:
        answers[size] = ask(witness, TREE.body(5, size))

    threads = [threading.Thread(target=run, args=(size,)) for size in (7, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status for answer in answers.values()) == [200, 409]
    (won,) = (size for size, answer in answers.items() if answer.status == 200)
    (lost,) = (answer for answer in answers.values() if answer.status == 409)
    assert witness.records.latest(ORIGIN).size == won
    assert lost.body == b"%d\n" % won


def test_the_same_head_twice_at_once_is_no_conflict(tmp_path):
    """R2, L5: a feeder whose first request timed out asks again; 409 with its own size misleads."""
    gate = threading.Barrier(2)

    def admit(head: TreeHead) -> None:
        if made.records.latest(ORIGIN).size:
            gate.wait(10)

    made = a_witness(tmp_path, admit=admit)
    ask(made, TREE.body(0, 5))
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(made, TREE.body(5, 5)).status))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]


def test_a_home_may_hold_both_kinds_of_keys(tmp_path):
    """One answer, a line by each: Ed25519 and ML-DSA-44."""
    made = a_home(tmp_path / "home", TREE, *Algorithm)
    keys = made.cosigners("witness")
    witness = Cosigning(ORIGIN, made.logs[0].keys, keys, Records(made.path / "w.db"))
    answer = ask(witness, TREE.body(0, 3))
    signed = note.parse(note.parse(TREE.checkpoint(3)).text + b"\n" + answer.body)
    found = cosignature.cosigned_by(signed, [key.verifier for key in keys])
    assert {verifier.algorithm for verifier in found} == set(Algorithm)


def test_the_suspects_do_not_fill_the_disk(witness):
    """D2: the first hundred prove as much as a million."""
    ask(witness, TREE.body(0, 3))
    for number in range(120):
        other = Tree(TREE.signer, salt=f"{number} ")
        assert ask(witness, requests.encode(3, (), other.checkpoint(3))).status == 422
    assert len(witness.records.suspects(ORIGIN)) == 100


@given(st.binary(max_size=300))
def test_bad_bodies_are_malformed_and_nothing_else(data):
    """D4: no other exception, whatever comes."""
    for body in (data, TREE.body(3, 9) + data, data + TREE.body(3, 9), b"old 3\n" + data):
        try:
            assert AddCheckpoint.parse(body).bytes() == body
        except note.Malformed:
            continue


@pytest.mark.parametrize(
    "body",
    [
        TREE.body(0, 3).replace(b"old 0", b"old 00"),
        TREE.body(0, 3).replace(b"old 0", b"old -1"),
        TREE.body(0, 3).replace(b"old 0", b"new 0"),
        requests.encode(3, (b"x" * 31,), TREE.checkpoint(9)),
        requests.encode(3, (b"x" * 32,) * 64, TREE.checkpoint(9)),
        requests.encode(3, (), TREE.checkpoint(9)) * 2,
        b"old 0\n" + TREE.checkpoint(3),
    ],
)
def test_a_request_has_one_form(body):
    with pytest.raises(note.Malformed):
        AddCheckpoint.parse(body)


def test_an_empty_tree_has_the_root_of_nothing():
    assert merkle.root([]) == merkle.EMPTY_ROOT
