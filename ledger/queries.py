"""The only window to read by: entries and receipts of the network's logs. Nothing writes here."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ledger import (
    finality,
    merkle,
    network,
    opening,
    patientlists,
    patientmap,
    patientrows,
    patients,
    places,
    publication,
    receipt,
    receiptfile,
    succession,
    tiles,
    treehead,
)
from ledger import note as notes
from ledger.entry import Statement
from ledger.models import Log
from ledger.policy import open_signed
from ledger.readers import Folder


class UnknownEntry(LookupError):
    """No log of the network has an entry with this leaf hash."""


class NotYetPublished(RuntimeError):
    """The entry is committed, but no final checkpoint covers it yet; ask again in a second."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    An entry as it is stored. ``note`` is the whole signed note, ``leaf`` its 32-byte leaf hash.

    ``log`` is the origin of its log. ``index`` counts from 0; it is None until the sequencer has
    been there.
    """

    log: str
    subject: str
    version: int
    kind: str
    note: bytes
    leaf: bytes
    index: int | None


def entries_about(subject: str) -> list[Entry]:
    """Give the subject's entries, version 1 first; of each line, if it is in several."""
    return _entries("e.subject = %s", subject)


def entries_about_all(subjects: Sequence[str], kind: str) -> list[Entry]:
    """Give the entries of one kind about many subjects, in one query."""
    return _entries("e.subject = ANY(%s) AND e.kind = %s", list(subjects), kind)


def entries_about_any(subjects: Sequence[str]) -> list[Entry]:
    """Give all entries about many subjects, in one query; of each, version 1 first."""
    return _entries("e.subject = ANY(%s)", list(subjects)) if subjects else []


def entries_at(log: str, index: int) -> list[Entry]:
    """Give the entry at this place of a log, or none; by the tree's own key."""
    return _entries("o.origin = %s AND l.seq = %s AND e.xid = l.event_xid", log, index)


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
    return _receipt(entry_by_leaf(leaf))


def _receipt(entry: Entry) -> bytes:
    published = Folder(places.published(entry.log))
    log = Log.objects.get(id=network.log_id(entry.log))
    try:
        checkpoint = published.read(publication.CHECKPOINT)
    except tiles.Missing as error:
        raise NotYetPublished from error
    size = open_signed(checkpoint, finality.agreed(log))[1].size
    if entry.index is None or entry.index >= size:
        raise NotYetPublished
    return receipt.build(entry.index, size, checkpoint, tiles.hash_source(published, size))


def receipt_file_for(leaf: bytes) -> bytes:
    """
    Give the receipt file of an entry: receipt, entry, and where its signers' keys come from.

    No field is opened; the holder does that (``receiptfile.with_opened``). Asks the database three
    times for each log on the way back to the signers' registrations, however many have signed.

    Raises:
        UnknownEntry, NotYetPublished: as for ``receipt_for``.
    """
    entry = entry_by_leaf(leaf)
    data = _receipt(entry)
    head = treehead.TreeHead.parse(notes.parse(receipt.parse(data).checkpoint).text)
    return receiptfile.complete(data, entry.note, keys=_registered(entry, head))


def final_logs() -> list[tuple[treehead.TreeHead, Folder]]:
    """
    Every log of the people's lines under its latest final head, and where its files are.

    Raises:
        NotYetPublished: one of them has none.
    """
    found = []
    for log in Log.objects.filter(line__in=network.lines()).order_by("id"):
        final = finality.latest(log.id)
        if final is None:
            raise NotYetPublished(log.origin)
        head = treehead.TreeHead.parse(notes.parse(bytes(final.note)).text)
        found.append((head, Folder(places.published(log.origin))))
    return found


def logs_of(line: str) -> list[str]:
    """Name the logs of a line, the oldest first."""
    return list(Log.objects.filter(line=line).order_by("id").values_list("origin", flat=True))


def entries_of_patient(log: str, tag: str, *, after: int, most: int) -> list[Entry]:
    """
    Give up to ``most`` entries of a log about the patient of this tag with an index above
    ``after``, by index. All that the published head of the lists covers are there, and maybe later
    ones. One query; the cost is that of the page.
    """
    key = patients.key_of(tag)
    with connection.cursor() as cursor:
        cursor.execute(_OF_PATIENT, [network.log_id(log), key, after, most])
        return _read(cursor.fetchall())


def firsts_of_patient(log: str, tag: str, *, after: int, before: int, most: int) -> list[Entry]:
    """
    Give up to ``most`` entries that began a subject, with an index between the two bounds.

    Else as ``entries_of_patient``.
    """
    key = patients.key_of(tag)
    with connection.cursor() as cursor:
        cursor.execute(_FIRSTS, [network.log_id(log), key, after, before, most])
        return _read(cursor.fetchall())


def latest_of_patient(
    log: str, tag: str, kinds: Collection[str], *, before: int, most: int
) -> list[Entry]:
    """
    Give up to ``most`` entries of these kinds with an index below ``before``, the newest first.

    Else as ``entries_of_patient``.
    """
    key = patients.key_of(tag)
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [network.log_id(log), key, before, list(kinds), most])
        return _read(cursor.fetchall())


def entries_by_leaves(leaves: Collection[bytes]) -> dict[bytes, Entry]:
    """Give the entries that have these leaf hashes, by hash; one query."""
    return {one.leaf: one for one in _entries("e.leaf = ANY(%s)", list(leaves))} if leaves else {}


def list_proof(log: str, tag: str) -> bytes:
    """
    Give the proof (``ledger.patients``) of all entries of a log about the patient of this tag, or
    that there are none, under the published head of the lists.

    Raises:
        NotYetPublished: there is no such head yet.
    """
    row = Log.objects.get(id=network.log_id(log))
    for _ in range(2):  # a newer head may be published while we look
        try:
            signed = Folder(places.published(log)).read(publication.PATIENTS)
        except tiles.Missing as error:
            raise NotYetPublished from error
        rows = patientrows.Rows(row.id, patientlists.opened(row, signed).size)
        with suppress(patients.Unproven):
            return patientmap.Map(rows).prove(tag, signed)
    raise NotYetPublished


def _registered(entry: Entry, head: treehead.TreeHead) -> list[receiptfile.Registered]:
    """
    The entries that brought the keys into force which signed this one, each with its proof.

    A key may have been registered in a log that this one continues; then each ``log.open`` on the
    way back is there too, since it names the root of the log before.
    """
    found: list[receiptfile.Registered] = []
    wanted = {one.name for one in notes.parse(entry.note).signatures} - {entry.log}
    here: treehead.TreeHead | None = head
    while wanted and here is not None:
        rows = _registrations(here.origin, wanted, entry.leaf)
        names = {subject.removeprefix("key/") for subject, _, _ in rows}
        own = {name for name in wanted if name.startswith(f"{here.origin}/")}
        wanted -= names | own
        if not (wanted or own):  # the opening is needed for nothing
            rows = [row for row in rows if row[0] != opening.SUBJECT]
        source = tiles.hash_source(Folder(places.published(here.origin)), here.size)
        found += [
            receiptfile.Registered(note, index, tuple(merkle.inclusion(index, here.size, source)))
            for _, note, index in rows
        ]
        here = _before(rows)
    return found


def _before(rows: list[tuple[str, bytes, int]]) -> treehead.TreeHead | None:
    for subject, note, _ in rows:
        if subject == opening.SUBJECT:
            return succession.named(Statement.parse(notes.parse(note).text))
    return None


def _registrations(origin: str, names: set[str], but: bytes) -> list[tuple[str, bytes, int]]:
    """Subject, note and index of these keys' registrations in one log, and of its opening."""
    asked = [*(f"key/{name}" for name in names), opening.SUBJECT]
    with connection.cursor() as cursor:
        cursor.execute(_REGISTRATIONS, (network.log_id(origin), asked, but))
        return [(subject, bytes(note), index) for subject, note, index in cursor.fetchall()]


def _entries(condition: str, *values: int | str | bytes | list[bytes] | list[str]) -> list[Entry]:
    lines = [*network.lines(), network.national()]
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES.format(condition=condition), [lines, *values])
        return _read(cursor.fetchall())


def _read(rows: list[Any]) -> list[Entry]:
    return [
        Entry(log, subject, version, kind, bytes(note), bytes(leaf), index)
        for log, subject, version, kind, note, leaf, index in rows
    ]


_ENTRIES = """
    SELECT o.origin, e.subject, e.version, e.kind, e.note, e.leaf, l.seq FROM ledger_event e
    JOIN ledger_log o ON o.id = e.log_id
    LEFT JOIN ledger_leaf l ON l.log_id = e.log_id AND l.event_id = e.id
    WHERE o.line = ANY(%s) AND {condition} ORDER BY o.line, e.version
"""
_PATIENTS = """
    SELECT o.origin, e.subject, e.version, e.kind, e.note, e.leaf, l.seq FROM ledger_patiententry p
    JOIN ledger_log o ON o.id = p.log_id
    JOIN ledger_leaf l ON l.log_id = p.log_id AND l.seq = p.index
    JOIN ledger_event e ON e.log_id = l.log_id AND e.xid = l.event_xid AND e.id = l.event_id
    WHERE p.log_id = %s AND p.key = %s
"""
_OF_PATIENT = f"{_PATIENTS} AND p.index > %s ORDER BY p.index LIMIT %s"
_FIRSTS = f"""{_PATIENTS} AND p.index > %s AND p.index < %s AND e.version = 1
    ORDER BY p.index LIMIT %s"""
_LATEST = f"{_PATIENTS} AND p.index < %s AND e.kind = ANY(%s) ORDER BY p.index DESC LIMIT %s"
_REGISTRATIONS = """
    SELECT e.subject, e.note, l.seq FROM ledger_event e
    JOIN ledger_leaf l ON l.log_id = e.log_id AND l.event_id = e.id
    WHERE e.log_id = %s AND e.subject = ANY(%s) AND e.version = 1 AND e.leaf <> %s
    ORDER BY l.seq
"""
