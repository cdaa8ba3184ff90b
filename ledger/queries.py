"""The only window to read by: entries and receipts of the current log. Nothing here writes."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from ledger import chain, publication, receipt, tiles, treehead
from ledger.models import Log
from ledger.note import Verifier
from ledger.readers import Folder


class UnknownEntry(LookupError):
    """The current log has no entry with this leaf hash."""


class NotYetPublished(RuntimeError):
    """The entry is committed, but no published checkpoint covers it yet; ask again in a second."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    An entry as it is stored. ``note`` is the whole signed note, ``leaf`` its 32-byte leaf hash.

    ``index`` counts from 0; it is None until the sequencer has been there.
    """

    subject: str
    version: int
    kind: str
    note: bytes
    leaf: bytes
    index: int | None


def entries_about(subject: str) -> list[Entry]:
    """Give the subject's entries, version 1 first."""
    return _entries("e.subject = %s", subject)


def entry_by_leaf(leaf: bytes) -> Entry:
    """
    Give the entry with this leaf hash.

    Raises:
        UnknownEntry: there is none.
    """
    for entry in _entries("e.leaf = %s", leaf):
        return entry
    raise UnknownEntry(leaf.hex())


def receipt_for(leaf: bytes) -> bytes:
    """
    Give the receipt (C2SP tlog-proof) of an entry under the latest published checkpoint.

    Raises:
        UnknownEntry: there is no such entry.
        NotYetPublished: no published checkpoint covers it.
    """
    index = entry_by_leaf(leaf).index
    published = Folder(settings.LOG_FOLDER)
    log = Log.objects.get(id=chain.log_id(chain.origin()))
    try:
        checkpoint = published.read(publication.CHECKPOINT)
    except tiles.Missing as error:
        raise NotYetPublished from error
    size = treehead.open_checkpoint(checkpoint, Verifier.from_vkey(log.vkey)).size
    if index is None or index >= size:
        raise NotYetPublished
    return receipt.build(index, size, checkpoint, tiles.hash_source(published, size))


def _entries(condition: str, value: str | bytes) -> list[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES.format(condition=condition), [chain.log_id(chain.origin()), value])
        rows = cursor.fetchall()
    return [
        Entry(subject, version, kind, bytes(note), bytes(leaf), index)
        for subject, version, kind, note, leaf, index in rows
    ]


_ENTRIES = """
    SELECT e.subject, e.version, e.kind, e.note, e.leaf, l.seq FROM ledger_event e
    LEFT JOIN ledger_leaf l ON l.log_id = e.log_id AND l.event_id = e.id
    WHERE e.log_id = %s AND {condition} ORDER BY e.version
"""
