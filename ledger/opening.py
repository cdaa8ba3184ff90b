"""
Opening a log: its row, its head, and entry 0, which names the keys that it starts with.

Entry 0 is ``log.open`` about the subject ``log``, signed by the log's own key, whose name is the
log's origin. Its facts are ``service_keys``, a map from a role to a verifier key, ``policy``, the
text that says when a checkpoint is final, and ``law``, the SHA-256 of the file that says what is
lawful (``ledger.law``). ``log.policy`` and ``log.law`` entries change the latter two. A log that
continues another one says so too (``ledger.succession``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from ledger import chain, merkle, network, succession
from ledger import note as notes
from ledger.entry import Statement, leaf_hash
from ledger.models import Log
from ledger.treehead import TreeHead

SUBJECT = "log"
KIND = "log.open"


class KeyDiffers(ValueError):
    """The log is open already, under another key."""


class TooOld(ValueError):
    """The log was opened by an earlier version, without a law; begin a new one."""


@transaction.atomic
def open_log(
    signer: notes.Signer,
    *,
    service_keys: Mapping[str, str],
    policy: str,
    law: str,
    at: datetime,
    after: TreeHead | None = None,
) -> Log:
    """
    Open the log that is named as the signer is, or give it back if it is open already.

    ``service_keys`` maps roles to verifier keys; the role ``registrar`` vouches for keys registered
    later. ``law`` is a digest in hex, empty for a log whose entries no law judges. ``at`` is aware
    and UTC. ``after`` is the head of the frozen log that this one continues.

    Raises:
        KeyDiffers: a log of this origin has another key.
        note.Malformed: a service key is no verifier key, or the facts are not canonical JSON.
    """
    for vkey in service_keys.values():
        notes.Verifier.from_vkey(vkey)
    verifier = signer.verifier
    facts: dict[str, Any] = {"law": law, "policy": policy, "service_keys": dict(service_keys)}
    line = verifier.name
    if after is not None:
        line = network.line_of(after.origin)
        facts[succession.PREDECESSOR] = succession.predecessor(after)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_LOG, [verifier.name, verifier.vkey, line])
        is_new = cursor.fetchone() is not None
        log = Log.objects.get(origin=verifier.name)
        if log.vkey != verifier.vkey:
            raise KeyDiffers(log.origin)
        if is_new:
            first = statement(log.origin, kind=KIND, version=1, prev=b"", at=at, facts=facts)
            note = notes.sign(first.text(), signer)
            cursor.execute(_INSERT_HEAD, [log.id, merkle.EMPTY_ROOT])
            cursor.execute(_INSERT_EVENT, [log.id, SUBJECT, KIND, note])
    return log


@transaction.atomic
def amend(signer: notes.Signer, *, policy: str, law: str, at: datetime) -> list[str]:
    """
    Enter a policy and a law that differ from those in force in the signer's log; the kinds entered.

    A validator obeys a new law only if its organisation has accepted it.

    Raises:
        TooOld: the log was opened before logs named their law.
    """
    log = Log.objects.select_for_update().get(origin=signer.verifier.name)
    known: dict[str, Any] = {}
    for entry in own_entries(log.id):
        known.update(entry.facts)
    if not isinstance(known.get("law"), str):
        raise TooOld(log.origin)
    entered = []
    for fact, value in (("policy", policy), ("law", law)):
        if known[fact] != value:
            kind = f"log.{fact}"
            tip, facts = own_tip(log.id), {fact: value}
            change = statement(
                log.origin, kind=kind, version=tip.version + 1, prev=tip.leaf, at=at, facts=facts
            )
            chain.append(notes.sign(change.text(), signer), drawn=change)
            entered.append(kind)
    return entered


def own_entries(log_id: int) -> list[Statement]:
    """The entries about the log itself, the first one first."""
    return [Statement.parse(notes.parse(note).text) for note in _notes(log_id)]


def own_tip(log_id: int) -> chain.Tip:
    """The latest entry about the log itself: a subject of its own in each log of a line."""
    note = _notes(log_id)[-1]
    statement = Statement.parse(notes.parse(note).text)
    return chain.Tip(statement.version, leaf_hash(note), statement.at)


def _notes(log_id: int) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(_NOTES, [log_id, SUBJECT])
        return [bytes(note) for (note,) in cursor.fetchall()]


def statement(
    origin: str, *, kind: str, version: int, prev: bytes, at: datetime, facts: Mapping[str, Any]
) -> Statement:
    """A statement of a log about itself, to be signed with its key."""
    return Statement(
        log=origin,
        subject=SUBJECT,
        version=version,
        prev=prev,
        kind=kind,
        by=origin,
        at=at,
        patient="",
        commitment=b"",
        facts=facts,
    )


_INSERT_LOG = """
    INSERT INTO ledger_log (origin, vkey, line) VALUES (%s, %s, %s)
    ON CONFLICT (origin) DO NOTHING RETURNING id
"""
# The snapshot 1:1: has seen no transaction at all, so the first run takes every event of the log.
_INSERT_HEAD = """
    INSERT INTO ledger_head (log_id, size, root, edge, snap) VALUES (%s, 0, %s, '', '1:1:')
"""
_INSERT_EVENT = """
    INSERT INTO ledger_event (log_id, subject, version, kind, note) VALUES (%s, %s, 1, %s, %s)
"""
_NOTES = "SELECT note FROM ledger_event WHERE log_id = %s AND subject = %s ORDER BY version"
