"""
A statement beside our rows of the same day: found by the database, row by row, in one pass.

Its rows are copied into a table that lasts as long as the transaction, and joined with ours. So a
day costs what the day is worth, however many days there are: of ours are looked at those that moved
on that day, by an index of moments, and those that the statement names, by their numbers. Nothing
of it is held in this process's memory.

    ours done, theirs open      no difference: a bill tells of a refund as it was when written
    ours failed, theirs open    likewise
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from hospital import calendar
from insurance.reconciliation.models import Source, Statement

LONGEST_S: Final = 600
"""How long one question about a whole day may take; the setting for web requests is shorter."""
PAYMENTS: Final = """
SELECT 'payment' AS about, p.out_trade_no AS number, p.amount_fen AS fen,
       CASE p.state WHEN 'paid' THEN 'done' WHEN 'closed' THEN 'failed' ELSE 'open' END AS state
FROM insurance_payment p"""
REFUNDS: Final = """
SELECT 'refund', r.out_refund_no, r.amount_fen,
       CASE r.state WHEN 'done' THEN 'done' WHEN 'failed' THEN 'failed' ELSE 'open' END
FROM insurance_refund r"""
SETTLEMENTS: Final = """
SELECT 'settlement' AS about, replace(s.id::text, '-', '') AS number, s.total_fen AS fen,
       'done' AS state
FROM insurance_settlement s"""
CLAWBACKS: Final = """
SELECT 'clawback', replace(c.id::text, '-', ''), c.total_fen, 'done' FROM insurance_clawback c"""


def _on(column: str) -> str:
    return f" WHERE {column} >= %(begins)s AND {column} < %(ends)s"


def _named(about: str, column: str, cast: str = "") -> str:
    return f" JOIN theirs t ON t.about = '{about}' AND {column} = t.number{cast}"


_NAMED = (
    f"{PAYMENTS}{_named('payment', 'p.out_trade_no')}",
    f"{REFUNDS}{_named('refund', 'r.out_refund_no')}",
)
_CASH: Final = " AND amount_fen > 0"
"""What a fund pays at payment and takes back is between it and the pharmacy, and in no bill."""
OURS: Final[dict[str, tuple[str, ...]]] = {
    # A refund is in the bill of the day on which it was asked for, which we do not know exactly:
    # whether each is there at all, the bill of what moved tells.
    Source.TRADE: (f"{PAYMENTS}{_on('p.paid_at')}{_CASH}", *_NAMED),
    Source.FLOW: (
        f"{PAYMENTS}{_on('p.paid_at')}{_CASH}",
        f"{REFUNDS}{_on('r.done_at')}{_CASH}",
        *_NAMED,
    ),
    Source.PAYER: (
        f"{SETTLEMENTS}{_on('s.settled_at')} AND s.payer_id = %(payer)s",
        f"{CLAWBACKS}{_on('c.at')} AND c.payer_id = %(payer)s",
        f"{SETTLEMENTS}{_named('settlement', 's.id', '::uuid')} AND s.payer_id = %(payer)s",
        f"{CLAWBACKS}{_named('clawback', 'c.id', '::uuid')} AND c.payer_id = %(payer)s",
    ),
}
DIFFERING: Final = """
CREATE TEMPORARY TABLE differing ON COMMIT DROP AS
SELECT * FROM (
    SELECT coalesce(t.about, o.about) AS about, coalesce(t.number, o.number) AS number,
           CASE WHEN o.number IS NULL THEN 'missing_here'
                WHEN t.number IS NULL THEN 'missing_there'
                WHEN t.times > 1 THEN 'twice'
                WHEN t.fen <> o.fen THEN 'amount'
                WHEN t.state <> o.state AND NOT (t.state = 'open' AND o.state <> 'open')
                THEN 'state' END AS kind,
           o.fen AS ours_fen, t.fen AS theirs_fen,
           coalesce(o.state, '') AS ours_state, coalesce(t.state, '') AS theirs_state
    FROM theirs t FULL JOIN ({ours}) o ON o.about = t.about AND o.number = t.number
) compared WHERE kind IS NOT NULL"""
AGREED: Final = """
UPDATE reconciliation_difference d SET ending = 'agrees', ended_at = %(at)s
WHERE d.statement_id = %(statement)s AND d.ending = '' AND NOT EXISTS (
    SELECT FROM differing f
    WHERE f.about = d.about AND f.number = d.number AND f.kind = d.kind
)"""
FOUND: Final = """
INSERT INTO reconciliation_difference AS d (
    id, statement_id, about, number, kind, ours_fen, theirs_fen, ours_state, theirs_state,
    created_at, ending, reason
)
SELECT gen_random_uuid(), %(statement)s, f.about, f.number, f.kind, f.ours_fen, f.theirs_fen,
       f.ours_state, f.theirs_state, %(at)s, '', ''
FROM differing f WHERE NOT EXISTS (
    SELECT FROM reconciliation_difference c
    WHERE c.statement_id = %(statement)s AND c.about = f.about AND c.number = f.number
    AND c.kind = f.kind AND c.ending = 'closed'
    AND c.ours_fen IS NOT DISTINCT FROM f.ours_fen
    AND c.theirs_fen IS NOT DISTINCT FROM f.theirs_fen
)
ON CONFLICT (statement_id, about, number, kind) WHERE ending = ''
DO UPDATE SET ours_fen = excluded.ours_fen, theirs_fen = excluded.theirs_fen,
    ours_state = excluded.ours_state, theirs_state = excluded.theirs_state
WHERE (d.ours_fen, d.theirs_fen, d.ours_state, d.theirs_state) IS DISTINCT FROM
    (excluded.ours_fen, excluded.theirs_fen, excluded.ours_state, excluded.theirs_state)"""


@dataclass(frozen=True, slots=True)
class Line:
    """
    One row of anybody's statement, as ``insurance.gateways.wechat_pay_bills.Row``.

    ``number`` has letters, digits and ``_-|*@`` alone, so that COPY needs no escapes.
    """

    about: str
    number: str
    state: str
    fen: int


@transaction.atomic
def compare(
    source: Source, day: date, lines: Iterable[Any], *, at: datetime, payer: int | None = None
) -> Statement:
    """
    Note where a day's statement and our rows differ; what differs no more has ended by itself.

    The same statement again changes nothing. What a person has closed stays closed while it
    differs as it did then. ``lines`` are read once, in order; if reading them fails, nothing is
    noted.
    """
    statement, _ = Statement.objects.get_or_create(
        source=source, payer_id=payer, day=day, defaults={"read_at": at}
    )
    Statement.objects.select_for_update().get(id=statement.id)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST_S}s'")
        statement.lines, statement.total_fen, statement.digest = _stage(cursor, lines)
        statement.read_at = at
        statement.save(update_fields=["lines", "total_fen", "digest", "read_at"])
        begins = calendar.begins(day)
        named = {
            "begins": begins,
            "ends": begins + timedelta(days=1),
            "payer": payer,
            "statement": statement.id,
            "at": at,
        }
        cursor.execute(DIFFERING.format(ours=" UNION ".join(OURS[source])), named)
        cursor.execute(AGREED, named)
        cursor.execute(FOUND, named)
    return statement


def _stage(cursor: Any, lines: Iterable[Any]) -> tuple[int, int, str]:
    """Copy the lines into the table ``theirs``, one row a number; how many, how much, which."""
    copied = _Copied(lines)
    cursor.execute("DROP TABLE IF EXISTS staged, theirs, differing")
    columns = "about text, number text, state text, fen bigint"
    cursor.execute(f"CREATE TEMPORARY TABLE staged ({columns}) ON COMMIT DROP")
    cursor.copy_expert("COPY staged FROM STDIN", copied)
    if copied.fault is not None:
        raise copied.fault
    cursor.execute(
        "CREATE TEMPORARY TABLE theirs ON COMMIT DROP AS SELECT about, number, min(state) AS state,"
        " min(fen) AS fen, count(*) AS times FROM staged GROUP BY about, number"
    )
    cursor.execute("ANALYZE theirs")
    return copied.count, copied.total_fen, copied.digest.hexdigest()


class _Copied:
    """
    Lines as the text that COPY reads, made when it reads; counted and summed on the way.

    What goes wrong with a line must not be raised inside of COPY, which would make it an error of
    the database: the text ends there, and ``fault`` says why.
    """

    def __init__(self, lines: Iterable[Any]) -> None:
        self._lines, self._rest = iter(lines), ""
        self.count, self.total_fen, self.digest = 0, 0, hashlib.sha256()
        self.fault: Exception | None = None

    def read(self, size: int) -> str:
        """The next ``size`` characters; fewer at the end."""
        parts, length = [self._rest], len(self._rest)
        try:
            while length < size and (line := next(self._lines, None)) is not None:
                parts.append(self._row(line))
                length += len(parts[-1])
        except Exception as fault:
            self.fault = fault
            return ""
        text = "".join(parts)
        self._rest = text[size:]
        return text[:size]

    def _row(self, line: Any) -> str:
        row = f"{line.about}\t{line.number}\t{line.state}\t{line.fen}\n"
        self.count, self.total_fen = self.count + 1, self.total_fen + line.fen
        self.digest.update(row.encode())
        return row
