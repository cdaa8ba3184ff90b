"""
The national log: the final checkpoints of all logs, one entry each (``ledger.anchors``).

It is a log like any other, with a key, witnesses and receipts of its own. Whoever holds its newest
checkpoint holds, in one hash, a commitment to every log of the network: two histories of any of
them, shown to different people, cannot both be in it.
"""

from datetime import UTC, datetime

from django.db import connection, transaction

from ledger import anchors, chain, network, places, treehead
from ledger import note as notes
from ledger.entry import Statement
from ledger.models import Log


def anchor(national: str) -> int:
    """
    Enter every log's newest final checkpoint that is not entered yet; how many were.

    ``national`` names its line.

    Raises:
        network.UnknownLog: there is no national log.
        network.Turning, chain.Turned: it is going over to its successor.
    """
    origin, logs, entered = network.origin(national), network.logs_of(national), 0
    log_id, signer = network.log_id(origin), places.signer(origin)
    with transaction.atomic(), connection.cursor() as cursor:
        Log.objects.select_for_update().get(id=log_id)  # one at a time
        cursor.execute(_NEWEST, {"national": logs, "prefix": anchors.PREFIX})
        for final, latest in cursor.fetchall():
            head = treehead.TreeHead.parse(notes.parse(bytes(final)).text)
            if head.size == 0 or (latest and _read(latest).size >= head.size):
                continue
            statement = chain.draw(
                kind=anchors.KIND,
                subject=f"{anchors.PREFIX}{head.origin}",
                by=origin,
                at=datetime.now(UTC),
                facts={"root": notes.encode_base64(head.root), "size": head.size},
                line=national,
            )
            chain.append(notes.sign(statement.text(), signer), drawn=statement)
            entered += 1
    return entered


def _read(note: bytes) -> anchors.Anchor:
    found = anchors.read(Statement.parse(notes.parse(bytes(note)).text))
    assert found is not None
    return found


_NEWEST = """
    SELECT f.note, e.note FROM ledger_log l
    JOIN LATERAL (SELECT note FROM ledger_final WHERE log_id = l.id ORDER BY size DESC LIMIT 1) f
        ON true
    LEFT JOIN LATERAL (
        SELECT note FROM ledger_event WHERE log_id = ANY(%(national)s)
        AND subject = %(prefix)s || l.origin ORDER BY version DESC LIMIT 1) e ON true
    WHERE l.id <> ALL(%(national)s) ORDER BY l.id
"""
