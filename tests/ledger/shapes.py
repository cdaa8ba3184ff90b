"""Policies of every shape with few witnesses, and what liars could do to them."""

import itertools
from collections.abc import Iterator

from ledger.cosignature import Cosigner
from ledger.note import Signer
from ledger.policy import Policy

LOG = Signer("log.example", b"l" * 32)
KEYS = {f"w{n}": Cosigner(f"org{n}/witness", bytes([n + 1]) * 32) for n in range(14)}
Shape = tuple[int, tuple["Shape", ...]] | None  # threshold and members; None is a witness


def flat(size: int, threshold: int) -> Shape:
    return threshold, (None,) * size


def nested(size: int) -> Iterator[Shape]:
    """Every nesting of groups of two or more, with every threshold, up to the witnesses' names."""
    if size == 1:
        yield None
        return
    for parts in _partitions(size, size - 1):
        kinds = [(part, parts.count(part)) for part in dict.fromkeys(parts)]
        choices = (
            itertools.combinations_with_replacement(list(nested(part)), count)
            for part, count in kinds
        )
        for chosen in itertools.product(*choices):
            members = tuple(itertools.chain.from_iterable(chosen))
            for threshold in range(1, len(members) + 1):
                yield threshold, members


def _partitions(size: int, largest: int) -> Iterator[tuple[int, ...]]:
    if size == 0:
        yield ()
    for first in range(min(size, largest), 0, -1):
        for rest in _partitions(size - first, first):
            yield first, *rest


def policy_of(shape: Shape) -> Policy:
    """Write the shape as a policy file and read it; its witnesses are w0, w1, …"""
    names, groups = iter(KEYS), itertools.count()
    lines = [f"log {LOG.verifier.vkey}"]

    def define(shape: Shape) -> str:
        if shape is None:
            name = next(names)
            lines.append(f"witness {name} {KEYS[name].verifier.vkey}")
            return name
        threshold, members = shape
        defined = [define(member) for member in members]
        name = f"g{next(groups)}"
        lines.append(f"group {name} {threshold} {' '.join(defined)}")
        return name

    lines.append(f"quorum {define(shape)}")
    return Policy.parse("".join(f"{line}\n" for line in lines).encode())


class Table:
    """For every set of witnesses (as bits, w0 the lowest) whether it is a quorum."""

    def __init__(self, policy: Policy) -> None:
        names = list(policy.witnesses)
        self.everybody = (1 << len(names)) - 1
        self.met = [
            policy.is_met_by({name for place, name in enumerate(names) if chosen >> place & 1})
            for chosen in range(self.everybody + 1)
        ]

    def split(self, liars: int) -> int | None:
        """
        Give honest witnesses who, with the liars, are one quorum while the others are another.

        None if there are none. More members never hurt, so no other split of them need be tried.
        """
        honest = self.everybody & ~liars
        for side in subsets(honest):
            if self.met[side | liars] and self.met[honest & ~side | liars]:
                return side
        return None

    def quorums(self) -> list[int]:
        """Give the quorums that need every member."""
        return [
            chosen
            for chosen, met in enumerate(self.met)
            if met and not any(self.met[chosen & ~bit] for bit in bits(chosen))
        ]


def bits(chosen: int) -> Iterator[int]:
    while chosen:
        yield chosen & -chosen
        chosen &= chosen - 1


def subsets(chosen: int) -> Iterator[int]:
    some = chosen
    while some:
        yield some
        some = (some - 1) & chosen
    yield 0
