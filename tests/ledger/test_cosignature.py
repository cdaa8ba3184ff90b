"""Cosignatures: others' vectors, the exact message, and nothing that one was not given for."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

from ledger import cosignature, note, treehead
from ledger.cosignature import Algorithm, Cosigner, Verifier
from ledger.note import BadSignature, Malformed

VECTORS = Path(__file__).parent / "vectors"
NOW = 1_795_413_600
ROOT = bytes(range(32))
HEAD = treehead.TreeHead("hospital.example/log", 1234, ROOT)
TEXT = HEAD.text()
OLD, NEW = Algorithm.ED25519, Algorithm.ML_DSA_44
LOG = note.Signer(HEAD.origin, b"l" * 32)
COSIGNERS = {algorithm: Cosigner("org/witness", b"w" * 32, algorithm) for algorithm in Algorithm}


def cosigned(text: bytes, *lines: str) -> note.Note:
    return note.parse(note.assemble(text, [LOG.sign(text), *lines]))


def value_of(line: str) -> bytes:
    """What a signature line says after the key id."""
    return note.decode_base64(line.rsplit(" ", 1)[1])[4:]


def line_of(verifier: Verifier, value: bytes) -> str:
    return note.Signature(verifier.name, verifier.key_id, value).line()


def message_of(
    algorithm: Algorithm, at_s: int, name: bytes = b"org/witness", head: treehead.TreeHead = HEAD
) -> bytes:
    """The message of the specification, put together by hand."""
    if algorithm is OLD:
        return f"cosignature/v1\ntime {at_s}\n".encode() + head.text()
    origin = head.origin.encode()
    return (
        b"subtree/v1\n\0"
        + bytes([len(name)])
        + name
        + at_s.to_bytes(8, "big")
        + bytes([len(origin)])
        + origin
        + bytes(8)
        + head.size.to_bytes(8, "big")
        + head.root
    )


def test_verifies_what_a_public_witness_cosigned():
    """A checkpoint of a certificate log, cosigned by a witness with keys of both types."""
    data = (VECTORS / "coachandhorses-checkpoint.txt").read_bytes()
    vkeys = (VECTORS / "coachandhorses-witnesses.txt").read_text().split()
    verifiers = [Verifier.from_vkey(vkey) for vkey in vkeys]

    found = cosignature.cosigned_by(note.parse(data), verifiers)

    assert [verifier.algorithm for verifier in verifiers] == [OLD, NEW]
    assert [verifier.vkey for verifier in verifiers] == vkeys
    assert found == dict.fromkeys(verifiers, 1785704691)
    for other in (
        data.replace(b"\n185550722\n", b"\n185550723\n"),
        data.replace(b"=\n\n", b"=\n!\n\n"),
    ):
        with pytest.raises(BadSignature):
            cosignature.cosigned_by(note.parse(other), verifiers)


def test_derives_the_keys_that_others_derive():
    """From the seed that torchwood's tests of its witness publish, the key id that they expect."""
    seed = bytes.fromhex("2886adc2b0eabfce67c0472939127998bf886cf256bfee8ba76a253fce1146e0")

    assert Cosigner("example.com/mldsa-log", seed, NEW).verifier.key_id.hex() == "b5df45c5"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_signs_the_message_of_the_specification(algorithm):
    """L4: time, size and root; with ML-DSA-44 the witness's own name as well."""
    verifier = COSIGNERS[algorithm].verifier
    value = value_of(COSIGNERS[algorithm].cosign(TEXT, NOW))

    assert value[:8] == NOW.to_bytes(8, "big")
    message = message_of(algorithm, NOW)
    if algorithm is OLD:
        ed25519.Ed25519PublicKey.from_public_bytes(verifier.public_key).verify(value[8:], message)
    else:
        mldsa.MLDSA44PublicKey.from_public_bytes(verifier.public_key).verify(value[8:], message)


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("at_s", [0, 1, NOW, cosignature.MAX_TIME_S])
def test_what_is_cosigned_can_be_verified(algorithm, at_s):
    cosigner = COSIGNERS[algorithm]

    found = cosignature.cosigned_by(
        cosigned(TEXT, cosigner.cosign(TEXT, at_s)), [cosigner.verifier]
    )

    assert found == {cosigner.verifier: at_s}


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_cosignature_is_good_for_nothing_else(algorithm):
    """L4: no other size, root, log, time or key has it; with ML-DSA-44 no other name either."""
    cosigner = COSIGNERS[algorithm]
    verifier, value = cosigner.verifier, value_of(cosigner.cosign(TEXT, NOW))
    others = [
        treehead.TreeHead(HEAD.origin, 1235, ROOT),
        treehead.TreeHead(HEAD.origin, 1234, ROOT[::-1]),
        treehead.TreeHead("hospital.example/lo", 1234, ROOT),
    ]

    assert verifier.time_of(TEXT, value) == NOW
    assert [verifier.time_of(head.text(), value) for head in others] == [None] * 3
    assert verifier.time_of(TEXT, (NOW + 1).to_bytes(8, "big") + value[8:]) is None
    assert Cosigner("org/witness", b"v" * 32, algorithm).verifier.time_of(TEXT, value) is None
    renamed = Verifier("org/validator", verifier.public_key, algorithm)
    assert renamed.time_of(TEXT, value) == (NOW if algorithm is OLD else None)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_cosignature_has_one_length(algorithm):
    verifier = COSIGNERS[algorithm].verifier
    value = value_of(COSIGNERS[algorithm].cosign(TEXT, NOW))

    for other in (b"", value[:8], value[:-1], value + b"\0", b"\0" + value, value[8:]):
        assert verifier.time_of(TEXT, other) is None


@pytest.mark.parametrize("algorithm", Algorithm)
def test_every_changed_bit_is_found(algorithm):
    cosigner = COSIGNERS[algorithm]
    value = value_of(cosigner.cosign(TEXT, NOW))

    for at in range(len(value) * 8):
        changed = bytearray(value)
        changed[at // 8] ^= 1 << at % 8
        assert cosigner.verifier.time_of(TEXT, bytes(changed)) is None


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("at_s", [-1, cosignature.MAX_TIME_S + 1, 1 << 64])
def test_no_time_beyond_the_limit_is_signed(algorithm, at_s):
    with pytest.raises(Malformed):
        COSIGNERS[algorithm].cosign(TEXT, at_s)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_no_time_beyond_the_limit_is_accepted(algorithm):
    """Times are below 2^63, even where the key did sign a later one."""
    at_s = cosignature.MAX_TIME_S + 1
    key = (
        ed25519.Ed25519PrivateKey.from_private_bytes(b"w" * 32)
        if algorithm is OLD
        else mldsa.MLDSA44PrivateKey.from_seed_bytes(b"w" * 32)
    )
    value = at_s.to_bytes(8, "big") + key.sign(message_of(algorithm, at_s))
    verifier = COSIGNERS[algorithm].verifier

    assert len(value) == 8 + algorithm.signature_size
    with pytest.raises(BadSignature):
        cosignature.cosigned_by(cosigned(TEXT, line_of(verifier, value)), [verifier])


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_known_key_whose_line_fails_rejects_the_note(algorithm):
    """L5: a lying witness is not passed over in silence."""
    liar, other = COSIGNERS[algorithm], Cosigner("other", b"o" * 32)
    wrong = liar.cosign(treehead.TreeHead(HEAD.origin, 1, ROOT).text(), NOW)
    note_ = cosigned(TEXT, other.cosign(TEXT, NOW), wrong)

    assert cosignature.cosigned_by(note_, [other.verifier]) == {other.verifier: NOW}
    with pytest.raises(BadSignature):
        cosignature.cosigned_by(note_, [other.verifier, liar.verifier])


def test_lines_by_unknown_keys_are_ignored():
    """Only a name and an id together are a known key."""
    known = COSIGNERS[OLD].verifier
    same_name = line_of(Cosigner(known.name, b"x" * 32).verifier, b"?" * 72)
    same_id = note.Signature("elsewhere", known.key_id, b"?" * 72).line()

    assert cosignature.cosigned_by(cosigned(TEXT, same_name, same_id), [known]) == {}


def test_of_several_by_one_key_the_latest_counts():
    cosigner = COSIGNERS[OLD]
    lines = [cosigner.cosign(TEXT, at_s) for at_s in (NOW, NOW + 9, NOW - 9)]

    found = cosignature.cosigned_by(cosigned(TEXT, *lines), [cosigner.verifier])

    assert found == {cosigner.verifier: NOW + 9}


def test_two_keys_of_one_name_are_two_cosigners():
    lines = [cosigner.cosign(TEXT, NOW) for cosigner in COSIGNERS.values()]
    verifiers = [cosigner.verifier for cosigner in COSIGNERS.values()]

    found = cosignature.cosigned_by(cosigned(TEXT, *lines), verifiers)

    assert found == dict.fromkeys(verifiers, NOW)


def test_a_plain_signature_is_no_cosignature_nor_the_other_way_round():
    """One seed serves both types here: what is signed under the one fails under the other."""
    signer, cosigner = note.Signer("org", b"s" * 32), Cosigner("org", b"s" * 32)
    assert signer.verifier.public_key == cosigner.verifier.public_key

    plain = value_of(signer.sign(TEXT))
    timed = value_of(cosigner.cosign(TEXT, NOW))

    assert cosigner.verifier.time_of(TEXT, NOW.to_bytes(8, "big") + plain) is None
    assert not note.is_signature(signer.verifier.public_key, TEXT, timed[8:])


@pytest.mark.parametrize("text", [b"hello\n", TEXT + b"an extension line\n", b""])
def test_ml_dsa_cosigns_tree_heads_only(text):
    cosigner = COSIGNERS[NEW]
    value = value_of(cosigner.cosign(TEXT, NOW))

    with pytest.raises(Malformed):
        cosigner.cosign(text, NOW)
    assert cosigner.verifier.time_of(text, value) is None


def test_a_log_signs_its_checkpoint_with_ml_dsa_like_a_cosigner_of_its_own_name():
    log = Cosigner(HEAD.origin, b"l" * 32, NEW)

    signature = value_of(log.cosign(TEXT, NOW))[8:]

    message = message_of(NEW, NOW, name=HEAD.origin.encode())
    public_key = log.verifier.public_key
    mldsa.MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
