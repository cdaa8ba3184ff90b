"""
The only door to write by: draw a statement for the next version of a subject, append its note.

Entries go to a **line** of logs that continue each other (``ledger.succession``); one of them is
open, and what is drawn is drawn for that one. A line is named by its first log; where there are
several, people's entries are spread over them.

``append`` runs inside the caller's transaction, so a state change and its entry are one. The caller
locks the row that the entry is about first; then ids rise within a subject, which the sequencer
relies on. Signatures are not checked here: the caller knows the keys and has checked them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from ledger import network
from ledger import note as notes
from ledger.entry import MAX_BYTES, Statement

PAST = datetime.min.replace(tzinfo=UTC)


class AppendOutsideTransaction(RuntimeError):
    """The caller did not open the transaction that the entry must share with its state change."""


class Outrun(ValueError):
    """The statement does not follow the subject's latest entry; somebody else was first."""


class Turned(Outrun):
    """The log for which the statement was drawn takes no more entries; draw it again."""


class WrongClock(RuntimeError):
    """
    The clocks of this process, the database and the log's newest entry disagree.

    An entry dated so would be unlawful for ever (``ledger.replay``, rule 7), or would make the
    right ones after it look back-dated; so it must not be written.
    """


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


def tip(subject: str, line: str = "") -> Tip:
    """
    Give the subject's latest version in a line, its leaf hash and its time.

    It is asked along which log is the line's newest, so that no process goes on in a closed one.
    """
    name = line or network.lines()[0]
    logs = network.logs_of(name)
    with connection.cursor() as cursor:
        cursor.execute(_TIP, [name, logs, subject])
        newest, version, leaf, at = cursor.fetchone()
    if newest != logs[-1]:
        network.look_again()
        return tip(subject, line)
    if version is None:
        return Tip(0, b"")
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
        log=network.origin(line),
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
        WrongClock: see there; the caller's transaction must be rolled back.
    """
    if not connection.in_atomic_block:
        raise AppendOutsideTransaction
    if len(note) > MAX_BYTES:
        raise notes.Malformed("the entry is too long")
    statement = drawn or _following_its_tip(note)
    log = network.log_id(statement.log)
    row = (log, statement.subject, statement.version, statement.kind, note)
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, row)
        event_id, leaf, stored_at, newest = cursor.fetchone()
    if event_id is None:
        if network.is_closed(log):
            network.look_again()
            raise Turned(statement.log)
        raise Outrun(f"{statement.subject} already has version {statement.version}")
    _check_clocks(statement.at, stored_at, newest)
    return Appended(
        event_id=event_id,
        log=statement.log,
        subject=statement.subject,
        version=statement.version,
        leaf=bytes(leaf),
        at=statement.at,
        stored_at=stored_at,
    )


def _check_clocks(at: datetime, stored_at: datetime, newest: datetime | None) -> None:
    """
    Compare an entry's ``at`` and the newest entry of its log with the database's clock.

    LEDGER_CLOCKS_S holds how long before ``stored_at`` an entry may be drawn, and how far a clock
    may run ahead of another; together they stay below the law's ``late``.
    """
    drawn_before, ahead = (timedelta(seconds=one) for one in settings.LEDGER_CLOCKS_S)
    if at - stored_at > ahead:
        raise WrongClock("the entry is dated ahead of the database's clock")
    if stored_at - at > drawn_before:
        raise WrongClock("the entry is dated long before the database's clock")
    if newest is not None and newest - stored_at > ahead:
        raise WrongClock("the database's clock has been set back")


def append_last(note: bytes, statement: Statement) -> None:
    """Store the entry that freezes a closed log, in the current transaction; raises ``Outrun``."""
    row = (
        network.log_id(statement.log),
        statement.subject,
        statement.version,
        statement.kind,
        note,
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, row)
        if cursor.fetchone() is None:
            raise Outrun(f"{statement.subject} already has version {statement.version}")


def _following_its_tip(note: bytes) -> Statement:
    """The statement of a note, if it follows its subject's tip."""
    statement = Statement.parse(notes.parse(note).text)
    try:
        line = network.line_of(statement.log)
    except network.UnknownLog:
        line = ""
    if statement.log != network.origin(line):
        raise Outrun(f"the entry is for the log {statement.log}")
    latest = tip(statement.subject, line)
    if (statement.version, statement.prev) != (latest.version + 1, latest.leaf):
        raise Outrun(f"{statement.subject} is at version {latest.version}")
    return statement


# Migration 0006 has both functions. ``at`` is the first member of the statement, so it stands at
# the same place in every note.
_APPEND = "SELECT id, leaf, stored_at, newest FROM ledger_append(%s, %s, %s, %s, %s)"
_TIP = """
    SELECT last_log, version, leaf, substring(note FROM 32 FOR 27)
    FROM ledger_tip(%s, %s::bigint[], %s)
"""
_INSERT = """
    INSERT INTO ledger_event (log_id, subject, version, kind, note) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (log_id, subject, version) DO NOTHING RETURNING id
"""
