"""
A patient's complete list: which entries of the log are about a patient, all of them and no others.

A map takes each patient's tag to the number of entries about that patient and to the root of their
indices. Validators compute it from the entries that they replay and cosign its root; so a phone
that knows its tag can check that nothing was kept from it, and that nothing is known about a tag
that has no entry.

* key = SHA-256(tag); its first 16 bits number one of 65,536 buckets.
* record = key || count (u64) || root, where root is the RFC 6962 root over the leaves
  SHA-256(0x00 || index (u64)) of the entries' indices, rising; numbers are big-endian.
* A bucket's leaf is SHA-256(0x00 || its records, by rising key); an empty one's SHA-256(0x00).
* The map's root is that of the perfect tree over the 65,536 buckets, nodes as in RFC 6962.

The head is a tree head of the origin ``<log>/patients``: the log's size that is covered, and the
map's root. The log signs it under that name; it is final when the policy's group ``validators``
has cosigned it, or by the log's word where the policy asks for nobody and has no such group.

A proof is the bucket's records and the 16 siblings of its leaf. It shows absence as well as
presence: a bucket is shown whole. Entries without a tag are in no list.

Here is what an outsider needs; ``ledger.patientmap`` makes the map and its proofs.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger import merkle
from ledger import note as notes
from ledger.note import Malformed, decode_base64, encode_base64
from ledger.policy import NONE, Final, Log, Policy, final_head
from ledger.treehead import TreeHead

FORMAT = "smart-hospital/patient-list/v1"
VALIDATORS = "validators"
DEPTH = 16
BUCKETS = 1 << DEPTH
MAX_BYTES = 4 << 20
_SUFFIX = "/patients"
_RECORD_SIZE = 32 + 8 + 32
_BUCKET = re.compile("bucket (0|[1-9][0-9]{0,4})")
_RECORD = "record "


class Incomplete(ValueError):
    """The indices are not all entries about the patient, or not only those."""


class NotListed(ValueError):
    """No entry is about this patient, though indices were given."""


class Unproven(ValueError):
    """The proof is of another bucket, or does not lead to the head's root."""


def origin_of(log: str) -> str:
    """Name the lists of a log."""
    return log + _SUFFIX


def log_of(origin: str) -> str | None:
    """Name the log whose lists have this origin; None if it is not that of any lists."""
    log = origin.removesuffix(_SUFFIX)
    return log if log and log != origin else None


def keys(policy: Policy) -> Policy:
    """The same policy for heads of lists: the logs' keys sign them under the lists' names."""
    renamed = (
        Log(dataclasses.replace(log.verifier, name=origin_of(log.verifier.name)), log.url)
        for log in policy.logs
    )
    return dataclasses.replace(policy, logs=tuple(renamed))


def quorum(policy: Policy) -> str:
    """The group that makes a head of lists final; it need not be in the policy."""
    return NONE if policy.quorum == NONE and VALIDATORS not in policy.groups else VALIDATORS


def head_of(note: bytes) -> TreeHead:
    """Read a signed head without checking a signature. Raises ``Malformed``."""
    return TreeHead.parse(notes.parse(note).text)


def final(head: bytes, policy: Policy) -> Final:
    """
    Read a signed head of a log's lists that is final. ``policy`` is the log's.

    Raises:
        Malformed, BadSignature, NotFinal: as for ``policy.final_head``.
    """
    return final_head(head, keys(policy), quorum(policy))


def key_of(tag: str) -> bytes:
    """Under which key a patient's tag stands in the map."""
    return hashlib.sha256(tag.encode()).digest()


def bucket_of(key: bytes) -> int:
    """In which bucket a key belongs."""
    return int.from_bytes(key[:2])


def index_leaf(index: int) -> bytes:
    """SHA-256(0x00 || index): an entry's leaf in the list of its patient."""
    return hashlib.sha256(b"\x00" + index.to_bytes(8)).digest()


def bucket_hash(shown: Iterable[bytes]) -> bytes:
    """SHA-256(0x00 || records): a bucket's leaf."""
    return hashlib.sha256(b"\x00" + b"".join(shown)).digest()


@dataclass(frozen=True, slots=True)
class Proof:
    """
    One bucket, whole, and the way from it to the root of a signed head of lists.

    ``records`` have 72 bytes each, ``siblings`` are 16 hashes, the leaf's own first.
    """

    bucket: int
    records: tuple[bytes, ...]
    siblings: tuple[bytes, ...]
    head: bytes

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """
        Read a proof; ``parse(data).bytes() == data`` for whatever is accepted.

        Raises:
            Malformed: not in the one form, over 4 MiB, a record that is out of order or does not
                belong into the bucket, not 16 siblings.
        """
        if len(data) > MAX_BYTES:
            raise Malformed("the proof is too long")
        top, gap, head = data.partition(b"\n\n")
        try:
            form, *lines = top.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("the proof is not ASCII") from error
        numbered = _BUCKET.fullmatch(lines[0]) if lines else None
        if not gap or form != FORMAT or numbered is None or int(numbered[1]) >= BUCKETS:
            raise Malformed("not a proof of a patient's list")
        if len(lines) < 1 + DEPTH:
            raise Malformed("the proof has 16 siblings")
        records = tuple(map(_record, lines[1:-DEPTH]))
        siblings = tuple(map(decode_base64, lines[-DEPTH:]))
        if any(len(sibling) != merkle.HASH_SIZE for sibling in siblings):
            raise Malformed("a hash has 32 bytes")
        bucket, order = int(numbered[1]), [record[:32] for record in records]
        if order != sorted(set(order)) or any(bucket_of(key) != bucket for key in order):
            raise Malformed("the records are not those of one bucket, in order")
        head_of(head)
        return cls(bucket, records, siblings, head)

    def root(self) -> bytes:
        """The root that the map must have."""
        found, number = bucket_hash(self.records), BUCKETS + self.bucket
        for sibling in self.siblings:
            pair = (sibling, found) if number & 1 else (found, sibling)
            found, number = merkle.node(*pair), number >> 1
        return found

    def bytes(self) -> bytes:
        """The proof's one encoding."""
        lines = [FORMAT, f"bucket {self.bucket}"]
        lines += (_RECORD + encode_base64(record) for record in self.records)
        lines += map(encode_base64, self.siblings)
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.head


def _record(line: str) -> bytes:
    record = decode_base64(line.removeprefix(_RECORD))
    if not line.startswith(_RECORD) or len(record) != _RECORD_SIZE or record[32:40] == bytes(8):
        raise Malformed("not a record: key, a count above 0, root")
    return record


def verify(data: bytes, tag: str, indices: Sequence[int], policy: Policy) -> Final:
    """
    Check that ``indices`` are all entries about the patient of ``tag`` up to the head's size.

    They rise; an empty sequence asks for the proof that there is none. Returns the final head; its
    age is for the caller to judge. What the entries say is not looked at here: each has a receipt.

    Raises:
        Malformed: not a proof.
        BadSignature, NotFinal: the head is not final under the log's ``policy``.
        Unproven: it proves something else, or nothing.
        NotListed: there are no entries about this patient.
        Incomplete: the indices are not all, or not only those.
    """
    proof = Proof.parse(data)
    found, key = final(proof.head, policy), key_of(tag)
    if proof.bucket != bucket_of(key):
        raise Unproven("the proof is of another bucket")
    if proof.root() != found.head.root:
        raise Unproven("the proof does not lead to the head's root")
    record = next((one for one in proof.records if one[:32] == key), None)
    if record is None:
        if indices:
            raise NotListed(f"no entry is about this patient up to {found.head.size}")
        return found
    count = int.from_bytes(record[32:40])
    if count != len(indices):
        raise Incomplete(f"{count} entries are about this patient, {len(indices)} were given")
    if not _rise(indices, found.head.size):
        raise Incomplete("the indices do not rise, or go beyond the head")
    if merkle.root([index_leaf(index) for index in indices]) != record[40:]:
        raise Incomplete("other entries are about this patient than those given")
    return found


def _rise(indices: Sequence[int], below: int) -> bool:
    following = (*indices[1:], below)
    return indices[0] >= 0 and all(a < b for a, b in zip(indices, following, strict=True))
