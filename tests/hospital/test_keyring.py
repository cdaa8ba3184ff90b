"""The keys on disk: wrapped by a KEK that lies elsewhere, and rotated without losing anything."""

import hashlib
import hmac
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from hospital import aead, keyring, keyservice, sealing

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NUMBER, ABOUT = "110101199003070134", "person/1/id_number"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with new keys, and their KEK in it."""
    home = tmp_path / "keys"
    home.mkdir()
    with override_settings(KEY_FOLDER=home, KEK_FILE=None):
        sealing.make_keys(at=NOW)
        yield home


def windows(*files: Path) -> set[bytes]:
    """Whatever 32 bytes stand anywhere in these files, as they are or in hex."""
    found = set()
    for path in files:
        text = path.read_bytes()
        for word in (text, *(bytes.fromhex(one) for one in text.decode().split() if is_hex(one))):
            found |= {word[at : at + 32] for at in range(len(word) - 31)}
    return found


def is_hex(word: str) -> bool:
    return len(word) % 2 == 0 and set(word) <= set("0123456789abcdef")


def opens(keys: set[bytes], sealed: bytes) -> bool:
    """Whether one of the keys opens what ``sealing.seal`` made."""
    for key in keys:
        try:
            aead.unseal_with(key, sealed[5:], ABOUT)
        except aead.DoesNotOpen:
            continue
        return True
    return False


def guesses(keys: set[bytes], digest: bytes) -> bool:
    """Whether whoever tries identity numbers under one of the keys finds whose digest this is."""
    message = f"id_number\x00{NUMBER}".encode()
    return any(hmac.digest(key, message, hashlib.sha256) == digest for key in keys)


def test_a_stolen_disk_without_the_kek_opens_nothing(folder: Path, tmp_path: Path):
    """P4: no key stands in clear beside the data, nor one by which digests can be tried out."""
    sealed, digest = sealing.seal(NUMBER.encode(), ABOUT), sealing.index(NUMBER, "id_number")
    secrets = {sealing.newest_key().secret, keyring.index_key(folder)}
    assert opens(secrets, sealed)
    assert guesses(secrets, digest)

    stolen = tmp_path / "stolen"
    shutil.copytree(folder, stolen, ignore=shutil.ignore_patterns("kek.keys"))
    found = windows(*(path for path in stolen.iterdir() if path.is_file()))
    assert len(found) > 50
    assert not opens(found, sealed)
    assert not guesses(found, digest)
    with override_settings(KEY_FOLDER=stolen), pytest.raises(ImproperlyConfigured, match="kek"):
        sealing.check_keys()


def test_a_stolen_kek_opens_nothing_by_itself(folder: Path):
    """P4"""
    sealed, digest = sealing.seal(NUMBER.encode(), ABOUT), sealing.index(NUMBER, "id_number")
    found = windows(folder / "kek.keys")
    assert not opens(found, sealed)
    assert not guesses(found, digest)


def test_a_rotated_kek_is_useless_and_old_data_stay_readable(folder: Path, tmp_path: Path):
    """P4"""
    sealed, digest = sealing.seal(NUMBER.encode(), ABOUT), sealing.index(NUMBER, "id_number")
    old = shutil.copy(folder / "kek.keys", tmp_path / "old.keys")
    keyring.rotate(folder, now=NOW)

    assert sealing.unseal(sealed, ABOUT).decode() == NUMBER
    assert sealing.index(NUMBER, "id_number") == digest
    assert sealing.seal(b"", ABOUT)[1:5] != sealed[1:5]
    stolen = tmp_path / "stolen"
    shutil.copytree(folder, stolen, ignore=shutil.ignore_patterns("kek.keys"))
    with (
        override_settings(KEY_FOLDER=stolen, KEK_FILE=Path(old)),
        pytest.raises(ImproperlyConfigured, match="another KEK"),
    ):
        sealing.check_keys()


@pytest.mark.parametrize("written", range(5))
def test_a_rotation_that_dies_between_two_files_is_repeated(
    folder: Path, written: int, monkeypatch: pytest.MonkeyPatch
):
    """F3: after any of its writes the files hold."""
    sealed, digest = sealing.seal(NUMBER.encode(), ABOUT), sealing.index(NUMBER, "id_number")
    whole, left = keyservice.replace, [written]

    def dying(path: Path, lines: list[str]) -> None:
        if not left[0]:
            raise OSError("the power is gone")
        left[0] -= 1
        whole(path, lines)

    for module in (keyservice, keyring):
        monkeypatch.setattr(module, "replace", dying)
    if written < 4:
        with pytest.raises(OSError, match="power"):
            keyring.rotate(folder, now=NOW)
    for again in range(2):
        assert sealing.unseal(sealed, ABOUT).decode() == NUMBER, again
        assert sealing.index(NUMBER, "id_number") == digest
        left[0] = 4
        keyring.rotate(folder, now=NOW)
    assert len((folder / "kek.keys").read_text().splitlines()) == 1


def test_a_key_goes_when_nothing_is_sealed_by_it_and_nobody_can_be_about_to(folder: Path):
    """P4, F3"""
    sealed = sealing.seal(NUMBER.encode(), ABOUT)
    (first,) = keyring.sealing_keys(folder)
    second = keyring.rotate(folder, now=NOW).id

    day = timedelta(days=1)
    assert keyring.drop(folder, {first}, now=NOW + day - timedelta(seconds=1)) == []
    assert keyring.drop(folder, {second}, now=NOW + day) == [], "it is the one that seals"
    assert keyring.drop(folder, set(), now=NOW + day) == []
    assert sealing.unseal(sealed, ABOUT)
    assert keyring.drop(folder, {first}, now=NOW + day) == [first]
    with pytest.raises(sealing.DoesNotOpen):
        sealing.unseal(sealed, ABOUT)


def test_keys_of_before_there_was_a_kek_are_wrapped(folder: Path):
    """P4: an older home goes on, and its keys lie in clear no longer."""
    key, index = bytes(range(32)), bytes(range(32, 64))
    (folder / keyring.RING).write_text(f"0badcafe {key.hex()}\n")
    (folder / keyring.INDEX).write_text(f"{index.hex()}\n")
    sealing.make_keys(at=NOW)

    assert sealing.newest_key().secret == key
    assert keyring.index_key(folder) == index
    assert key.hex() not in (folder / keyring.RING).read_text()
    assert index.hex() not in (folder / keyring.INDEX).read_text()
    before = [(folder / name).read_bytes() for name in (keyring.RING, keyring.INDEX, "kek.keys")]
    sealing.make_keys(at=NOW)
    after = [(folder / name).read_bytes() for name in (keyring.RING, keyring.INDEX, "kek.keys")]
    assert after == before


def test_nobody_else_reads_the_files(folder: Path):
    """P4"""
    keyring.rotate(folder, now=NOW)
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}


@pytest.mark.parametrize("name", [keyring.RING, keyring.INDEX, "kek.keys"])
@pytest.mark.parametrize("content", ["", "x", "00 11", "\xff\x00", "ab" * 40])
def test_a_damaged_file_is_refused_by_name(folder: Path, name: str, content: str):
    """Z5"""
    (folder / name).write_text(content)
    if name == "kek.keys":  # what was unwrapped before stays in memory
        keyring._ring.cache_clear()
        keyring._index.cache_clear()
    with pytest.raises(ImproperlyConfigured, match=name.replace(".", r"\.")):
        sealing.check_keys()
