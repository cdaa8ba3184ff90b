"""
Receipts: all that is needed to check, offline, that an entry stands in the log.

A receipt is a C2SP tlog-proof: a format line, optionally extra data, the entry's index, the hashes
of its inclusion proof, an empty line, and a checkpoint with its cosignatures. It says that the
entry is in the log, not that it is the latest one about its subject: "not dispensed yet" needs a
look-up. Who signed the entry is not checked here; ``ledger.receiptfile`` does it.

Source: https://c2sp.org/tlog-proof.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger import merkle
from ledger import note as notes
from ledger.entry import leaf_hash
from ledger.note import Malformed
from ledger.policy import Policy, final_head
from ledger.treehead import TreeHead

FORMAT = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 63
MAX_BYTES = 4 << 20
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


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What a receipt shows: the entry is number ``index`` (from 0) of the tree ``head``.

    ``cosigned`` says when which witnesses vouched for the tree (seconds since 1970, by the policy's
    names).
    """

    head: TreeHead
    cosigned: Mapping[str, int]
    index: int


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
    if len(data) > MAX_BYTES:
        raise Malformed("the receipt is too long")
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


def verify(data: bytes, entry: bytes, policy: Policy) -> Checked:
    """
    Check, without a network, that ``entry`` (a whole signed note) is in a log of the policy.

    Raises:
        Malformed: the receipt or its checkpoint is not in the one form.
        BadSignature: no log of the policy signed the checkpoint, or a known key's line fails.
        policy.NotFinal: too few have cosigned it.
        NotIncluded: the proof leads to another root.
    """
    receipt = parse(data)
    final = final_head(receipt.checkpoint, policy)
    check_included(final.head, receipt.index, entry, receipt.proof)
    return Checked(final.head, final.cosigned, receipt.index)


def check_included(head: TreeHead, index: int, entry: bytes, proof: Sequence[bytes]) -> None:
    """Raise ``NotIncluded`` unless the proof shows that the entry is number ``index``."""
    try:
        root = merkle.root_from_inclusion(index, head.size, leaf_hash(entry), proof)
    except ValueError as error:
        raise NotIncluded(str(error)) from error
    if root != head.root:
        raise NotIncluded("the proof leads to another root")
