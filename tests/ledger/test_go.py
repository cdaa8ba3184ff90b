"""
Go's own transparency log code, which nobody here wrote, accepts what is exported, and no less.

It needs Debian's ``golang-go`` and ``golang-golang-x-mod-dev``; continuous integration has them.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import note
from ledger.cosignature import Algorithm, Cosigner
from tests.ledger.exports import EXPORTED, Export, ascending
from tests.ledger.witnessed import NOON_S, WatchedLog, bits, published

PROGRAM = Path(__file__).parents[1] / "go" / "verify.go"
GOPATH = Path("/usr/share/gocode")
Verify = Callable[..., str]


class Refused(Exception):
    """What the program says."""


@pytest.fixture(scope="session")
def verify(tmp_path_factory: pytest.TempPathFactory) -> Verify:
    """The program, built once; gives what it prints or raises ``Refused``."""
    go, sources = shutil.which("go"), GOPATH / "src/golang.org/x/mod/sumdb"
    if go is None or not sources.is_dir():
        missing = "no Go here: apt-get install golang-go golang-golang-x-mod-dev"
        if os.environ.get("RX_CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("go")
    settings = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(folder / "cache")}
    settings |= {"GOFLAGS": "", "GOTOOLCHAIN": "local"}
    command = [go, "build", "-o", str(folder / "verify"), str(PROGRAM)]
    subprocess.run(command, env={**os.environ, **settings}, check=True)

    def run(*words: Path | str) -> str:
        done = subprocess.run([folder / "verify", *words], capture_output=True, text=True)
        if done.returncode == 1 and done.stderr.startswith("refused: "):
            raise Refused(done.stderr)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


@pytest.mark.parametrize("size", EXPORTED)
def test_go_accepts_an_export(verify: Verify, export: Export, size: int):
    """L6, K2: signature, tiles, leaves, inclusion and consistency."""
    said = verify(export(size))
    prefixes = len(range(1, size + 1, 1 + size // 100))
    included = len(range(0, size, 1 + size // 1000))
    assert f": {size} entries, " in said
    assert said.endswith(f" {included} included, {prefixes} prefixes\n")


@pytest.mark.slow
@pytest.mark.usefixtures("_database")
def test_go_accepts_an_export_with_three_levels_of_tiles(tmp_path: Path, verify: Verify):
    """L6: a level begins at 65,536."""
    for size, folder in ascending(tmp_path, (65_535, 65_536, 65_537, 65_793)).items():
        assert f": {size} entries, " in verify(folder)


def test_go_accepts_a_log_that_others_have_cosigned(verify: Verify, tmp_path: Path):
    """L4: lines of kinds that Go does not know, post-quantum ones too, are passed over."""
    log = WatchedLog().fill(300)
    second = Cosigner(log.origin, b"2" * 32, Algorithm.ML_DSA_44)
    checkpoint = note.parse(log.checkpoint())
    lines = [one.line() for one in checkpoint.signatures]
    lines.insert(1, second.cosign(checkpoint.text, NOON_S))
    files = log.files(checkpoint=note.assemble(checkpoint.text, lines))
    folder = published(tmp_path, files)
    assert ": 302 entries, " in verify(folder, log.key.verifier.vkey)


def refuse(verify: Verify, folder: Path, path: str, content: bytes | None) -> str:
    """Verify with this content of one file (None: without the file); what Go objects to."""
    file = folder / path
    right = file.read_bytes()
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    try:
        with pytest.raises(Refused) as refusal:
            verify(folder)
    finally:
        file.write_bytes(right)
    return str(refusal.value)


def files_of(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def test_go_refuses_what_was_tampered_with(verify: Verify, export: Export, tmp_path: Path):
    """L1, L2: a bit of each file, a file that is missing, an entry dropped at either end."""
    folder = shutil.copytree(export(513), tmp_path / "tampered")
    for path in files_of(folder):
        content = (folder / path).read_bytes()
        refuse(verify, folder, path, None)
        for changed in bits(content, 3):
            refuse(verify, folder, path, changed)
        refuse(verify, folder, path, content[:-1])
    bundle = (folder / "tile/entries/001").read_bytes()
    first = 2 + int.from_bytes(bundle[:2])
    assert "ends early" in refuse(verify, folder, "tile/entries/001", bundle[first:])
    swapped = (folder / "tile/entries/000").read_bytes()
    assert "hash" in refuse(verify, folder, "tile/entries/001", swapped)
    longer = refuse(verify, folder, "tile/entries/001", bundle + b"\0\0")
    assert "bytes follow" in longer


def test_go_refuses_another_key_and_another_checkpoint(
    verify: Verify, export: Export, tmp_path: Path
):
    """K1, L4: the same name with another key, another log's checkpoint, one of a longer log."""
    folder = shutil.copytree(export(256), tmp_path / "tampered")
    origin = (folder / "log.vkey").read_text().partition("+")[0]
    with pytest.raises(Refused):
        verify(folder, note.Signer.generate(origin).verifier.vkey)
    longer = (export(257) / "checkpoint").read_bytes()
    refuse(verify, folder, "checkpoint", longer)
    refuse(verify, folder, "checkpoint", WatchedLog().checkpoint())


@pytest.mark.slow
def test_go_refuses_every_changed_bit_of_an_export(verify: Verify, export: Export, tmp_path: Path):
    """L1: every bit of every file of a small log."""
    folder = shutil.copytree(export(2), tmp_path / "tampered")
    for path in files_of(folder):
        for changed in bits((folder / path).read_bytes()):
            refuse(verify, folder, path, changed)
