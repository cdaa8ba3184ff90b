"""
Private keys of the server's own roles, one file each: the key's name, a space, base64 of the seed.

They lie in the key folder and never in the database. A file is readable by its owner alone, and is
never overwritten: losing the log's key ends the log.
"""

import os
from pathlib import Path

from ledger.note import Malformed, Signer, decode_base64, encode_base64

SEED_SIZE = 32


def save(path: Path, signer: Signer) -> None:
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
    """
    Read a key file.

    Raises:
        FileNotFoundError: there is none.
        Malformed: it is not what ``save`` writes.
    """
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
    return Signer(name, seed)
