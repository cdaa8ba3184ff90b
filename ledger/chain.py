"""
The only door to write by: draw a statement for the next version of a subject, append its note.

``append`` runs inside the caller's transaction, so a state change and its entry are one. The caller
locks the row that the entry is about first; then ids rise within a subject, which the sequencer
relies on. Signatures are not checked here: the caller knows the keys and has checked them.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from ledger import note as notes
from ledger.entry import MAX_BYTES, Statement
from ledger.models import Log

PAST = datetime.min.replace(tzinfo=UTC)


class UnknownLog(LookupError):
    """No log of this origin has been opened in this database."""


class AppendOutsideTransaction(RuntimeError):
    """The caller did not open the transaction that the entry must share with its state change."""


class Outrun(ValueError):
    """The statement does not follow the subject's latest entry; somebody else was first."""


@dataclass(frozen=True, slots=True)
class Tip:
    """
    A subject's latest version, its 32-byte leaf hash and its ``at``; 0, empty and the beginning of
    time if there is none.
    """

    version: int
    leaf: bytes
    at: datetime = PAST


@dataclass(frozen=True, slots=True)
class Appended:
    """
    What ``append`` wrote. ``event_id`` orders events; ``leaf`` names the entry for ever; ``at`` is
    what the entry says, ``stored_at`` the database's clock when it was stored.
    """

    event_id: int
    subject: str
    version: int
    leaf: bytes
    at: datetime
    stored_at: datetime


def origin() -> str:
    """Name the current log (the setting LEDGER_ORIGIN)."""
    return str(settings.LEDGER_ORIGIN)


@functools.cache
def log_id(of: str) -> int:
    """
    Give the primary key of the log with this origin; asks the database once per process.

    Raises:
        UnknownLog: ``ledger.opening.open_log`` has not run.
    """
    found = Log.objects.filter(origin=of).values_list("id", flat=True).first()
    if found is None:
        raise UnknownLog(of)
    return found


def tip(subject: str) -> Tip:
    """Give the subject's latest version in the current log, its leaf hash and its time."""
    with connection.cursor() as cursor:
        cursor.execute(_TIP, [log_id(origin()), subject])
        row = cursor.fetchone()
    if row is None:
        return Tip(0, b"")
    version, leaf, at = row
    return Tip(version, bytes(leaf), datetime.fromisoformat(bytes(at).decode()))


def draw(
    *,
    kind: str,
    subject: str,
    by: str,
    at: datetime,
    facts: Mapping[str, Any],
    patient: str = "",
    commitment: bytes = b"",
    after: Tip | None = None,
) -> Statement:
    """
    Write the statement that would be the subject's next entry; nothing is stored.

    ``by`` is the name of the key that will sign, ``at`` aware and UTC. ``after`` is the subject's
    tip, if the caller has read it.

    Raises:
        note.Malformed: a field is outside what ``entry.Statement`` allows.
    """
    latest = after or tip(subject)
    return Statement(
        log=origin(),
        subject=subject,
        version=latest.version + 1,
        prev=latest.leaf,
        kind=kind,
        by=by,
        at=at,
        patient=patient,
        commitment=commitment,
        facts=facts,
    )


def append(note: bytes, *, drawn: Statement | None = None) -> Appended:
    """
    Store a signed entry as part of the current transaction.

    The subject's tip is read and compared, then the event is inserted. Where two transactions
    append the same version at once, the second waits for the first and is outrun; its transaction
    stays usable.

    ``drawn`` is the statement that ``note`` signs, if the caller drew it in this transaction and
    compared the bytes. Then nothing is parsed or read again: entries never change, so what ``prev``
    names still precedes this version, and that the version is free the constraint says.

    Raises:
        AppendOutsideTransaction: there is no transaction.
        note.Malformed: not a signed note, not a statement, or over 65,535 bytes.
        Outrun: it names another log, or does not follow the subject's tip.
    """
    if not connection.in_atomic_block:
        raise AppendOutsideTransaction
    if len(note) > MAX_BYTES:
        raise notes.Malformed("the entry is too long")
    statement = drawn or _following_its_tip(note)
    where = (log_id(statement.log), statement.subject, statement.version)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, (*where, statement.kind, note))
        row = cursor.fetchone()
    if row is None:
        raise Outrun(f"{statement.subject} already has version {statement.version}")
    event_id, leaf, stored_at = row
    return Appended(
        event_id, statement.subject, statement.version, bytes(leaf), statement.at, stored_at
    )


def _following_its_tip(note: bytes) -> Statement:
    """The statement of a note, if it follows its subject's tip."""
    statement = Statement.parse(notes.parse(note).text)
    if statement.log != origin():
        raise Outrun(f"the entry is for the log {statement.log}")
    latest = tip(statement.subject)
    if (statement.version, statement.prev) != (latest.version + 1, latest.leaf):
        raise Outrun(f"{statement.subject} is at version {latest.version}")
    return statement


# ``at`` is the first member of the statement, so it stands at the same place in every note.
_TIP = """
    SELECT version, leaf, substring(note FROM 32 FOR 27) FROM ledger_event
    WHERE log_id = %s AND subject = %s ORDER BY version DESC LIMIT 1
"""
_INSERT = """
    INSERT INTO ledger_event (log_id, subject, version, kind, note) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (log_id, subject, version) DO NOTHING RETURNING id, leaf, stored_at
"""
