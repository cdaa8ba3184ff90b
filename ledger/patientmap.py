"""
The map of all patients' lists, as whoever has the entries computes it (``ledger.patients``).

It grows with the log: an entry changes one record, the hash of one bucket, and the 16 nodes above.
Of a list only the edge is kept, so a patient with many entries costs no more than one with few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger import merkle, patients
from ledger.patients import BUCKETS, DEPTH, Proof, Unproven


@dataclass(frozen=True, slots=True)
class Record:
    """A patient's list so far: ``count`` entries, and the edge of the tree of their indices."""

    key: bytes
    count: int
    edge: tuple[bytes, ...]

    def extended(self, leaves: Sequence[bytes]) -> Record:
        """The record after further entries."""
        edge = merkle.extend(self.count, self.edge, leaves)
        return Record(self.key, self.count + len(leaves), tuple(edge))

    def shown(self) -> bytes:
        """The record as it is hashed and proven: key, count, root."""
        return self.key + self.count.to_bytes(8) + merkle.fold(self.edge)


def pack(records: Iterable[Record]) -> bytes:
    """Write a bucket's records as a store keeps them."""
    return b"".join(
        record.key + record.count.to_bytes(8) + b"".join(record.edge) for record in records
    )


def unpack(bucket: bytes) -> list[Record]:
    """Read what ``pack`` wrote."""
    found, at = [], 0
    while at < len(bucket):
        count = int.from_bytes(bucket[at + 32 : at + 40])
        end = at + 40 + 32 * count.bit_count()
        edge = merkle.split_hashes(bucket[at + 40 : end])
        found.append(Record(bucket[at : at + 32], count, tuple(edge)))
        at = end
    return found


class Store(Protocol):
    """
    Where a map is kept: buckets by number (``pack``), and nodes by number.

    Node 1 is the root, 2n and 2n+1 are the children of n; bucket b has the leaf 65,536 + b. What
    was never put is left out of the answers. A caller's changes are stored all or none.
    """

    def buckets(self, numbers: Collection[int]) -> Mapping[int, bytes]:
        """Give these buckets."""

    def put_buckets(self, buckets: Mapping[int, bytes]) -> None:
        """Keep these buckets."""

    def nodes(self, numbers: Collection[int]) -> Mapping[int, bytes]:
        """Give the hashes of these nodes."""

    def put_nodes(self, nodes: Mapping[int, bytes]) -> None:
        """Keep these hashes."""


class Memory:
    """A store in memory."""

    def __init__(self) -> None:
        self._buckets: dict[int, bytes] = {}
        self._nodes: dict[int, bytes] = {}

    def buckets(self, numbers: Collection[int]) -> Mapping[int, bytes]:
        return _found(self._buckets, numbers)

    def put_buckets(self, buckets: Mapping[int, bytes]) -> None:
        self._buckets.update(buckets)

    def nodes(self, numbers: Collection[int]) -> Mapping[int, bytes]:
        return _found(self._nodes, numbers)

    def put_nodes(self, nodes: Mapping[int, bytes]) -> None:
        self._nodes.update(nodes)


def _found(among: Mapping[int, bytes], numbers: Collection[int]) -> dict[int, bytes]:
    return {number: among[number] for number in numbers if number in among}


class Map:
    """The lists of all patients of a log. How much of the log it covers, its owner remembers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def extend(self, entries: Iterable[tuple[int, str]]) -> None:
        """
        Take further entries: index and tag, indices rising and above all that were taken before.

        Reads and writes each touched bucket once, however many entries fall into it, and at most
        16 nodes for each: the cost is that of the new entries, whatever the map's size.

        Raises:
            ValueError: the indices do not rise.
        """
        new: dict[int, dict[bytes, list[bytes]]] = defaultdict(lambda: defaultdict(list))
        last = -1
        for index, tag in entries:
            if index <= last:
                raise ValueError(f"entry {index} comes after entry {last}")
            key, last = patients.key_of(tag), index
            new[patients.bucket_of(key)][key].append(patients.index_leaf(index))
        if not new:
            return
        known, packed, leaves = self._store.buckets(new.keys()), {}, {}
        for bucket, lists in new.items():
            records = {record.key: record for record in unpack(known.get(bucket, b""))}
            for key, more in lists.items():
                records[key] = records.get(key, Record(key, 0, ())).extended(more)
            ordered = [records[key] for key in sorted(records)]
            packed[bucket] = pack(ordered)
            leaves[BUCKETS + bucket] = patients.bucket_hash(record.shown() for record in ordered)
        self._store.put_buckets(packed)
        self._store.put_nodes(self._grown(leaves))

    def root(self) -> bytes:
        """The root of the map."""
        return self._store.nodes((1,)).get(1, _empty(1))

    def prove(self, tag: str, head: bytes) -> bytes:
        """
        Write the proof of a tag's list under the signed ``head``.

        Raises:
            Malformed: ``head`` is no signed tree head.
            Unproven: it is not the head of this map.
        """
        bucket = patients.bucket_of(patients.key_of(tag))
        records = unpack(self._store.buckets((bucket,)).get(bucket, b""))
        path = [(BUCKETS + bucket >> level) ^ 1 for level in range(DEPTH)]
        nodes = self._store.nodes(path)
        siblings = tuple(nodes.get(number, _empty(number)) for number in path)
        proof = Proof(bucket, tuple(record.shown() for record in records), siblings, head)
        if proof.root() != patients.head_of(head).root:
            raise Unproven("the map is not (any more) that of the head")
        return proof.bytes()

    def _grown(self, leaves: Mapping[int, bytes]) -> dict[int, bytes]:
        """The hashes of these leaves and of all nodes above them."""
        changed = {number >> level for number in leaves for level in range(DEPTH + 1)}
        known = {
            **self._store.nodes({number ^ 1 for number in changed if number > 1} - changed),
            **leaves,
        }
        grown = dict(leaves)
        level = set(leaves)
        while 1 not in level:
            level = {number >> 1 for number in level}
            for number in level:
                below = (2 * number, 2 * number + 1)
                left, right = (known.get(one) or _empty(one) for one in below)
                grown[number] = known[number] = merkle.node(left, right)
        return grown


def _empty(number: int) -> bytes:
    """The hash of a node above nothing but empty buckets."""
    return _EMPTY[DEPTH + 1 - number.bit_length()]


_EMPTY = [patients.bucket_hash(())]
for _ in range(DEPTH):
    _EMPTY.append(merkle.node(_EMPTY[-1], _EMPTY[-1]))
