"""
The receipt files of many entries at once, for whoever takes a whole page of them away.

The same bytes as ``queries.receipt_file_for`` gives for each alone, with three questions to the
database for each log on the way back to the signers' registrations, however many entries there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from ledger import (
    finality,
    merkle,
    network,
    opening,
    places,
    publication,
    receipt,
    receiptfile,
    succession,
    tiles,
)
from ledger import note as notes
from ledger.entry import Statement, leaf_hash
from ledger.models import Log
from ledger.policy import open_signed
from ledger.queries import Entry, NotYetPublished
from ledger.readers import Folder
from ledger.treehead import TreeHead


@dataclass(frozen=True, slots=True)
class _Row:
    """A registration, or an opening of a log, with its proof."""

    name: str
    leaf: bytes
    made: receiptfile.Registered


def files(entries: Sequence[Entry]) -> dict[bytes, bytes]:
    """
    Give the receipt file of each entry, by its leaf hash, under the latest final checkpoints.

    Raises:
        NotYetPublished: no final checkpoint covers one of them.
    """
    found: dict[bytes, bytes] = {}
    for log in dict.fromkeys(one.log for one in entries):
        found |= _of_log(log, [one for one in entries if one.log == log])
    return found


def _of_log(log: str, entries: Sequence[Entry]) -> dict[bytes, bytes]:
    published = Folder(places.published(log))
    row = Log.objects.get(id=network.log_id(log))
    try:
        checkpoint = published.read(publication.CHECKPOINT)
    except tiles.Missing as error:
        raise NotYetPublished from error
    head = open_signed(checkpoint, finality.agreed(row))[1]
    source = tiles.hash_source(published, head.size)
    signers = {one.leaf: _signers(one) for one in entries}
    levels = _levels(head, set().union(*signers.values()))
    found = {}
    for one in entries:
        if one.index is None or one.index >= head.size:
            raise NotYetPublished
        bare = receipt.build(one.index, head.size, checkpoint, source)
        keys = _chosen(levels, signers[one.leaf], one.leaf)
        found[one.leaf] = receiptfile.complete(bare, one.note, keys=keys)
    return found


def _signers(entry: Entry) -> set[str]:
    return {one.name for one in notes.parse(entry.note).signatures} - {entry.log}


def _levels(head: TreeHead, wanted: set[str]) -> list[tuple[str, list[_Row]]]:
    """For each log back in time its origin, and its registrations of these keys and opening."""
    found = []
    here: TreeHead | None = head
    while wanted and here is not None:
        source = tiles.hash_source(Folder(places.published(here.origin)), here.size)
        rows = [
            _Row(
                subject.removeprefix("key/"),
                leaf_hash(note),
                receiptfile.Registered(
                    note, index, tuple(merkle.inclusion(index, here.size, source))
                ),
            )
            for subject, note, index in _registrations(here.origin, wanted)
            if index < here.size
        ]
        found.append((here.origin, rows))
        wanted = wanted - {one.name for one in rows}
        wanted = {one for one in wanted if not one.startswith(f"{here.origin}/")}
        here = next((_before(one) for one in rows if one.name == opening.SUBJECT), None)
    return found


def _chosen(
    levels: list[tuple[str, list[_Row]]], wanted: set[str], but: bytes
) -> list[receiptfile.Registered]:
    """What one entry needs of them; its own leaf says nothing about itself."""
    found: list[receiptfile.Registered] = []
    for origin, rows in levels:
        if not wanted:
            break
        names = {one.name for one in rows if one.leaf != but} & wanted
        own = {one for one in wanted if one.startswith(f"{origin}/")}
        wanted = wanted - names - own
        needs = names | ({opening.SUBJECT} if wanted or own else set())
        found += [one.made for one in rows if one.name in needs and one.leaf != but]
    return found


def _before(row: _Row) -> TreeHead | None:
    return succession.named(Statement.parse(notes.parse(row.made.entry).text))


def _registrations(origin: str, names: set[str]) -> list[tuple[str, bytes, int]]:
    asked = [*(f"key/{name}" for name in names), opening.SUBJECT]
    with connection.cursor() as cursor:
        cursor.execute(_REGISTRATIONS, (network.log_id(origin), asked))
        return [(subject, bytes(note), index) for subject, note, index in cursor.fetchall()]


_REGISTRATIONS = """
    SELECT e.subject, e.note, l.seq FROM ledger_event e
    JOIN ledger_leaf l ON l.log_id = e.log_id AND l.event_id = e.id
    WHERE e.log_id = %s AND e.subject = ANY(%s) AND e.version = 1 ORDER BY l.seq
"""
