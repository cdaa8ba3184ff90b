"""
When a checkpoint is final: as soon as the policy's quorum has cosigned it, and never before.

The policy is a file, the consortium's agreement (``ledger.policy``); where there is none, the
log's own signature is all that is asked for. Cosignatures are kept as they come in; the largest
checkpoint that satisfies the policy becomes final, with them, and is published as ``checkpoint``.
Receipts rest on nothing else.
"""

import functools
from pathlib import Path

from django.conf import settings
from django.db import connection

from ledger import note as notes
from ledger import publication, treehead
from ledger.models import Final, Log
from ledger.policy import BadPolicy, LogKey, NotFinal, Policy, final_head


def agreed(log: Log) -> Policy:
    """
    Read the policy file (the setting LEDGER_POLICY).

    Raises:
        policy.BadPolicy: it is none, or does not list the log.
    """
    path = Path(settings.LEDGER_POLICY)
    own: LogKey = notes.Verifier.from_vkey(log.vkey)
    if not path.exists():
        return Policy.of_log(own)
    found = _parsed(path.read_bytes())
    if own not in [one.verifier for one in found.logs]:
        raise BadPolicy(0, f"{path} does not list the log {log.vkey}")
    return found


@functools.lru_cache(maxsize=4)
def _parsed(data: bytes) -> Policy:
    """The file is read each time, since it may change; it is parsed when it has changed."""
    return Policy.parse(data)


def latest(log_id: int) -> Final | None:
    """Give the log's latest final checkpoint."""
    return Final.objects.filter(log_id=log_id).order_by("-size").first()


def conclude(log_id: int, policy: Policy) -> Final | None:
    """
    Make the largest checkpoint final that the policy is satisfied with; the latest final one.

    Nothing is locked: two at once come to the same conclusion.
    """
    known = latest(log_id)
    for size, note in _candidates(log_id, known.size if known else -1, policy):
        whole = _with_cosignatures(log_id, size, note, policy)
        try:
            final_head(whole, policy)
        except NotFinal:
            continue
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [log_id, size, whole])
        return latest(log_id)
    return known


def publish(folder: Path, final: Final, verifier: notes.Verifier) -> None:
    """
    Write the final checkpoint over the published one, if that is older.

    The caller holds the log's row, so that writers take turns.
    """
    writer = publication.Writer(folder)
    path = folder / publication.CHECKPOINT
    if path.exists():
        published = treehead.open_checkpoint(path.read_bytes(), verifier)
        if published.size >= final.size:
            return
    writer.replace(publication.CHECKPOINT, bytes(final.note))
    writer.sync()


def _candidates(log_id: int, above: int, policy: Policy) -> list[tuple[int, bytes]]:
    """Checkpoints that may have become final, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [log_id, above, policy.is_met_by(frozenset())])
        return [(size, bytes(note)) for size, note in cursor.fetchall()]


def _with_cosignatures(log_id: int, size: int, note: bytes, policy: Policy) -> bytes:
    """The log's note and, under it, the cosignatures in the policy's order."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [log_id, size])
        lines = dict(cursor.fetchall())
    parsed = notes.parse(note)
    own = [one.line() for one in parsed.signatures]
    return notes.assemble(
        parsed.text, [*own, *(lines[name] for name in policy.witnesses if name in lines)]
    )


_CANDIDATES = """
    SELECT size, note FROM ledger_checkpoint c WHERE log_id = %s AND size > %s AND (%s OR EXISTS (
        SELECT FROM ledger_cosignature s WHERE s.log_id = c.log_id AND s.size = c.size))
    ORDER BY size DESC LIMIT 100
"""
_LINES = """
    SELECT name, line FROM ledger_cosignature WHERE log_id = %s AND size = %s
"""
_INSERT = """
    INSERT INTO ledger_final (log_id, size, note) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
