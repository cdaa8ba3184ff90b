"""Signed notes: vectors of others, one encoding, and no leniency."""

import contextlib
import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import note
from ledger.note import BadSignature, Malformed, Signer, Verifier

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2"
    "ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

# RFC 8032, 7.1, all five: seed, public key, message, signature.
RFC_8032 = [
    tuple(vector.values())
    for vector in json.loads((Path(__file__).parent / "vectors" / "rfc8032.json").read_text())
]

ANNA, BO = Signer("anna", b"a" * 32), Signer("bo", b"b" * 32)
TEXT = b"one\n\ntwo\n"
SIGNED = note.sign(TEXT, ANNA, BO)
KNOWN = [ANNA.verifier, BO.verifier]


def test_verifies_the_example_of_the_specification():
    verifier = Verifier.from_vkey(VKEY)

    assert verifier.vkey == VKEY
    assert note.verified_by(note.parse(EXAMPLE), [verifier]) == ("example.com/foo",)


@pytest.mark.parametrize(("seed", "public_key", "message", "signature"), RFC_8032)
def test_signs_as_rfc_8032_says(seed, public_key, message, signature):
    signer = Signer("name", bytes.fromhex(seed))

    _, encoded = signer.sign(bytes.fromhex(message)).rsplit(" ", 1)
    assert signer.verifier.public_key.hex() == public_key
    assert note.decode_base64(encoded)[4:].hex() == signature


def test_splits_at_the_last_empty_line():
    assert note.parse(SIGNED).text == TEXT


def test_names_all_that_signed_and_ignores_unknown_keys():
    parsed = note.parse(SIGNED)

    assert note.verified_by(parsed, KNOWN) == ("anna", "bo")
    assert note.verified_by(parsed, [BO.verifier]) == ("bo",)
    assert note.verified_by(parsed, [Signer("anna", b"c" * 32).verifier]) == ()


def test_a_known_key_whose_signature_fails_rejects_the_note():
    forged = note.assemble(b"other\n", [ANNA.sign(TEXT), BO.sign(b"other\n")])

    with pytest.raises(BadSignature):
        note.verified_by(note.parse(forged), KNOWN)


def test_every_changed_bit_is_found():
    """Whichever bit of a note is changed, it is malformed or not signed by both any more."""
    for at in range(len(SIGNED) * 8):
        changed = bytearray(SIGNED)
        changed[at // 8] ^= 1 << at % 8
        with contextlib.suppress(Malformed, BadSignature):
            assert note.verified_by(note.parse(bytes(changed)), KNOWN) != ("anna", "bo")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        SIGNED[:-1],
        SIGNED + b"\n",
        SIGNED.replace(b"one", b"o\re"),
        SIGNED.replace(b"one", b"o\xffe"),
        SIGNED.replace("— bo".encode(), b"- bo"),
        SIGNED.replace("— bo ".encode(), "—  ".encode()),
        SIGNED.replace("— bo".encode(), "— b+o".encode()),
        SIGNED.replace("— bo".encode(), "— b\u2003o".encode()),
        TEXT + b"\n" + f"{ANNA.sign(TEXT)}\n".encode() * 65,
        b"text\n\n" + "— anna AAAAAA==\n".encode(),
    ],
)
def test_refuses_what_is_not_in_the_one_form(data):
    with pytest.raises(Malformed):
        note.parse(data)


def test_base64_has_one_form():
    assert note.decode_base64("AA==") == b"\x00"
    for text in ("AB==", "AA=", "AA", "AA==\n", " AA==", "A-==", "AA==AA=="):
        with pytest.raises(Malformed):
            note.decode_base64(text)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        VKEY + "\n",
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("foo", "fo o"),
        VKEY.replace("+A", "+B"),
        "name+00000000+" + note.encode_base64(b"\x01" + b"\x01" + b"\x00" * 31),
    ],
)
def test_a_verifier_key_has_one_form_and_a_sound_point(vkey):
    with pytest.raises(Malformed):
        Verifier.from_vkey(vkey)


NAMES = st.text(string.ascii_letters + "/药é.-", min_size=1, max_size=20)
LINES = st.lists(st.text(st.characters(min_codepoint=32, codec="utf-8")), min_size=1, max_size=5)


@given(
    LINES, st.lists(st.tuples(NAMES, st.binary(min_size=32, max_size=32)), min_size=1, max_size=4)
)
def test_what_is_signed_can_be_read(lines, keys):
    text = "".join(f"{line}\n" for line in lines).encode()
    signers = [Signer(name, seed) for name, seed in keys]
    data = note.sign(text, *signers)
    parsed = note.parse(data)

    assert parsed.bytes() == data
    assert parsed.text == text
    assert set(note.verified_by(parsed, [each.verifier for each in signers])) == {
        name for name, _ in keys
    }


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_refused_or_read_without_loss(data):
    for candidate in (data, TEXT + b"\n" + data, SIGNED + data):
        with contextlib.suppress(Malformed):
            assert note.parse(candidate).bytes() == candidate
