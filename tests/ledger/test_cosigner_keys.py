"""Keys of cosigners: their names, their one written form, their files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import keyfile, treehead
from ledger.cosignature import Algorithm, Cosigner, Verifier
from ledger.note import Malformed
from tests.ledger.test_cosignature import COSIGNERS, LOG, NEW, NOW, OLD, ROOT, TEXT
from tests.ledger.test_note import NAMES

OLD_VKEY, NEW_VKEY = (COSIGNERS[each].verifier.vkey for each in (OLD, NEW))


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "org",
        "org+00000000+",
        LOG.verifier.vkey,
        OLD_VKEY + "\n",
        OLD_VKEY.upper(),
        OLD_VKEY.replace("org/", "org /"),
        OLD_VKEY.replace("org/", "gro/"),
        OLD_VKEY.replace("+B", "+C", 1),
        NEW_VKEY[:-4],
        NEW_VKEY + "AAAA",
        OLD_VKEY + OLD_VKEY,
        Cosigner("a" * 255, b"w" * 32).verifier.vkey.replace("a+", "aa+"),
    ],
)
def test_a_verifier_key_has_one_form(vkey):
    with pytest.raises(Malformed):
        Verifier.from_vkey(vkey)


@pytest.mark.parametrize(
    "point",
    [
        bytes(32),
        b"\x01" + bytes(31),
        bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        b"\xff" * 32,
    ],
)
def test_a_key_of_small_order_or_that_is_no_point_is_refused(point):
    """K5: such a key would accept signatures that nobody made, or divide the verifiers."""
    with pytest.raises(Malformed):
        Verifier("org", point)


@given(NAMES, st.binary(min_size=32, max_size=32), st.sampled_from(Algorithm))
@settings(max_examples=50)
def test_a_verifier_key_can_be_written_and_read(name, seed, algorithm):
    verifier = Cosigner(name, seed, algorithm).verifier

    assert Verifier.from_vkey(verifier.vkey) == verifier


@given(st.binary(min_size=1312, max_size=1312), st.binary(min_size=2428, max_size=2428))
@settings(max_examples=20)
def test_any_1312_bytes_are_an_ml_dsa_key_under_which_noise_is_no_signature(key, value):
    assert Verifier("org", key, NEW).time_of(TEXT, value) is None


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_is_kept_in_a_file(algorithm, tmp_path):
    cosigner = Cosigner.generate("org/validator", algorithm)
    path = tmp_path / "keys" / "validator.key"

    keyfile.save(path, cosigner)

    assert path.stat().st_mode & 0o777 == 0o600
    assert keyfile.load_cosigner(path, algorithm).verifier == cosigner.verifier
    with pytest.raises(FileExistsError):
        keyfile.save(path, cosigner)


def test_names_longer_than_255_bytes_are_refused():
    Cosigner("药" * 85, b"n" * 32)
    with pytest.raises(Malformed):
        Cosigner("药" * 85 + "x", b"n" * 32)
    with pytest.raises(Malformed):
        COSIGNERS[NEW].cosign(treehead.TreeHead("o" * 256, 1, ROOT).text(), NOW)
