"""
The map of the patients' lists in PostgreSQL, as it was when it covered a certain size.

While validators look at a new head, phones ask for proofs under the published one. So a bucket or
node that changes gets another row, and the row that belongs to the published head stays: of each
there are two rows at most. Each call is one query, or two.
"""

from collections.abc import Collection, Mapping, Sequence

from django.db import connection

_TABLES = {"bucket": ("ledger_patientbucket", "records"), "node": ("ledger_patientnode", "hash")}


class Rows:
    """
    A store for ``patientmap.Map``: reads the map as of ``size`` entries.

    What is put counts from ``becomes`` entries on, and takes the place of all that is younger than
    the ``published`` head. The caller holds a transaction.
    """

    def __init__(self, log_id: int, size: int, *, becomes: int = 0, published: int = 0) -> None:
        self._log_id, self._size = log_id, size
        self._becomes, self._published = becomes, published

    def buckets(self, numbers: Collection[int]) -> Mapping[int, bytes]:
        return self._get("bucket", numbers)

    def put_buckets(self, buckets: Mapping[int, bytes]) -> None:
        self._put("bucket", buckets)

    def nodes(self, numbers: Collection[int]) -> Mapping[int, bytes]:
        return self._get("node", numbers)

    def put_nodes(self, nodes: Mapping[int, bytes]) -> None:
        self._put("node", nodes)

    def _get(self, what: str, numbers: Collection[int]) -> dict[int, bytes]:
        table, column = _TABLES[what]
        with connection.cursor() as cursor:
            query = _GET.format(table=table, column=column)
            cursor.execute(query, [self._log_id, list(numbers), self._size])
            return {number: bytes(value) for number, value in cursor.fetchall()}

    def _put(self, what: str, values: Mapping[int, bytes]) -> None:
        table, column = _TABLES[what]
        with connection.cursor() as cursor:
            cursor.execute(
                _DROP.format(table=table),
                {"log": self._log_id, "numbers": list(values), "published": self._published},
            )
            cursor.execute(
                _PUT.format(table=table, column=column),
                [self._log_id, self._becomes, list(values), list(values.values())],
            )


def add_entries(log_id: int, entries: Sequence[tuple[int, bytes]]) -> None:
    """Remember whose each entry is: an index, and the key of a tag."""
    indices, keys = [one[0] for one in entries], [one[1] for one in entries]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [log_id, list(keys), list(indices)])


def forget(log_id: int) -> None:
    """Drop the map, so that it is computed anew from the entries; signed heads stay."""
    with connection.cursor() as cursor:
        for statement in _FORGET:
            cursor.execute(statement, [log_id])


_GET = """
    SELECT DISTINCT ON (number) number, {column} FROM {table}
    WHERE log_id = %s AND number = ANY(%s) AND size <= %s ORDER BY number, size DESC
"""
_DROP = """
    DELETE FROM {table} AS old WHERE log_id = %(log)s AND number = ANY(%(numbers)s)
    AND (size > %(published)s OR size < (
        SELECT max(size) FROM {table} AS kept
        WHERE kept.log_id = old.log_id AND kept.number = old.number AND size <= %(published)s))
"""
_PUT = """
    INSERT INTO {table} (log_id, number, size, {column})
    SELECT %s, number, %s, value FROM unnest(%s::int[], %s::bytea[]) AS new (number, value)
"""
_ADD = """
    INSERT INTO ledger_patiententry (log_id, key, index)
    SELECT %s, key, index FROM unnest(%s::bytea[], %s::bigint[]) AS new (key, index)
"""
_FORGET = (
    "DELETE FROM ledger_patientmap WHERE log_id = %s",
    "DELETE FROM ledger_patientbucket WHERE log_id = %s",
    "DELETE FROM ledger_patientnode WHERE log_id = %s",
    "DELETE FROM ledger_patiententry WHERE log_id = %s",
)
