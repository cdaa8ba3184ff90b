"""Final heads: signed by the log, cosigned by the quorum, and by nobody wrongly."""

import itertools
from pathlib import Path

import pytest

from ledger import note, policy, treehead
from ledger.cosignature import Algorithm, Cosigner
from ledger.note import BadSignature, Malformed
from ledger.policy import NotFinal, Policy
from tests.ledger.test_policy import FOUR, LOG, THREE_OF_FOUR, parse

VECTORS = Path(__file__).parent / "vectors"
HEAD = treehead.TreeHead(LOG.verifier.name, 9, bytes(range(32)))
NOW = 1_795_413_600
SECOND = Cosigner(HEAD.origin, b"l" * 32, Algorithm.ML_DSA_44)


def signed(*lines: str, head: treehead.TreeHead = HEAD) -> bytes:
    return note.assemble(head.text(), lines or [LOG.sign(head.text())])


def cosigned(*names: str, at_s: int = NOW) -> bytes:
    lines = [FOUR[name].cosign(HEAD.text(), at_s) for name in names]
    return signed(LOG.sign(HEAD.text()), *lines)


def test_what_others_signed_and_cosigned_is_final():
    """A log and three witnesses that are run by four different people."""
    data = (VECTORS / "arche-checkpoint.txt").read_bytes()
    others = Policy.parse((VECTORS / "arche-policy.txt").read_bytes())

    final = policy.final_head(data, others)

    assert final.head.size == 1432088532
    assert final.cosigned == dict.fromkeys(("smartit", "remora", "stagemole"), 1779573024)
    with pytest.raises(BadSignature):
        policy.final_head(data.replace(b"1432088532", b"1432088531"), others)


def test_the_log_alone_is_a_policy():
    alone = Policy.of_log(LOG.verifier)

    assert policy.final_head(signed(), alone) == policy.Final(HEAD, {})
    assert parse(alone.text.decode()) == alone


def test_is_final_with_the_quorum_and_never_below_it():
    """L5: every set of the four witnesses; three are enough."""
    agreed = parse(THREE_OF_FOUR)

    for count in range(5):
        for names in itertools.combinations(FOUR, count):
            if count >= 3:
                final = policy.final_head(cosigned(*names), agreed)
                assert final == policy.Final(HEAD, dict.fromkeys(names, NOW))
            else:
                with pytest.raises(NotFinal):
                    policy.final_head(cosigned(*names), agreed)


def test_nobody_counts_twice_nor_for_another():
    agreed = parse(THREE_OF_FOUR)
    stranger = Cosigner("org/w3", b"stranger" * 4)
    twice = cosigned("w1", "w1", "w2", "w2")
    unknown = signed(
        LOG.sign(HEAD.text()),
        *(FOUR[name].cosign(HEAD.text(), NOW) for name in ("w1", "w2")),
        stranger.cosign(HEAD.text(), NOW),
    )

    for data in (twice, unknown):
        with pytest.raises(NotFinal):
            policy.final_head(data, agreed)


def test_a_known_line_that_fails_rejects_a_quorum():
    agreed = parse(THREE_OF_FOUR)
    other = treehead.TreeHead(HEAD.origin, 8, HEAD.root)
    lines = [FOUR[name].cosign(HEAD.text(), NOW) for name in ("w1", "w2", "w3")]
    lying = FOUR["w4"].cosign(other.text(), NOW)

    policy.final_head(signed(LOG.sign(HEAD.text()), *lines), agreed)
    with pytest.raises(BadSignature):
        policy.final_head(signed(LOG.sign(HEAD.text()), *lines, lying), agreed)


def test_the_logs_own_key_must_have_signed():
    """L3: witnesses do not stand in for the log, nor one log for another."""
    agreed = parse(THREE_OF_FOUR)
    lines = [key.cosign(HEAD.text(), NOW) for key in FOUR.values()]
    namesake = note.Signer(HEAD.origin, b"x" * 32)
    forged = note.Signature(HEAD.origin, LOG.verifier.key_id, bytes(64)).line()
    of_another = treehead.TreeHead("another.example/log", 9, HEAD.root)

    for data in (
        signed(*lines),
        signed(namesake.sign(HEAD.text()), *lines),
        signed(forged, *lines),
        signed(LOG.sign(of_another.text()), head=of_another),
    ):
        with pytest.raises(BadSignature):
            policy.final_head(data, agreed)


def test_a_key_signs_only_for_the_log_that_it_is_named_after():
    other = note.Signer("another.example/log", b"o" * 32)
    two = parse(f"log {LOG.verifier.vkey}\nlog {other.verifier.vkey}\nquorum none\n")

    assert policy.final_head(signed(), two).head == HEAD
    with pytest.raises(BadSignature):
        policy.final_head(signed(other.sign(HEAD.text())), two)


def test_either_key_of_a_log_suffices_and_a_wrong_line_of_either_rejects():
    """Ed25519 and ML-DSA-44 beside each other, so that the one can be retired."""
    text = HEAD.text()
    lines = {LOG.verifier.vkey: LOG.sign(text), SECOND.verifier.vkey: SECOND.cosign(text, NOW)}
    both = parse("".join(f"log {vkey}\n" for vkey in lines) + "quorum none\n")
    wrong = [
        note.Signature(HEAD.origin, LOG.verifier.key_id, bytes(64)).line(),
        SECOND.cosign(treehead.TreeHead(HEAD.origin, 8, HEAD.root).text(), NOW),
    ]

    for vkey, line in lines.items():
        assert policy.final_head(signed(line), both).head == HEAD
        assert policy.final_head(signed(*lines.values()), parse(f"log {vkey}\nquorum none\n"))
    for right, bad in itertools.product(lines.values(), wrong):
        with pytest.raises(BadSignature):
            policy.final_head(signed(right, bad), both)


@pytest.mark.parametrize("data", [b"", b"text\n", note.sign(b"one line\n", LOG), signed()[:-1]])
def test_what_is_no_checkpoint_is_malformed(data):
    with pytest.raises(Malformed):
        policy.final_head(data, Policy.of_log(LOG.verifier))
