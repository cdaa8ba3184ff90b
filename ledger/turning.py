"""
Turning a line: its open log is frozen and the next one goes on, at the end of a quarter or when a
log's key must be given up.

    prepare     the next log's key is made; the organisations watch the new log and sign the policy
    turn        1. the log is closed: no new entry finds it open
                2. whoever began before that has ended, so nothing comes late
                3. ``log.freeze`` is entered, sequenced, signed, cosigned: the log is final for ever
                4. the next log is opened; its first entry names where the last one ended

Writes are refused in between (503 ``ledger.turning``), for as long as it takes to become final.
Every step can be repeated: whoever is interrupted turns again.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from django.db import connection, transaction

from ledger import (
    chain,
    checkpoints,
    feeding,
    finality,
    network,
    opening,
    places,
    sequencer,
    succession,
    treehead,
)
from ledger import note as notes
from ledger.models import Log
from ledger.policy import Policy

PATIENCE_S = 60.0
PAUSE_S = 0.1


class NotTurned(RuntimeError):
    """The line could not be turned yet; the text says why. Turn again."""


def prepare(line: str, name: str) -> notes.Signer:
    """
    Make the key of the log that will continue a line, called ``<line>/<name>``, or give it back.

    Raises:
        places.BadName: a log cannot be called so.
    """
    origin = f"{line}/{name}"
    places.suffix(origin)
    return places.make_keys(origin)


def turn(
    line: str,
    successor: notes.Signer,
    *,
    service_keys: Mapping[str, str],
    policy: Policy,
    law: str,
    say: Callable[[str], None] = lambda words: None,
) -> Log:
    """
    Freeze a line's open log and open the one called as ``successor`` is; see above.

    Raises:
        NotTurned: a transaction does not end, or the witnesses do not answer, for a minute.
        opening.KeyDiffers: the log that is to be opened is there under another key.
    """
    known = Log.objects.filter(origin=successor.verifier.name).first()
    if known is not None:
        return known
    if successor.verifier not in [one.verifier for one in policy.logs]:
        raise NotTurned(f"the policy does not list {successor.verifier.vkey}")
    log = Log.objects.filter(line=line).order_by("-id")[:1].get()
    say(f"closing {log.origin}")
    _close(log.id)
    _wait_for_others()
    _freeze(log, successor.verifier)
    say("frozen; waiting for the witnesses")
    head = _final(log)
    made = opening.open_log(
        successor,
        service_keys=service_keys,
        policy=policy.agreement().decode(),
        law=law,
        at=datetime.now(UTC),
        after=head,
    )
    network.look_again()
    say(f"{head.size} entries of {head.origin} are final; {made.origin} is open")
    return made


def _close(log_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, [log_id])
    network.look_again()


def _wait_for_others() -> None:
    """Until every transaction has ended that may have looked before the log was closed."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)
        others = [row[0] for row in cursor.fetchall()]
        until = time.monotonic() + PATIENCE_S
        while others:
            if time.monotonic() > until:
                raise NotTurned("a transaction does not end")
            time.sleep(PAUSE_S)
            cursor.execute(f"{_OTHERS} AND virtualtransaction = ANY(%s)", [others])
            others = [row[0] for row in cursor.fetchall()]


@transaction.atomic
def _freeze(log: Log, successor: notes.Verifier) -> None:
    Log.objects.select_for_update().get(id=log.id)
    last = opening.own_entries(log.id)[-1]
    if last.kind == succession.FREEZE:
        named = last.facts[succession.SUCCESSOR]
        if named != successor.vkey:
            raise NotTurned(f"{log.origin} has been frozen already, for {named}")
        return
    tip = opening.own_tip(log.id)
    signer = places.signer(log.origin)
    statement = opening.statement(
        log.origin,
        kind=succession.FREEZE,
        version=tip.version + 1,
        prev=tip.leaf,
        at=datetime.now(UTC),
        facts={succession.SUCCESSOR: successor.vkey},
    )
    chain.append_last(notes.sign(statement.text(), signer), statement)


def _final(log: Log) -> treehead.TreeHead:
    """Bring the frozen log's last entry under a final checkpoint."""
    signer, second = places.signer(log.origin), places.second_signer(log.origin)
    folder, until = places.published(log.origin), time.monotonic() + PATIENCE_S
    while True:
        sequencer.sequence(log.origin)
        head = checkpoints.advance(signer, folder, second=second)
        feeding.feed(log, folder)
        checkpoints.publish_final(log, folder)
        final = finality.latest(log.id)
        if head and final and final.size == head.size == _size_when_frozen(log.id):
            return head
        if time.monotonic() > until:
            raise NotTurned("the witnesses have not cosigned the frozen log")
        time.sleep(PAUSE_S)


def _size_when_frozen(log_id: int) -> int:
    """The log's size for ever: nothing follows the entry that froze it. 0 if it has no leaf yet."""
    with connection.cursor() as cursor:
        cursor.execute(_FROZEN, [log_id, opening.SUBJECT])
        row = cursor.fetchone()
    return row[0] if row else 0


_CLOSE = "INSERT INTO ledger_closing (log_id) VALUES (%s) ON CONFLICT DO NOTHING"
_OTHERS = """
    SELECT virtualtransaction FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'virtualxid' AND granted AND pid <> pg_backend_pid()
      AND datname = current_database() AND backend_type IS DISTINCT FROM 'autovacuum worker'
"""
_FROZEN = """
    SELECT l.seq + 1 FROM ledger_event e
    JOIN ledger_leaf l ON l.log_id = e.log_id AND l.event_id = e.id
    WHERE e.log_id = %s AND e.subject = %s ORDER BY e.version DESC LIMIT 1
"""
