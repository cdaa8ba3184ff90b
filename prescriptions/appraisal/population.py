"""
Which prescriptions were issued in a month, and the tree in which that is settled: from files alone.

A log is read as anybody has it, as tiles. Its month is *closed* by the first entry dated
``Month.closes_at`` or later, for the law refuses what is dated more than fifteen minutes before an
entry that is already there; or by ``log.freeze``. The smallest tree that holds this entry says all
of the month, its size is nobody's choice, and every later checkpoint extends it.

The files are taken as verified (``./rx verify``). Reading costs the entries of the month, and a
binary search before them; dates rise but for those fifteen minutes.

Pure: no Django, no clock.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from ledger import merkle, note, succession, tiles
from ledger.entry import Statement
from ledger.treehead import TreeHead
from prescriptions.appraisal.months import LATE, Month

ISSUE, UPLOAD = "prescription.issue", "prescription.upload"
"""What begins to count, whether its doctor or the hospital's own system has signed it."""


class StillOpen(RuntimeError):
    """The log may still take entries of the month; ask again when it has grown."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A prescription, and when its doctor, or the hospital's system, signed it."""

    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """What one log says of a month: hospital → what it issued, in the log's order; and its tree."""

    head: TreeHead
    issued: Mapping[str, tuple[Issued, ...]]


def read(reader: tiles.Reader, head: TreeHead, month: Month) -> Part | None:
    """
    What the log with this head says of the month; None if it was opened later or frozen before.

    Raises:
        StillOpen: see there.
        tiles.Missing, note.Malformed: a file is not there, or is damaged.
    """
    log = _Log(reader, head.size)
    if log.entry(0).at >= month.closes_at:
        return None
    last = log.entry(head.size - 1)
    frozen = last.kind == succession.FREEZE
    if frozen and last.at < month.begins_at - LATE:
        return None
    if not frozen and last.at < month.until:  # so none is of ``closes_at`` or later
        raise StillOpen(head.origin)
    issued: dict[str, list[Issued]] = defaultdict(list)
    size = head.size if frozen else 0
    for index, one in log.since(month.begins_at):
        if one.at >= month.closes_at:
            size = index + 1
            break
        if one.kind in (ISSUE, UPLOAD) and month.begins_at <= one.at < month.until:
            issued[str(one.facts["hospital"])].append(Issued(one.subject, one.at))
    if not size:
        raise StillOpen(head.origin)
    settled = TreeHead(head.origin, size, log.root(size))
    return Part(settled, {name: tuple(found) for name, found in sorted(issued.items())})


class _Log:
    """The entries of a log of ``size``, each bundle read once in a row."""

    def __init__(self, reader: tiles.Reader, size: int) -> None:
        self._reader, self._size = reader, size
        self._bundle = lru_cache(maxsize=4)(self._read)

    def entry(self, index: int) -> Statement:
        number, place = divmod(index, tiles.WIDTH)
        return _statement(self._bundle(number)[place])

    def since(self, moment: datetime) -> Iterator[tuple[int, Statement]]:
        """Every entry from ``moment`` on, and maybe older ones, by index."""
        bundles = range((self._size + tiles.WIDTH - 1) // tiles.WIDTH)
        # Before an entry that is older by LATE there is none from ``moment`` on.
        found = bisect.bisect_left(
            bundles, moment - LATE, key=lambda number: self.entry(number * tiles.WIDTH).at
        )
        for number in bundles[max(found - 1, 0) :]:
            for index, data in enumerate(self._bundle(number), number * tiles.WIDTH):
                yield index, _statement(data)

    def root(self, size: int) -> bytes:
        """The root of the tree of the first ``size`` entries."""
        source = tiles.hash_source(self._reader, self._size)
        return merkle.fold([source(one) for one in merkle.subtrees(0, size)])

    def _read(self, number: int) -> list[bytes]:
        tile = tiles.tile_at(tiles.ENTRIES, number, self._size)
        return tiles.unbundle(tiles.fetch(self._reader, tile), tile.width)


def _statement(data: bytes) -> Statement:
    return Statement.parse(note.parse(data).text)
