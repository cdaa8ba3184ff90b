"""
The test database counts what is written, so that a test sees in a moment whether anything was.

Each write of a row adds a row to ``watch.changes``, in the transaction of the write; what is rolled
back is not there. Refusals that were written down do not count.
"""

from django.apps import apps
from django.db import connection

APPS = (
    *("hospital", "faces", "feeds", "guardians", "notices", "readingkeys"),
    *("consultations", "corrections"),
    *("prescriptions", "appraisal", "sharing", "pharmacy"),
    *("insurance", "board", "journal", "reconciliation"),
)
MOST = 2_000
"""Rows that are read before they are added up."""
PREPARE = """
    CREATE SCHEMA watch;
    CREATE TABLE watch.changes (name text NOT NULL, rows bigint NOT NULL, writes bigint NOT NULL);
    CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO watch.changes VALUES (
            TG_ARGV[0], CASE TG_OP WHEN 'INSERT' THEN 1 WHEN 'DELETE' THEN -1 ELSE 0 END, 1
        );
        RETURN NULL;
    END $$;
"""
WATCH = """
    INSERT INTO watch.changes SELECT '{name}', count(*), 0 FROM {table};
    CREATE TRIGGER watched AFTER {events} ON {table}
    FOR EACH ROW {when} EXECUTE FUNCTION watch.note('{name}');
"""
READ = "SELECT name, sum(rows), sum(writes), count(*) FROM watch.changes GROUP BY name"
ADD_UP = """
    WITH gone AS (DELETE FROM watch.changes RETURNING name, rows, writes)
    INSERT INTO watch.changes SELECT name, sum(rows), sum(writes) FROM gone GROUP BY name
"""


def prepare() -> None:
    """Watch all tables of the connection's database, as the migrations have left it."""
    with connection.cursor() as cursor:
        cursor.execute(PREPARE)
        for table in _tables():
            cursor.execute(
                WATCH.format(name=table, table=table, when="", events="INSERT OR UPDATE OR DELETE")
            )
        entered = "WHEN (NEW.kind <> 'record.refuse')"
        cursor.execute(
            WATCH.format(name="entries", table="ledger_event", when=entered, events="INSERT")
        )


def written() -> dict[str, tuple[int, int]]:
    """Of each table: how many rows it has, and how often one was written."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        found = cursor.fetchall()
        if sum(seen for *_, seen in found) > MOST and not _reads_alone(cursor):
            cursor.execute(ADD_UP)
    return {name: (int(rows), int(writes)) for name, rows, writes, _ in found}


def _reads_alone(cursor) -> bool:
    cursor.execute("SHOW transaction_read_only")
    return bool(cursor.fetchone()[0] == "on")


def _tables() -> list[str]:
    return [
        model._meta.db_table
        for name in APPS
        for model in apps.get_app_config(name).models.values()
        if model._meta.label != "pharmacy.ScanRefusals"
    ]
