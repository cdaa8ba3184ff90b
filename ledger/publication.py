"""
A log as static files: tiles, bundles, the log's key, and last of all what the log has signed.

``signed`` is the log's newest checkpoint; ``checkpoint`` is the newest final one, with the
cosignatures that make it so (``ledger.finality``). Validators read the tiles in between.

A file is written under another name, made durable, then renamed; so it is there whole or not at
all, and no checkpoint promises what is not there yet. Whoever is interrupted starts again
and finds his files. Tiles never change: other bytes under a name that is taken are refused. A full
tile replaces the partial ones before it.
"""

import os
from pathlib import Path

from ledger import stored, tiles, treehead
from ledger.entry import leaf_hash
from ledger.keyfile import sync_folder
from ledger.note import Verifier
from ledger.readers import Folder

CHECKPOINT = "checkpoint"
SIGNED = "signed"
POLICY = "policy"
PATIENTS = "patients"
VKEY = "log.vkey"


def law(digest: str) -> str:
    """Where the law of this digest (64 hex digits) is published."""
    return f"law/{digest}.json"


class Refused(RuntimeError):
    """What is stored, signed and published does not fit together; nothing more is signed."""


class Writer:
    """Writes files into one folder and remembers which folders must be made durable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._touched: set[Path] = set()

    def replace(self, path: str, content: bytes) -> None:
        """Write a file, durably and whole, over an older one if there is one."""
        target = self.folder / path
        self._make_folder(target.parent)
        temporary = target.with_name(target.name + ".tmp")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(target)
        self._touched.add(target.parent)

    def add(self, path: str, content: bytes) -> None:
        """
        Write a file that never changes.

        Raises:
            Refused: the name is taken by other content.
        """
        target = self.folder / path
        if not target.exists():
            self.replace(path, content)
        elif target.read_bytes() != content:
            raise Refused(f"{path} is published with other content")

    def add_tile(self, tile: tiles.Tile, content: bytes) -> None:
        """
        Add a tile; a full one takes the place of its partial ones.

        Only the holder of the log's row writes tiles. So what a writer who died has left half
        written beside a partial tile is nobody's, and goes.
        """
        self.add(tile.path, content)
        if tile.width != tiles.WIDTH:
            for path in (self.folder / tile.path).parent.glob("*.tmp"):
                path.unlink()
            return
        partial = self.folder / f"{tile.path}.p"
        if partial.is_dir():
            for path in partial.iterdir():
                path.unlink()
            partial.rmdir()

    def sync(self) -> None:
        """Make all names durable that have been written since the last call."""
        for folder in self._touched:
            sync_folder(folder)
        self._touched.clear()

    def _make_folder(self, folder: Path) -> None:
        if not folder.exists():
            self._make_folder(folder.parent)
            folder.mkdir(exist_ok=True)
            self._touched.add(folder.parent)


def publish(
    folder: Path, log_id: int, old_size: int, verifier: Verifier, checkpoint: bytes
) -> None:
    """
    Bring a folder that has the first ``old_size`` entries up to a signed checkpoint.

    Reads the entries from the database; the cost is that of the new ones and of two unfilled tiles.

    Raises:
        Refused: an entry does not have its leaf's hash, the leaves do not have the checkpoint's
            root, or a file with other content is in the way.
        tiles.Missing, note.Malformed: the folder lacks what it must have at its old size.
        stored.Gap: the database lacks entries.
    """
    head = treehead.open_checkpoint(checkpoint, verifier)
    writer = Writer(folder)
    stack = tiles.stack_at(Folder(folder), old_size)
    start = old_size - old_size % tiles.WIDTH
    for entries, leaves in stored.pieces(log_id, start, head.size):
        if list(map(leaf_hash, entries)) != leaves:
            raise Refused(f"an entry from {start} on does not have its leaf's hash")
        for at in range(0, len(entries), tiles.WIDTH):
            part = entries[at : at + tiles.WIDTH]
            tile = tiles.Tile(tiles.ENTRIES, (start + at) // tiles.WIDTH, len(part))
            writer.add_tile(tile, tiles.bundle(part))
        for tile, content in stack.extend(leaves[stack.size - start :]):
            writer.add_tile(tile, content)
        start += len(entries)
    if (stack.size, stack.root()) != (head.size, head.root):
        raise Refused(f"the leaves do not have the root of the checkpoint at {head.size}")
    for tile, content in stack.partials():
        writer.add_tile(tile, content)
    writer.add(VKEY, f"{verifier.vkey}\n".encode())
    writer.sync()
    writer.replace(SIGNED, checkpoint)
    writer.sync()
