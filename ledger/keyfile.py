"""
Private keys, one file each: the key's name, a space, base64 of the seed.

They lie in the key folder and never in the database. A file is readable by its owner alone, and is
never overwritten: losing the log's key ends the log.
"""

import os
from pathlib import Path

from ledger.cosignature import Algorithm, Cosigner
from ledger.note import Malformed, Signer, decode_base64, encode_base64

SEED_SIZE = 32
LOG_KEY, SECOND_LOG_KEY = "log.key", "log.ml-dsa.key"


def save(path: Path, signer: Signer | Cosigner) -> None:
    """
    Write a new key file, mode 0600, durable when this returns.

    Raises:
        FileExistsError: there is one already; it is left as it is.
    """
    content = f"{signer.verifier.name} {encode_base64(signer.seed)}\n"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load(path: Path) -> Signer:
    """Read the key file of a signer; raises as ``load_cosigner``."""
    return Signer(*_read(path))


def load_or_make(path: Path, name: str) -> Signer:
    """Read the key file of a signer; make it first if there is none."""
    if not path.exists():
        save(path, Signer.generate(name))
    return load(path)


def load_cosigner(path: Path, algorithm: Algorithm = Algorithm.ED25519) -> Cosigner:
    """
    Read the key file of a cosigner. The algorithm is not in the file: its name says it.

    Raises:
        FileNotFoundError: there is none.
        Malformed: it is not what ``save`` writes.
    """
    return Cosigner(*_read(path), algorithm)


def make_log_keys(folder: Path, name: str, *, post_quantum: bool) -> Signer:
    """Make a log's keys where they are missing: Ed25519, and ML-DSA-44 where wanted."""
    second = folder / SECOND_LOG_KEY
    if post_quantum and not second.exists():
        save(second, Cosigner.generate(name, Algorithm.ML_DSA_44))
    return load_or_make(folder / LOG_KEY, name)


def second_log_key(folder: Path) -> Cosigner | None:
    """A log's post-quantum key, where it has one: it stays in use, whatever is set later."""
    path = folder / SECOND_LOG_KEY
    return load_cosigner(path, Algorithm.ML_DSA_44) if path.exists() else None


def log_vkeys(folder: Path) -> tuple[str, ...]:
    """The verifier keys of the log whose keys lie in a folder."""
    second = second_log_key(folder)
    return (load(folder / LOG_KEY).verifier.vkey, *([second.verifier.vkey] if second else []))


def _read(path: Path) -> tuple[str, bytes]:
    try:
        content = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"not a key file: {path}") from error
    name, space, rest = content.partition(" ")
    if not space or not rest.endswith("\n"):
        raise Malformed(f"not a key file: {path}")
    seed = decode_base64(rest[:-1])
    if len(seed) != SEED_SIZE:
        raise Malformed(f"not a key file: {path}")
    return name, seed
