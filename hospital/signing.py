"""
Statements that people sign.

A command is two calls: the first draws a statement, the second brings it back signed. Here the
second is judged. The server draws the statement again, from the state as it is now, and
compares bytes; so a signature can only ever mean what the server would say today.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from hospital import acting, calendar, errors, keystate
from hospital.models import Key
from hospital.roles import Actor
from ledger import chain, entry, network, note

FRESH = timedelta(minutes=10)
"""How long a drawn statement may wait for its signature."""
AHEAD = timedelta(seconds=60)
"""How far another web server's clock may run before ours."""
_ID = re.compile("[0-9a-f]{32}")


class MalformedNote(errors.Invalid):
    """The note is not a signed statement."""

    code = "note.malformed"


class StaleStatement(errors.Conflict):
    """Something happened since the statement was drawn; draw it again."""

    code = "statement.stale"


class AlteredStatement(errors.Invalid):
    """The signed statement is not the one that this call and the present state give."""

    code = "statement.altered"


class ExpiredStatement(errors.Gone):
    """The statement waited too long for its signature; draw it again."""

    code = "statement.expired"


class BadSignature(errors.Forbidden):
    """The signature does not fit the statement and the key."""

    code = "signature.invalid"


class UnknownKey(errors.Forbidden):
    """No key of this name is registered."""

    code = "key.unknown"


class ForeignKey(errors.Forbidden):
    """The key belongs to somebody else."""

    code = "key.not_yours"


@dataclass(frozen=True, slots=True)
class Draft:
    """
    What a statement would say; ``ledger.chain.draw`` adds log, version and ``prev``.

    ``line`` is the line of logs that the subject lives in, the first one if empty.
    """

    kind: str
    subject: str
    patient: str
    facts: Mapping[str, Any]
    commitment: bytes = b""
    line: str = ""

    def statement(
        self, *, by: str, at: datetime, after: chain.Tip | None = None
    ) -> entry.Statement:
        return chain.draw(
            kind=self.kind,
            subject=self.subject,
            by=by,
            at=at,
            facts=self.facts,
            patient=self.patient,
            commitment=self.commitment,
            after=after,
            line=self.line,
        )


def draw(draft: Draft, *, by: Actor, key: str, at: datetime) -> entry.Statement:
    """The statement that ``by`` may sign with the key named ``key``."""
    _live_key(key, by, at)
    acting.check_signs(key, by, draft.line)
    return _for_ward(draft, by, at).statement(by=key, at=at)


def draw_objection(
    draft: Draft, recovered: int, *, by: Actor, key: str, at: datetime
) -> entry.Statement:
    """As ``draw``, for a key that the key with the id ``recovered`` is to replace, too."""
    _live_key(key, by, at, objecting_to=recovered)
    return draft.statement(by=key, at=at)


def append(
    draft: Draft, signed: str, *, by: Actor, at: datetime, objecting_to: int = 0
) -> chain.Appended:
    """
    Check the signed note against ``draft`` and append it, in the caller's transaction.

    The caller holds the lock of the subject's row. The key's row is locked FOR SHARE, so a
    revocation either came first or waits, and the ledger shows the two in that order. A key that
    the key with the id ``objecting_to`` is to replace may sign, until it is replaced.

    Raises:
        MalformedNote, StaleStatement, AlteredStatement, ExpiredStatement, BadSignature,
        UnknownKey, ForeignKey: see each;
        keystate.RevokedKey, keystate.WaitingKey, keystate.SuspendedKey: it signs nothing (yet);
        permissions.GuardianshipOver, acting.KeyNotEntered: not for the ward (any more).
    """
    parsed, claimed = read(signed)
    draft = _for_ward(draft, by, max(at, claimed.at))
    latest = chain.tip(draft.subject, draft.line)
    expected = draft.statement(by=claimed.by, at=claimed.at, after=latest)
    check_same(parsed, claimed, expected)
    check_fresh(claimed, at)
    key = _live_key(claimed.by, by, claimed.at, at, objecting_to=objecting_to, lock=True)
    acting.check_signs(claimed.by, by, draft.line)
    check_signature(parsed, key.verifier)
    _check_order(claimed, latest.at, key.registered_at)
    if key.used_on is not None and key.used_on < calendar.legal_day(at):
        _note_use(claimed.by, at)
    try:
        appended = chain.append(signed.encode(), drawn=expected)
    except chain.Outrun as fault:
        raise StaleStatement from fault
    acting.tell(by, appended, at=at)
    return appended


def _for_ward(draft: Draft, by: Actor, at: datetime) -> Draft:
    """What is signed for a ward names the guardianship, which is in force."""
    acting.hold(by, at=at)
    return replace(draft, facts=acting.named(dict(draft.facts), by))


def read(signed: str) -> tuple[note.Note, entry.Statement]:
    """Parse a signed note of one statement. Raises ``MalformedNote``."""
    try:
        parsed = note.parse(signed.encode())
        return parsed, entry.Statement.parse(parsed.text)
    except (note.Malformed, UnicodeEncodeError) as fault:
        raise MalformedNote(field="note", reason=str(fault)) from fault


def new_subject(signed: str, family: str, at: datetime) -> tuple[UUID, datetime]:
    """
    The id that a signed statement gives to a new subject of ``family``, and when it was drawn.

    For subjects that begin with a statement: drawing chose the id at random and stored nothing, so
    it comes back in the statement alone.
    Raises ``MalformedNote``, ``ExpiredStatement``, ``AlteredStatement``.
    """
    _, claimed = read(signed)
    check_fresh(claimed, at)
    prefix, _, name = claimed.subject.partition("/")
    if prefix != family or not _ID.fullmatch(name):
        raise AlteredStatement(members=["subject"])
    return UUID(hex=name), claimed.at


def check_same(parsed: note.Note, claimed: entry.Statement, expected: entry.Statement) -> None:
    """
    Raises ``StaleStatement`` if the subject moved on, ``AlteredStatement`` for the rest.

    Drawing locks nothing: what happens while a statement is drawn may give it the version of now
    with the state of before.
    """
    moved = claimed.subject == expected.subject and _stands(claimed) != _stands(expected)
    if moved and _is_of_line(claimed.log, expected.log):
        raise StaleStatement(version=claimed.version, current=expected.version)
    if parsed.text != expected.text():
        raise AlteredStatement(members=_differing(claimed, expected))


def _stands(one: entry.Statement) -> list[object]:
    """Where it stands: behind which entry, in which state, in the place of which keys."""
    return [one.log, one.version, one.prev, one.facts.get("from"), one.facts.get("replaces")]


def _is_of_line(earlier: str, log: str) -> bool:
    """Whether the statement was drawn before the log was turned."""
    try:
        return network.line_of(earlier) == network.line_of(log)
    except network.UnknownLog:
        return False


def check_fresh(claimed: entry.Statement, at: datetime) -> None:
    """Raises ``ExpiredStatement`` unless the statement was drawn within ``FRESH``."""
    if not -AHEAD <= at - claimed.at <= FRESH:
        raise ExpiredStatement(fresh_s=int(FRESH.total_seconds()))


def _check_order(claimed: entry.Statement, *before: datetime) -> None:
    """
    Refuse a statement dated before what it follows, which validators would take for back-dated.

    Who signs chooses ``at`` within ``FRESH``, so an honest server must not leave it to chance.
    Raises ``ExpiredStatement``.
    """
    if claimed.at < max(before) - AHEAD:
        raise ExpiredStatement(fresh_s=int(FRESH.total_seconds()))


def check_signature(parsed: note.Note, key: note.Verifier) -> None:
    """Exactly one signature, and it is ``key``'s. Raises ``BadSignature``."""
    try:
        names = note.verified_by(parsed, [key])
    except note.BadSignature as fault:
        raise BadSignature(key=key.name) from fault
    if names != (key.name,) or len(parsed.signatures) != 1:
        raise BadSignature(key=key.name)


def verifier(key: Key) -> note.Verifier:
    return note.Verifier(key.name, bytes(key.public_key))


@dataclass(frozen=True, slots=True)
class _Live:
    """A key that signs: since when it is registered, and when it was used last, if that counts."""

    verifier: note.Verifier
    registered_at: datetime
    used_on: date | None


def _live_key(
    name: str, by: Actor, *at: datetime, objecting_to: int = 0, lock: bool = False
) -> _Live:
    """The key of this name, if it is ``by``'s and signs at all of ``at``; locked if so wanted."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED_KEY if lock else _KEY, [name])
        row = cursor.fetchone()
    if row is None:
        raise UnknownKey(key=name)
    account, public_key, registered_at, used_on, replaced_by, *times = row
    if account != by.account:
        raise ForeignKey(key=name)
    known = keystate.Times(*times)
    if replaced_by == objecting_to and known.replaced_from and max(at) < known.replaced_from:
        known = replace(known, replaced_from=None)
    keystate.check(name, known, *at)
    return _Live(note.Verifier(name, bytes(public_key)), registered_at, used_on)


def _note_use(name: str, at: datetime) -> None:
    """
    Remember the day on which a patient's key signed last; if somebody else holds it, he does.

    It waits for nobody, because others share the lock that this call has: two that waited for each
    other would wait for ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(_USED, [calendar.legal_day(at), name, calendar.legal_day(at)])


_KEY = """
    SELECT account_id, public_key, registered_at, last_used_on, replaced_by_id,
        revoked_at, active_from, replaced_from
    FROM hospital_key WHERE name = %s
"""
_LOCKED_KEY = _KEY + " FOR SHARE"  # Django's ORM has no FOR SHARE
_USED = """
    UPDATE hospital_key SET last_used_on = %s WHERE id = (
        SELECT id FROM hospital_key WHERE name = %s AND last_used_on < %s
        FOR NO KEY UPDATE SKIP LOCKED
    )
"""


def _differing(claimed: entry.Statement, expected: entry.Statement) -> list[str]:
    names = ("log", "subject", "kind", "by", "at", "patient", "commitment", "facts")
    return [name for name in names if getattr(claimed, name) != getattr(expected, name)]
