"""
Promises: the receipt that is there at once. The log will show this entry within the merge delay.

A promise is a signed note of five lines: the format, the log's origin, the entry's leaf hash in
base64, the moment at which the database stored it (RFC 3339, UTC, microseconds), the merge delay in
seconds. It is signed by the key ``<origin>/promise``, which ``log.open`` names under the role
``promise``. Whoever gets a promise compares its time with the clock: one that is dated ahead gives
the log more time. ``ledger.omission`` shows that a promise was broken.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger import note as notes
from ledger.entry import HASH_SIZE
from ledger.note import BadSignature, Malformed

FORMAT = "smart-hospital/promise/v1"
ROLE = "promise"
MAX_DELAY_S = 999_999
_END = datetime(9999, 1, 1, tzinfo=UTC)
_DELAY = re.compile("0|[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Promise:
    """
    The log ``origin`` stored the entry with this 32-byte ``leaf`` hash at ``at`` (aware, UTC).

    A final checkpoint covers it ``merge_delay_s`` later at the latest.

    Raises:
        Malformed: a field is outside these bounds.
    """

    origin: str
    leaf: bytes
    at: datetime
    merge_delay_s: int

    def __post_init__(self) -> None:
        notes.check_name(self.origin)
        if len(self.leaf) != HASH_SIZE:
            raise Malformed("a leaf hash has 32 bytes")
        if self.at.utcoffset() != timedelta(0):
            raise Malformed("the time is not aware UTC")
        if self.at >= _END or not 0 <= self.merge_delay_s <= MAX_DELAY_S:
            raise Malformed("the time or the merge delay is out of range")

    @property
    def until(self) -> datetime:
        """When the merge delay is over."""
        return self.at + timedelta(seconds=self.merge_delay_s)

    def text(self) -> bytes:
        """Give the bytes that are signed."""
        at = self.at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
        leaf = notes.encode_base64(self.leaf)
        return f"{FORMAT}\n{self.origin}\n{leaf}\n{at}\n{self.merge_delay_s}\n".encode()

    @classmethod
    def parse(cls, text: bytes) -> "Promise":
        """
        Read a promise's text; ``parse(text).text() == text`` for whatever is accepted.

        Raises:
            Malformed: these are not the bytes that ``text`` would write.
        """
        try:
            form, origin, leaf, at, delay, end = text.decode().split("\n")
            if form != FORMAT or end or not _DELAY.fullmatch(delay):
                raise Malformed("not a promise of this format")
            found = cls(origin, notes.decode_base64(leaf), datetime.fromisoformat(at), int(delay))
            if found.text() != text:
                raise Malformed("the promise is not in its one form")
        except (ValueError, OverflowError) as error:
            raise Malformed(f"not a promise: {error}") from error
        return found


def key_name(origin: str) -> str:
    """The name of the key that signs a log's promises."""
    return f"{origin}/{ROLE}"


def make(signer: notes.Signer, *, leaf: bytes, at: datetime, merge_delay_s: int) -> bytes:
    """
    Sign a promise: ``at`` is when the database stored the entry (``chain.Appended.stored_at``).

    The log's origin is taken from the key's name, ``<origin>/promise``.

    Raises:
        Malformed: the key has another name, or a field is out of bounds.
    """
    origin, _, role = signer.verifier.name.rpartition("/")
    if role != ROLE:
        raise Malformed(f"not a key for promises: {signer.verifier.name}")
    return notes.sign(Promise(origin, leaf, at, merge_delay_s).text(), signer)


def opened(data: bytes, verifier: notes.Verifier) -> Promise:
    """
    Read a promise signed by this key.

    Raises:
        Malformed: not a promise, or that of another log than the key's.
        BadSignature: the key did not sign it.
    """
    note = notes.parse(data)
    promise = Promise.parse(note.text)
    if verifier.name != key_name(promise.origin):
        raise Malformed(f"a promise of another log: {promise.origin}")
    if verifier.name not in notes.verified_by(note, [verifier]):
        raise BadSignature(f"{verifier.name} did not sign the promise")
    return promise
