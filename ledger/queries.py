"""The only window to read by: entries and receipts of the current log. Nothing here writes."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from ledger import (
    chain,
    finality,
    merkle,
    opening,
    patientlists,
    patientmap,
    patientrows,
    patients,
    publication,
    receipt,
    receiptfile,
    tiles,
    treehead,
)
from ledger import note as notes
from ledger.models import Log
from ledger.policy import open_signed
from ledger.readers import Folder


class UnknownEntry(LookupError):
    """The current log has no entry with this leaf hash."""


class NotYetPublished(RuntimeError):
    """The entry is committed, but no final checkpoint covers it yet; ask again in a second."""


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
    Give the receipt (C2SP tlog-proof) of an entry under the latest final checkpoint.

    Raises:
        UnknownEntry: there is no such entry.
        NotYetPublished: no final checkpoint covers it.
    """
    index = entry_by_leaf(leaf).index
    published = Folder(settings.LOG_FOLDER)
    log = Log.objects.get(id=chain.log_id(chain.origin()))
    try:
        checkpoint = published.read(publication.CHECKPOINT)
    except tiles.Missing as error:
        raise NotYetPublished from error
    size = open_signed(checkpoint, finality.agreed(log))[1].size
    if index is None or index >= size:
        raise NotYetPublished
    return receipt.build(index, size, checkpoint, tiles.hash_source(published, size))


def receipt_file_for(leaf: bytes) -> bytes:
    """
    Give the receipt file of an entry: receipt, entry, and where its signers' keys come from.

    No field is opened; the holder does that (``receiptfile.with_opened``). Asks the database four
    times, however many have signed.

    Raises:
        UnknownEntry, NotYetPublished: as for ``receipt_for``.
    """
    entry, data = entry_by_leaf(leaf), receipt_for(leaf)
    size = treehead.TreeHead.parse(notes.parse(receipt.parse(data).checkpoint).text).size
    source = tiles.hash_source(Folder(settings.LOG_FOLDER), size)
    keys = [
        receiptfile.Registered(note, index, tuple(merkle.inclusion(index, size, source)))
        for note, index in _registrations(entry)
    ]
    return receiptfile.complete(data, entry.note, keys=keys)


def entries_of_patient(tag: str, *, after: int, most: int) -> list[Entry]:
    """
    Give up to ``most`` entries about the patient of this tag with an index above ``after``, by
    index. All that the published head of the lists covers are there, and maybe later ones. One
    query; the cost is that of the page.
    """
    log_id, key = chain.log_id(chain.origin()), patients.key_of(tag)
    with connection.cursor() as cursor:
        cursor.execute(_OF_PATIENT, [log_id, key, after, most])
        return _read(cursor.fetchall())


def list_proof(tag: str) -> bytes:
    """
    Give the proof (``ledger.patients``) of all entries about the patient of this tag, or that there
    are none, under the published head of the lists.

    Raises:
        NotYetPublished: there is no such head yet.
    """
    log = Log.objects.get(id=chain.log_id(chain.origin()))
    for _ in range(2):  # a newer head may be published while we look
        try:
            signed = Folder(settings.LOG_FOLDER).read(publication.PATIENTS)
        except tiles.Missing as error:
            raise NotYetPublished from error
        rows = patientrows.Rows(log.id, patientlists.opened(log, signed).size)
        with suppress(patients.Unproven):
            return patientmap.Map(rows).prove(tag, signed)
    raise NotYetPublished


def _registrations(entry: Entry) -> list[tuple[bytes, int]]:
    """The entries, with their indices, that brought the keys into force which signed this one."""
    signers = {one.name for one in notes.parse(entry.note).signatures} - {chain.origin()}
    subjects = {f"key/{name}" for name in signers}
    asked = (chain.log_id(chain.origin()), [*subjects, opening.SUBJECT], entry.leaf)
    with connection.cursor() as cursor:
        cursor.execute(_REGISTRATIONS, asked)
        found = {subject: (bytes(note), index) for subject, note, index in cursor.fetchall()}
    opened = found.pop(opening.SUBJECT, None)
    if opened and subjects - found.keys():  # the server's own keys have no other registration
        found[opening.SUBJECT] = opened
    return list(found.values())


def _entries(condition: str, value: str | bytes) -> list[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES.format(condition=condition), [chain.log_id(chain.origin()), value])
        return _read(cursor.fetchall())


def _read(rows: list[Any]) -> list[Entry]:
    return [
        Entry(subject, version, kind, bytes(note), bytes(leaf), index)
        for subject, version, kind, note, leaf, index in rows
    ]


_ENTRIES = """
    SELECT e.subject, e.version, e.kind, e.note, e.leaf, l.seq FROM ledger_event e
    LEFT JOIN ledger_leaf l ON l.log_id = e.log_id AND l.event_id = e.id
    WHERE e.log_id = %s AND {condition} ORDER BY e.version
"""
_OF_PATIENT = """
    SELECT e.subject, e.version, e.kind, e.note, e.leaf, l.seq FROM ledger_patiententry p
    JOIN ledger_leaf l ON l.log_id = p.log_id AND l.seq = p.index
    JOIN ledger_event e ON e.log_id = l.log_id AND e.xid = l.event_xid AND e.id = l.event_id
    WHERE p.log_id = %s AND p.key = %s AND p.index > %s ORDER BY p.index LIMIT %s
"""
_REGISTRATIONS = """
    SELECT e.subject, e.note, l.seq FROM ledger_event e
    JOIN ledger_leaf l ON l.log_id = e.log_id AND l.event_id = e.id
    WHERE e.log_id = %s AND e.subject = ANY(%s) AND e.version = 1 AND e.leaf <> %s
"""
