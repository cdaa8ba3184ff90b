"""Signed notes: vectors of others, one encoding, and no leniency."""

import contextlib
import string

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

# RFC 8032, 7.1, tests 1 to 3: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
            "f9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
            "f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
            "dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
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
