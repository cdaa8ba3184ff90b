"""
The only door to write by: draw a statement for the next version of a subject, append its note.

Entries go to a **line** of logs that continue each other (``ledger.succession``); one of them is
open, and what is drawn is drawn for that one. A line is named by its first log; where there are
several, people's entries are spread over them.

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
from ledger.models import Closing, Log

PAST = datetime.min.replace(tzinfo=UTC)


class UnknownLog(LookupError):
    """No log of this origin has been opened in this database."""


class AppendOutsideTransaction(RuntimeError):
    """The caller did not open the transaction that the entry must share with its state change."""


class Outrun(ValueError):
    """The statement does not follow the subject's latest entry; somebody else was first."""


class Turned(Outrun):
    """The log for which the statement was drawn takes no more entries; draw it again."""


class Turning(RuntimeError):
    """A log has been closed and its successor is not open yet; ask again in a few seconds."""


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
    log: str
    subject: str
    version: int
    leaf: bytes
    at: datetime
    stored_at: datetime


def lines() -> tuple[str, ...]:
    """Name the lines that people's entries are spread over (the setting LEDGER_LINES), in order."""
    return (str(settings.LEDGER_ORIGIN), *settings.LEDGER_LINES[1:])


def national() -> str:
    """Name the log that holds the checkpoints of all others (``ledger.national``)."""
    return f"{settings.LEDGER_ORIGIN}/national"


def origin(line: str = "") -> str:
    """
    Name the open log of a line; without one, of the first line.

    Asks the database once per process and log. Raises ``Turning``.
    """
    return _open_log(line or str(settings.LEDGER_ORIGIN))


def newest(line: str = "") -> str:
    """
    Name the newest log of a line, open or closed; without one, of the first line.

    Asks the database each time, since this is for who works on logs and must not miss a turn.
    """
    name = line or str(settings.LEDGER_ORIGIN)
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [name])
        row = cursor.fetchone()
    return str(row[0]) if row else name


def working() -> list[str]:
    """Name the newest log of every line, the national one last: all that can still grow."""
    named = [newest(line) for line in (*lines(), national())]
    known = set(Log.objects.filter(origin__in=named).values_list("origin", flat=True))
    return [origin for origin in named if origin in known] or named[:1]


def look_again() -> None:
    """Forget which logs are open: one of them has been closed."""
    _open_log.cache_clear()
    logs_of.cache_clear()


@functools.cache
def _open_log(line: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [line])
        row = cursor.fetchone()
    found, closed = row or (line, False)  # the first log of a line has the line's name
    if closed:
        raise Turning(found)
    return str(found)


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


@functools.cache
def logs_of(*lines: str) -> list[int]:
    """The primary keys of all logs of these lines, oldest first; raises ``UnknownLog``."""
    found = Log.objects.filter(line__in=lines).order_by("id").values_list("id", flat=True)
    if not found:
        raise UnknownLog(*lines)
    return list(found)


def tip(subject: str, line: str = "") -> Tip:
    """Give the subject's latest version in a line, its leaf hash and its time."""
    with connection.cursor() as cursor:
        cursor.execute(_TIP, [logs_of(line or str(settings.LEDGER_ORIGIN)), subject])
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
    line: str = "",
) -> Statement:
    """
    Write the statement that would be the subject's next entry; nothing is stored.

    ``by`` is the name of the key that will sign, ``at`` aware and UTC. ``after`` is the subject's
    tip, if the caller has read it. ``line`` is where the subject lives, the first one if empty.

    Raises:
        Turning: see there.
        note.Malformed: a field is outside what ``entry.Statement`` allows.
    """
    latest = after or tip(subject, line)
    return Statement(
        log=origin(line),
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
        Turned: the log has been closed.
    """
    if not connection.in_atomic_block:
        raise AppendOutsideTransaction
    if len(note) > MAX_BYTES:
        raise notes.Malformed("the entry is too long")
    statement = drawn or _following_its_tip(note)
    log = log_id(statement.log)
    row = (log, statement.subject, statement.version, statement.kind, note)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(if_open=_IF_OPEN), (*row, log))
        inserted = cursor.fetchone()
    if inserted is None:
        if is_closed(log):
            look_again()
            raise Turned(statement.log)
        raise Outrun(f"{statement.subject} already has version {statement.version}")
    event_id, leaf, stored_at = inserted
    return Appended(
        event_id=event_id,
        log=statement.log,
        subject=statement.subject,
        version=statement.version,
        leaf=bytes(leaf),
        at=statement.at,
        stored_at=stored_at,
    )


def append_last(note: bytes, statement: Statement) -> None:
    """Store the entry that freezes a closed log, in the current transaction; raises ``Outrun``."""
    row = (log_id(statement.log), statement.subject, statement.version, statement.kind, note)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(if_open=""), row)
        if cursor.fetchone() is None:
            raise Outrun(f"{statement.subject} already has version {statement.version}")


def is_closed(log: int) -> bool:
    """Whether the log takes no more entries."""
    return Closing.objects.filter(log_id=log).exists()


def line_of(log: str) -> str:
    """Name the line of the log with this origin. Raises ``UnknownLog``."""
    return _line_of(log_id(log))


@functools.cache
def _line_of(log: int) -> str:
    return Log.objects.values_list("line", flat=True).get(id=log)


def _following_its_tip(note: bytes) -> Statement:
    """The statement of a note, if it follows its subject's tip."""
    statement = Statement.parse(notes.parse(note).text)
    try:
        line = line_of(statement.log)
    except UnknownLog:
        line = ""
    if statement.log != origin(line):
        raise Outrun(f"the entry is for the log {statement.log}")
    latest = tip(statement.subject, line)
    if (statement.version, statement.prev) != (latest.version + 1, latest.leaf):
        raise Outrun(f"{statement.subject} is at version {latest.version}")
    return statement


# ``at`` is the first member of the statement, so it stands at the same place in every note.
_TIP = """
    SELECT version, leaf, substring(note FROM 32 FOR 27) FROM ledger_event
    WHERE log_id = ANY(%s) AND subject = %s ORDER BY version DESC LIMIT 1
"""
_LATEST = """
    SELECT origin, EXISTS (SELECT FROM ledger_closing c WHERE c.log_id = l.id)
    FROM ledger_log l WHERE line = %s ORDER BY id DESC LIMIT 1
"""
# No lock is taken: who closes a log waits until all have ended who may not have seen it.
_INSERT = """
    INSERT INTO ledger_event (log_id, subject, version, kind, note)
    SELECT %s, %s, %s, %s, %s {if_open}
    ON CONFLICT (log_id, subject, version) DO NOTHING RETURNING id, leaf, stored_at
"""
_IF_OPEN = "WHERE NOT EXISTS (SELECT FROM ledger_closing WHERE log_id = %s)"
