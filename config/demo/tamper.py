"""Tamper with a copy of the ledger, and see that verification names what was done."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from ledger import audit
from ledger.readers import Folder


def attempts(published: Path, scratch: Path) -> Iterator[tuple[str, str]]:
    """
    Pairs of what was changed in a copy and what verification said, empty if it saw nothing.

    One bit of an entry bundle, of a tile, of the checkpoint; and an entry bundle that is gone.
    """
    key = audit.read_vkey(Folder(published))
    for name in ("tile/entries", "tile/0", "checkpoint"):
        copy = scratch / name.replace("/", "-")
        shutil.copytree(published, copy)
        file = copy / name
        if file.is_dir():
            file = random.choice([path for path in file.rglob("*") if path.is_file()])  # noqa: S311
        yield f"one bit of {file.relative_to(copy)} flipped", _flipped(copy, file, key)
    copy = scratch / "gone"
    shutil.copytree(published, copy)
    file = next(path for path in (copy / "tile/entries").rglob("*") if path.is_file())
    file.unlink()
    yield f"{file.relative_to(copy)} removed", _said(copy, key)


def _flipped(copy: Path, file: Path, key: str) -> str:
    data = bytearray(file.read_bytes())
    place = random.randrange(len(data) * 8)  # noqa: S311
    data[place // 8] ^= 1 << place % 8
    file.write_bytes(data)
    return _said(copy, key)


def _said(copy: Path, key: str) -> str:
    try:
        audit.files(Folder(copy), key)
    except audit.Fault as fault:
        return str(fault)
    return ""
