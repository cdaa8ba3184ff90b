"""
Comparing what a log shows to different people: any two who compare find a split view.

Whoever serves checkpoints is asked: the log, its witnesses, and anybody who was shown another tree.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ledger import note as notes
from ledger import splitview, tiles
from ledger.policy import Policy, open_signed
from ledger.treehead import TreeHead


@dataclass(frozen=True, slots=True)
class View:
    """A checkpoint, where it was found, and the tiles that are served there, if any."""

    place: str
    checkpoint: bytes
    reader: tiles.Reader | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """
    ``evidence`` of a split view, if there is one. ``unclear`` says which views could not be
    compared, for want of the larger one's tiles.
    """

    heads: tuple[tuple[str, TreeHead], ...]
    evidence: bytes | None
    unclear: tuple[str, ...]


def compare(views: Sequence[View], policy: Policy) -> Compared:
    """
    Compare every two views; those of different logs have nothing to do with each other.

    Two that both begin the same larger tree agree, even where nobody serves tiles for them alone.

    Raises:
        Malformed, BadSignature: a view is not a checkpoint that a log of the policy signed. Nobody
            but its server can be blamed for that.
    """
    heads = [open_signed(view.checkpoint, policy)[1] for view in views]
    readers = [view.reader for view in views if view.reader is not None]
    unclear: dict[tuple[int, int], str] = {}
    wholes: dict[int, set[int]] = {at: {at} for at in range(len(views))}
    by_size = sorted(range(len(views)), key=lambda at: heads[at].size)
    for small, large in itertools.combinations(by_size, 2):
        if heads[small].origin != heads[large].origin:
            continue
        own = views[large].reader
        tried = [own, *readers] if own is not None else readers
        try:
            evidence = _compared(views[small], views[large], policy, tried)
        except splitview.CannotCompare as error:
            unclear[small, large] = f"{views[small].place}, {views[large].place}: {error}"
            continue
        if evidence is not None:
            return Compared(_named(views, heads), evidence, ())
        wholes[small].add(large)
    left = [text for (a, b), text in unclear.items() if not wholes[a] & wholes[b]]
    return Compared(_named(views, heads), None, tuple(left))


def _named(views: Sequence[View], heads: Sequence[TreeHead]) -> tuple[tuple[str, TreeHead], ...]:
    return tuple((view.place, head) for view, head in zip(views, heads, strict=True))


def _compared(
    one: View, other: View, policy: Policy, readers: Sequence[tiles.Reader]
) -> bytes | None:
    """The evidence, with the first tiles that fit."""
    if notes.parse(one.checkpoint).text == notes.parse(other.checkpoint).text:
        return None
    cause = None
    for reader in (None, *readers):
        try:
            return splitview.compare(one.checkpoint, other.checkpoint, policy, reader)
        except splitview.CannotCompare as error:
            cause = error
    assert cause is not None
    raise cause
