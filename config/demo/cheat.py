"""
The operator cheats, with every key of the server in hand; the organisations catch it.

Each attempt works on the demo's own log, as it was published, and on one organisation's own home:
its witness and its validator are asked as the log would ask them. Nothing of it stays.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from ledger import evidence, keyfile, merkle, note, splitview, tiles
from ledger.entry import Statement, leaf_hash
from ledger.note import Signer
from ledger.policy import Policy
from ledger.readers import Folder
from ledger.treehead import TreeHead
from ledger.witness.validator import Behind, Refused, Validator

WITNESSES = "witnesses"


def attempts(home: Path, published: Path, scratch: Path) -> Iterator[tuple[str, str]]:
    """
    Pairs of how the operator cheats and what the one who caught it says; empty if nobody did.

    ``home`` is the stack's, ``published`` the exported log.
    """
    signer = keyfile.load(home / "keys" / "log.key")
    log = _Log(signer, published)
    office = next(iter(sorted((home / WITNESSES).iterdir())))
    again = log.last(("pharmacy.dispense", "prescription.issue", "key.register"))
    yield (
        f"the entry {kind(again)} is entered a second time",
        _refusal(office, log, [*log.entries, again], scratch / "twice"),
    )
    yield (
        "an entry of the past is rewritten",
        _split(log, [*log.entries[:-1], log.entries[0]], scratch / "rewritten"),
    )
    yield (
        "the regulator is shown a tree without the last entries",
        _split(log, [*log.entries[:-3], *log.entries[:3]], scratch / "other"),
    )


def kind(entry: bytes) -> str:
    """What kind of entry it is."""
    return Statement.parse(note.parse(entry).text).kind


class _Log:
    """The published entries, and the key that signs whatever it is told to."""

    def __init__(self, signer: Signer, folder: Path) -> None:
        self.signer, self.folder = signer, folder
        self.entries = list(_entries(Folder(folder), self.head.size))

    @property
    def head(self) -> TreeHead:
        text = note.parse(Folder(self.folder).read("checkpoint")).text
        return TreeHead.parse(text)

    def last(self, kinds: Sequence[str]) -> bytes:
        """The last entry of the first of these kinds that there is; else the last of all."""
        for wanted in kinds:
            for one in reversed(self.entries):
                if kind(one) == wanted:
                    return one
        return self.entries[-1]

    def signed(self, entries: list[bytes]) -> bytes:
        root = merkle.root([leaf_hash(one) for one in entries])
        head = TreeHead(self.signer.verifier.name, len(entries), root)
        return note.sign(head.text(), self.signer)


def _entries(files: Folder, size: int) -> Iterator[bytes]:
    for number in range((size + tiles.WIDTH - 1) // tiles.WIDTH):
        tile = tiles.tile_at(tiles.ENTRIES, number, size)
        yield from tiles.unbundle(tiles.fetch(files, tile), tile.width)


def _written(entries: list[bytes], folder: Path) -> Folder:
    """These entries as tiles in a folder."""
    stack = tiles.Stack()
    made = stack.extend([leaf_hash(one) for one in entries]) + stack.partials()
    for start in range(0, len(entries), tiles.WIDTH):
        part = entries[start : start + tiles.WIDTH]
        tile = tiles.tile_at(tiles.ENTRIES, start // tiles.WIDTH, len(entries))
        made.append((tile, tiles.bundle(part)))
    for tile, content in made:
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Folder(folder)


def _refusal(office: Path, log: _Log, entries: list[bytes], scratch: Path) -> str:
    """What the organisation's validator says of these entries; it goes on from where it is."""
    replayed = next(office.glob("replay-*"))
    shutil.copytree(replayed, scratch / "home")
    files = _written(entries, scratch / "tiles")
    validator = Validator(scratch / "home", log.signer.verifier, files, office / "laws")
    try:
        validator.admit(TreeHead.parse(note.parse(log.signed(entries)).text))
    except (Refused, Behind) as refusal:
        return f"{office.name}'s validator: {refusal}"
    finally:
        validator.close()
    return ""


def _split(log: _Log, entries: list[bytes], scratch: Path) -> str:
    """What two checkpoints show that whoever compares them can prove to anybody."""
    policy = Policy.of_log(log.signer.verifier)
    one, other = log.signed(log.entries), log.signed(entries)
    found = splitview.compare(one, other, policy, _written(entries, scratch))
    return evidence.verify(found, policy).sentence if found else ""
