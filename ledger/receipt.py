"""
Receipts: all that is needed to check, offline, that an entry stands in the log.

A receipt is a C2SP tlog-proof: a format line, optionally extra data, the entry's index, the hashes
of its inclusion proof, an empty line, and a checkpoint. It says that the entry is in the log, not
that it is the latest one about its subject: "not dispensed yet" needs a look-up.

Source: https://c2sp.org/tlog-proof.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger import merkle, treehead
from ledger import note as notes
from ledger.entry import leaf_hash
from ledger.note import Malformed

FORMAT = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 63
_INDEX = re.compile("index (0|[1-9][0-9]{0,15})")


class NotIncluded(ValueError):
    """The proof does not lead from this entry to the checkpoint's root."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An index, an inclusion proof (32 bytes each), a signed checkpoint, and opaque extra data."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def bytes(self) -> bytes:
        """The receipt's one encoding."""
        lines = [FORMAT]
        if self.extra:
            lines.append(f"extra {notes.encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += map(notes.encode_base64, self.proof)
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.checkpoint


def build(index: int, size: int, checkpoint: bytes, source: merkle.Source) -> bytes:
    """
    Write the receipt of leaf ``index`` under a checkpoint of ``size`` leaves.

    Raises:
        ValueError: the index is not in the tree.
    """
    return Receipt(index, tuple(merkle.inclusion(index, size, source)), checkpoint).bytes()


def parse(data: bytes) -> Receipt:
    """
    Read a receipt; ``parse(data).bytes() == data`` for whatever is accepted.

    Raises:
        Malformed: not in the one form. The checkpoint is not looked at.
    """
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("the receipt is not ASCII") from error
    if not gap or lines.pop(0) != FORMAT:
        raise Malformed("not a receipt")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = notes.decode_base64(lines.pop(0).removeprefix("extra "))
        if not extra:
            raise Malformed("the extra data are empty")
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if index is None:
        raise Malformed("the receipt has no index")
    return Receipt(int(index[1]), _proof(lines[1:]), checkpoint, extra)


def _proof(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > MAX_PROOF:
        raise Malformed("the proof is too long")
    proof = tuple(map(notes.decode_base64, lines))
    if any(len(item) != merkle.HASH_SIZE for item in proof):
        raise Malformed("a hash has 32 bytes")
    return proof


def verify(data: bytes, entry: bytes, verifier: notes.Verifier) -> treehead.TreeHead:
    """
    Check, without a network, that ``entry`` (a whole signed note) is in the log.

    Returns the tree head that says so. Who signed the entry is not checked here.

    Raises:
        Malformed: the receipt or its checkpoint is not in the one form.
        BadSignature: the log's key did not sign the checkpoint.
        NotIncluded: the proof leads to another root.
    """
    receipt = parse(data)
    head = treehead.open_checkpoint(receipt.checkpoint, verifier)
    try:
        root = merkle.root_from_inclusion(receipt.index, head.size, leaf_hash(entry), receipt.proof)
    except ValueError as error:
        raise NotIncluded(str(error)) from error
    if root != head.root:
        raise NotIncluded("the proof leads to another root")
    return head
