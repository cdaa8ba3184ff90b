"""
Balances at the cost of the answer, without a row that writers share.

A running balance in the account's row would make all payments of the country wait for each other
at ``wechat``. So postings are only inserted, and a task adds up, once in a while, those of
transactions that are over. A balance is what was added up, and the few postings since: one
statement, one snapshot, exact at every moment, however late the task is.

A transaction is over for a snapshot when its id is below the snapshot's ``xmin``: nothing appears
there afterwards. Transaction ids rise as long as a cluster lives; where a database was loaded into
another, ``anew`` adds everything up again.
"""

from __future__ import annotations

from django.db import connection, transaction

_LOCK = 0x7EE


def fold() -> int:
    """Add up what is over; how many accounts have moved. Two at a time wait for each other."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_LOCK])
        cursor.execute(_FOLD)
        return int(cursor.rowcount)


@transaction.atomic
def anew() -> int:
    """Forget the balances and add up all postings; as ``fold``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_LOCK])
        cursor.execute("DELETE FROM journal_balance")
        cursor.execute("DELETE FROM journal_fold")
    return fold()


_FOLD = """
    WITH before AS (
        SELECT coalesce((SELECT through FROM journal_fold), '0'::xid8) AS through
    ), until AS (
        INSERT INTO journal_fold (id, through)
        VALUES (1, pg_snapshot_xmin(pg_current_snapshot()))
        ON CONFLICT (id) DO UPDATE SET through = excluded.through
    )
    INSERT INTO journal_balance (account, fen)
    SELECT account, sum(fen) FROM journal_posting
    WHERE xid >= (SELECT through FROM before) AND xid < pg_snapshot_xmin(pg_current_snapshot())
    GROUP BY account
    ON CONFLICT (account) DO UPDATE SET fen = journal_balance.fen + excluded.fen
"""
