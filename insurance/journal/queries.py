"""What can be asked about the journal; nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from hospital import paging
from insurance.journal.models import Posting


@dataclass(frozen=True, slots=True)
class Line:
    """An account and its balance in fen, a debit positive."""

    account: str
    fen: int


def balances(accounts: Sequence[str]) -> dict[str, int]:
    """Of each account, to the last committed posting: zero where nothing was posted. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, {"accounts": list(accounts)})
        found = dict(cursor.fetchall())
    return {account: int(found.get(account, 0)) for account in accounts}


def trial_balance(after: str, most: int) -> list[Line]:
    """
    The accounts behind ``after`` in their alphabetical order, without those of patients.

    As the books balance, what all patients together owe or are owed is what these lack to zero.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRIAL, {"after": after, "most": most})
        return [Line(account, int(fen)) for account, fen in cursor.fetchall()]


def of_patients() -> Line:
    """All patients' accounts in one line; it costs what there are of them."""
    with connection.cursor() as cursor:
        cursor.execute(_PATIENTS, [])
        return Line("patient", int(cursor.fetchone()[0]))


def statement(account: str, wanted: paging.Wanted) -> tuple[list[Posting], paging.Cursor | None]:
    """A page of an account's postings, newest first."""
    rows = Posting.objects.filter(account=account).select_related("entry")
    return paging.newest_first(rows.annotate(created_at=F("at")), wanted)


_BALANCES = """
    WITH through AS (
        SELECT coalesce((SELECT through FROM journal_fold), '0'::xid8) AS xid
    )
    SELECT account, sum(fen) FROM (
        SELECT account, fen FROM journal_balance WHERE account = ANY(%(accounts)s)
        UNION ALL
        SELECT account, fen FROM journal_posting
        WHERE account = ANY(%(accounts)s) AND xid >= (SELECT xid FROM through)
    ) AS together GROUP BY account
"""
_TRIAL = """
    WITH through AS (
        SELECT coalesce((SELECT through FROM journal_fold), '0'::xid8) AS xid
    ),
    folded AS (
        (SELECT account, fen FROM journal_balance
         WHERE account > %(after)s AND account < 'patient:' ORDER BY account LIMIT %(most)s)
        UNION ALL
        (SELECT account, fen FROM journal_balance
         WHERE account > greatest(%(after)s, 'patient;') ORDER BY account LIMIT %(most)s)
    ), since AS (
        SELECT account, fen FROM journal_posting
        WHERE xid >= (SELECT xid FROM through) AND account > %(after)s
            AND account NOT LIKE 'patient:%%'
    )
    SELECT account, sum(fen) FROM (SELECT * FROM folded UNION ALL SELECT * FROM since) AS together
    GROUP BY account ORDER BY account LIMIT %(most)s
"""
"""Two ranges around the patients, so that none of their rows is passed over one by one."""
_PATIENTS = """
    WITH through AS (
        SELECT coalesce((SELECT through FROM journal_fold), '0'::xid8) AS xid
    )
    SELECT coalesce(sum(fen), 0) FROM (
        SELECT fen FROM journal_balance WHERE account LIKE 'patient:%%'
        UNION ALL
        SELECT fen FROM journal_posting
        WHERE account LIKE 'patient:%%' AND xid >= (SELECT xid FROM through)
    ) AS together
"""
