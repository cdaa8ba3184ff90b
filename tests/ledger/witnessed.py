"""A log in memory that four witnesses watch; three of them are a quorum."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger import commitments, merkle, note, promise, receipt, receiptfile, tiles
from ledger.cosignature import Cosigner
from ledger.entry import Statement, leaf_hash
from ledger.policy import Policy
from ledger.treehead import TreeHead
from tests.ledger.logs import Memory

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOON_S = int(NOON.timestamp())
ORIGIN = "watched.example/log"
NAMES = ("hospital", "pharmacy", "insurer", "regulator")
FIELDS = ((b"a" * 16, "diagnosis", "J11"), (b"b" * 16, "dose_mg", 500), (b"c" * 16, "name", "Li"))
DIGESTS = {name: commitments.digest(salt, name, value) for salt, name, value in FIELDS}


def signer(name: str) -> note.Signer:
    return note.Signer(name, name.encode().ljust(32, b".")[:32])


def bits(data: bytes, sample: int | None = None) -> Iterator[bytes]:
    """The data with one bit changed: each in turn, or as many of them as ``sample``, drawn."""
    places: Sequence[int] = range(len(data) * 8)
    if sample is not None:
        places = random.Random(len(data)).sample(places, sample)
    for place in places:
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        yield bytes(changed)


class WatchedLog:
    """Entry 0 opens it, entry 1 registers the doctor's key; the rest is what a test adds."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.key = signer(origin)
        self.doctor = signer("hospital/doctor/1")
        self.services = {
            role: signer(f"{origin}/{role}") for role in ("registrar", "access", "promise")
        }
        self.witnesses = [_cosigner(f"{name}/witness") for name in NAMES]
        self.entries: list[bytes] = []
        vkeys = {role: one.verifier.vkey for role, one in self.services.items()}
        self.say("log", "log.open", {"service_keys": vkeys, "law": "", "policy": ""}, self.key)
        self.register(self.doctor)

    def policy(self, quorum: str = "3") -> Policy:
        names = [one.verifier.name for one in self.witnesses]
        lines = [f"log {self.key.verifier.vkey}"]
        lines += [f"witness {one.verifier.name} {one.verifier.vkey}" for one in self.witnesses]
        lines += [f"group all-of-them {quorum} {' '.join(names)}", "quorum all-of-them"]
        return Policy.parse("".join(f"{line}\n" for line in lines).encode())

    def register(self, key: note.Signer, *signers: note.Signer) -> bytes:
        facts = {"vkey": key.verifier.vkey, "role": "doctor"}
        signers = signers or (key, self.services["registrar"])
        return self.say(f"key/{key.verifier.name}", "key.register", facts, *signers)

    def say(
        self, subject: str, kind: str, facts: Any, *signers: note.Signer, **fields: Any
    ) -> bytes:
        usual = {
            "log": self.origin,
            "subject": subject,
            "version": 1,
            "prev": b"",
            "kind": kind,
            "by": signers[0].verifier.name,
            "at": NOON,
            "patient": "",
            "commitment": b"",
            "facts": facts,
        }
        entry = note.sign(Statement(**{**usual, **fields}).text(), *signers)
        self.entries.append(entry)
        return entry

    def prescribe(self, number: int = 1) -> bytes:
        return self.say(
            f"rx/{number:032x}",
            "prescription.issue",
            {"lines": {"1": 2}},
            self.doctor,
            patient="7a" * 32,
            commitment=commitments.commit(DIGESTS.values()),
        )

    def fill(self, count: int) -> WatchedLog:
        """Entries that no test looks at."""
        self.entries += [b"%d" % number for number in range(count)]
        return self

    # --- as published ---------------------------------------------------------------------------

    def leaves(self, size: int | None = None) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.entries[:size]]

    def source(self, size: int | None = None) -> merkle.Source:
        leaves = self.leaves(size)

        def root_of(subtree: merkle.Subtree) -> bytes:
            start = subtree.place << subtree.level
            return merkle.root(leaves[start : start + (1 << subtree.level)])

        return root_of

    def checkpoint(
        self, size: int | None = None, *, at_s: int = NOON_S, by: Sequence[int] = (0, 1, 2, 3)
    ) -> bytes:
        """Signed by the log, cosigned by these witnesses, one second after the other."""
        leaves = self.leaves(size)
        text = TreeHead(self.origin, len(leaves), merkle.root(leaves)).text()
        lines = [self.witnesses[one].cosign(text, at_s + one) for one in by]
        return note.assemble(text, [self.key.sign(text), *lines])

    def files(self, size: int | None = None, checkpoint: bytes = b"") -> Memory:
        entries, leaves = self.entries[:size], self.leaves(size)
        stack = tiles.Stack()
        files = Memory({tile.path: data for tile, data in stack.extend(leaves) + stack.partials()})
        for start in range(0, len(entries), tiles.WIDTH):
            tile = tiles.tile_at(tiles.ENTRIES, start // tiles.WIDTH, len(entries))
            files[tile.path] = tiles.bundle(entries[start : start + tiles.WIDTH])
        files["checkpoint"] = checkpoint or self.checkpoint(size)
        return files

    def promise(self, entry: bytes, at: datetime = NOON, delay_s: int = 60) -> bytes:
        key = self.services["promise"]
        return promise.make(key, leaf=leaf_hash(entry), at=at, merge_delay_s=delay_s)

    # --- receipts -------------------------------------------------------------------------------

    def receipt(self, entry: bytes, checkpoint: bytes = b"") -> bytes:
        checkpoint, index = checkpoint or self.checkpoint(), self.entries.index(entry)
        return receipt.build(index, len(self.entries), checkpoint, self.source())

    def registered(self, index: int) -> receiptfile.Registered:
        proof = tuple(merkle.inclusion(index, len(self.entries), self.source()))
        return receiptfile.Registered(self.entries[index], index, proof)

    def file(self, entry: bytes, *keys: int, checkpoint: bytes = b"", **shown: Any) -> bytes:
        """A receipt file with the registrations at these indices."""
        registered = [self.registered(index) for index in keys]
        bare = self.receipt(entry, checkpoint)
        return receiptfile.complete(bare, entry, keys=registered, **shown)


def opening(*names: str) -> dict[str, Any]:
    """What ``receiptfile.complete`` needs to open these fields of the record."""
    return {
        "opened": [receiptfile.Field(*field) for field in FIELDS if field[1] in names],
        "digests": [digest for name, digest in DIGESTS.items() if name not in names],
    }


def written(folder: Path, **files: bytes) -> Path:
    """These files, in a folder."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def published(folder: Path, files: Memory) -> Path:
    """A log's files, in a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def _cosigner(name: str) -> Cosigner:
    return Cosigner(name, name.encode().ljust(32, b".")[:32])
