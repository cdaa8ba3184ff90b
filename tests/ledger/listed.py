"""Patients' lists as a test needs them: computed naively, signed, cosigned by four validators."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from ledger import note, patientmap, patients
from ledger.cosignature import Cosigner
from ledger.policy import Policy
from ledger.treehead import TreeHead
from tests.ledger.witnessed import NAMES, NOON_S, signer

LOG = signer("listed.example/log")
OF_LISTS = note.Signer(patients.origin_of(LOG.verifier.name), LOG.seed)
VALIDATORS = [Cosigner(f"{name}/validator", name.encode().ljust(32, b"v")) for name in NAMES]
WITNESSES = [Cosigner(f"{name}/witness", name.encode().ljust(32, b"w")) for name in NAMES]
HEADER = f"log {LOG.verifier.vkey}\n"


def consortium() -> Policy:
    """Three of four witnesses and three of four validators make a checkpoint final."""
    keys = [one.verifier for one in (*WITNESSES, *VALIDATORS)]
    lines = [f"witness {key.name} {key.vkey}\n" for key in keys]
    for group, members in (("witnesses", WITNESSES), ("validators", VALIDATORS)):
        lines.append(f"group {group} 3 {' '.join(one.verifier.name for one in members)}\n")
    lines.append("group consortium all witnesses validators\nquorum consortium\n")
    return Policy.parse((HEADER + "".join(lines)).encode())


POLICY = consortium()
ALONE = Policy.of_log(LOG.verifier)


def head(
    size: int, root: bytes, by: Sequence[Cosigner] = VALIDATORS, own: note.Signer = OF_LISTS
) -> bytes:
    """A head of the lists, signed by the log and cosigned."""
    text = TreeHead(OF_LISTS.verifier.name, size, root).text()
    return note.assemble(text, [own.sign(text), *(one.cosign(text, NOON_S) for one in by)])


def mapped(entries: Sequence[str]) -> patientmap.Map:
    """The map of a log whose entries carry these tags."""
    lists = patientmap.Map(patientmap.Memory())
    lists.extend(tagged(entries))
    return lists


def tagged(entries: Sequence[str], start: int = 0) -> list[tuple[int, str]]:
    return [(index, tag) for index, tag in enumerate(entries, start) if tag]


def lists_of(entries: Sequence[str]) -> dict[str, list[int]]:
    """Of each tag the indices, as anybody would write them down."""
    found: dict[str, list[int]] = {}
    for index, tag in tagged(entries):
        found.setdefault(tag, []).append(index)
    return found


def naive_root(lists: Mapping[str, Sequence[int]]) -> bytes:
    """The map's root from its definition: 65,536 buckets, hashed level by level."""
    buckets: dict[int, list[bytes]] = {}
    for tag, indices in lists.items():
        key = hashlib.sha256(tag.encode()).digest()
        leaves = [hashlib.sha256(b"\x00" + index.to_bytes(8, "big")).digest() for index in indices]
        record = key + len(indices).to_bytes(8, "big") + _tree(leaves)
        buckets.setdefault(key[0] << 8 | key[1], []).append(record)
    level = [
        hashlib.sha256(b"\x00" + b"".join(sorted(buckets.get(number, [])))).digest()
        for number in range(65_536)
    ]
    return _tree(level)


def _tree(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, as it is written there."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + _tree(leaves[:half]) + _tree(leaves[half:])).digest()


def neighbour_of(tag: str) -> str:
    """Another tag in the same bucket."""
    number = patients.bucket_of(patients.key_of(tag))
    return next(
        other
        for other in map(str, range(1 << 24))
        if patients.bucket_of(patients.key_of(other)) == number and other != tag
    )
