"""
The body of ``add-checkpoint``: an old size, a consistency proof, an empty line, a checkpoint.

Source: https://c2sp.org/tlog-witness.
"""

import re
from dataclasses import dataclass

from ledger import note as notes
from ledger import treehead
from ledger.note import Malformed

MAX_BYTES = 1 << 20
MAX_PROOF = 63
_OLD = re.compile("old (0|[1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """Show that ``head`` begins with the first ``old`` leaves. Hashes have 32 bytes."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    note: notes.Note
    head: treehead.TreeHead

    @classmethod
    def parse(cls, body: bytes) -> "AddCheckpoint":
        """
        Read a request; no signature and no proof is checked.

        Raises:
            Malformed: not in the one form, over a megabyte, or more than 63 hashes.
        """
        if len(body) > MAX_BYTES:
            raise Malformed("the request is too long")
        top, gap, checkpoint = body.partition(b"\n\n")
        try:
            first, *lines = top.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("the proof is not ASCII") from error
        old = _OLD.fullmatch(first)
        if not gap or old is None:
            raise Malformed("the request does not begin with an old size and end its proof")
        if len(lines) > MAX_PROOF:
            raise Malformed("the proof is too long")
        proof = tuple(map(notes.decode_base64, lines))
        if any(len(item) != 32 for item in proof):
            raise Malformed("a hash has 32 bytes")
        note = notes.parse(checkpoint)
        return cls(int(old[1]), proof, checkpoint, note, treehead.TreeHead.parse(note.text))

    def bytes(self) -> bytes:
        """The request's one encoding."""
        return encode(self.old, self.proof, self.checkpoint)


def encode(old: int, proof: tuple[bytes, ...], checkpoint: bytes) -> bytes:
    """Write a request."""
    lines = [f"old {old}", *map(notes.encode_base64, proof)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + checkpoint
