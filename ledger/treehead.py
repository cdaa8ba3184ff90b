"""
A tree head: which log, how many leaves, which root. Signed by the log's key it is a checkpoint.

The text has three lines: the origin, the size in decimal, the root in base64. There are no
extension lines. The key that signs it is named as the log is.

Source: https://c2sp.org/tlog-checkpoint.
"""

import re
from dataclasses import dataclass

from ledger import note as notes
from ledger.note import Malformed

_SIZE = re.compile("0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The first ``size`` leaves of the log ``origin`` have this 32-byte ``root``."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """Give the bytes that are signed."""
        return f"{self.origin}\n{self.size}\n{notes.encode_base64(self.root)}\n".encode()

    @classmethod
    def parse(cls, text: bytes) -> "TreeHead":
        """
        Read a tree head; ``parse(text).text() == text`` for whatever is accepted.

        Raises:
            Malformed: not three lines, a size with leading zeros, a root that is not 32 bytes.
        """
        try:
            lines = text.decode().split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("the tree head is not UTF-8") from error
        if len(lines) != 4 or lines[3]:
            raise Malformed("a tree head has three lines")
        origin, size, encoded, _ = lines
        root = notes.decode_base64(encoded)
        if not _SIZE.fullmatch(size) or len(root) != 32:
            raise Malformed("the size or the root is not in its one form")
        notes.check_name(origin)
        return cls(origin, int(size), root)


def open_checkpoint(data: bytes, verifier: notes.Verifier) -> TreeHead:
    """
    Read a checkpoint of the log whose key this is.

    Raises:
        Malformed: not a note with a tree head, or the head of another log.
        BadSignature: the log's key did not sign it.
    """
    note = notes.parse(data)
    head = TreeHead.parse(note.text)
    if head.origin != verifier.name:
        raise Malformed(f"a checkpoint of another log: {head.origin}")
    if not notes.verified_by(note, [verifier]):
        raise notes.BadSignature("the log's key did not sign the checkpoint")
    return head
