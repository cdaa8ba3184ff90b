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
