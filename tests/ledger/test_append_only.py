"""History can only grow; who changes it all the same is found and named."""

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import audit, inspection
from ledger.models import Closing, Cosignature, PatientHead

TABLES = [
    "ledger_closing",
    "ledger_patienthead",
    "ledger_log",
    "ledger_event",
    "ledger_leaf",
    "ledger_checkpoint",
    "ledger_cosignature",
    "ledger_final",
]
SQL = ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"]
COLUMN = {
    "ledger_closing": "closed_at",
    "ledger_log": "vkey",
    "ledger_event": "kind",
    "ledger_leaf": "hash",
    "ledger_cosignature": "line",
    "ledger_final": "note",
}


def verify(log) -> None:
    inspection.database(log.origin, lambda done, total: None)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("sql", SQL)
def test_refuses_update_delete_and_truncate_for_everyone(log, table, sql):
    """L1: the tables' own owner is refused."""
    log.append("rx/1")
    log.checkpoint()
    Cosignature.objects.create(log_id=log.id, size=3, name="a", line="-", at_s=0)
    Closing.objects.create(log_id=log.id)
    PatientHead.objects.create(log_id=log.id, size=3, root=b"", note=b"")
    column = COLUMN.get(table, "root")

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table, column, column))
    verify(log)


def test_the_triggers_fire_for_superusers_and_replicas_too(log):
    """L1: ENABLE ALWAYS ('A') means that no session setting silences them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger"
            " WHERE tgfoid = 'ledger_refuse'::regproc"
        )
        triggers = set(cursor.fetchall())
    names, journal = ("append_only", "never_emptied"), ("journal_entry", "journal_posting")
    assert triggers == {(table, name, "A") for table in (*TABLES, *journal) for name in names}


CHANGES = {
    "an entry's bytes": (
        (
            "UPDATE ledger_event SET note = set_byte(note, 60, get_byte(note, 60) # 1)"
            " WHERE log_id = %s AND subject = 'rx/1' AND version = 2"
        ),
        "entry 3",
    ),
    "an entry deleted": (
        "DELETE FROM ledger_event WHERE log_id = %s AND subject = 'rx/1' AND version = 2",
        "entry 3 is missing",
    ),
    "a leaf deleted": ("DELETE FROM ledger_leaf WHERE log_id = %s AND seq = 3", "entry 3"),
    "the last leaf deleted": ("DELETE FROM ledger_leaf WHERE log_id = %s AND seq = 4", "entry 4"),
    "a leaf's hash": (
        "UPDATE ledger_leaf SET hash = sha256('x') WHERE log_id = %s AND seq = 3",
        "entry 3",
    ),
    "two entries swapped": (
        (
            "UPDATE ledger_leaf l SET hash = o.hash, event_id = o.event_id * 1000,"
            " event_xid = o.event_xid FROM ledger_leaf o"
            " WHERE l.log_id = %s AND o.log_id = l.log_id AND l.seq + o.seq = 5 AND l.seq IN (2, 3)"
        ),
        "entry 2",
    ),
    "a checkpoint's root": (
        "UPDATE ledger_checkpoint SET root = sha256('x') WHERE log_id = %s",
        "the checkpoint at 5",
    ),
    "a checkpoint's note": (
        (
            "UPDATE ledger_checkpoint SET note = set_byte(note, 3, get_byte(note, 3) # 1)"
            " WHERE log_id = %s"
        ),
        "the checkpoint at 5",
    ),
    "a checkpoint's size": (
        "UPDATE ledger_checkpoint SET size = 4 WHERE log_id = %s",
        "the checkpoint at 4",
    ),
    "the head's root": ("UPDATE ledger_head SET root = sha256('x') WHERE log_id = %s", "the head"),
    "the head's size": ("UPDATE ledger_head SET size = 4 WHERE log_id = %s", "the head"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_names_the_row_that_a_superuser_changed(log, what):
    """L1: with the triggers dropped, rows can be changed; verify says which."""
    sql, where = CHANGES[what]
    for _ in range(3):
        log.append("rx/1")
    log.checkpoint()
    verify(log)

    log.forge(sql, log.id)

    with pytest.raises(audit.Fault, match=where):
        verify(log)


def test_finds_leaves_beyond_the_head(log):
    """L1: an entry pushed in behind the sequencer's back."""
    log.checkpoint()
    log.forge(
        "INSERT INTO ledger_leaf (log_id, seq, event_xid, event_id, hash)"
        " VALUES (%s, 2, '1', 0, sha256('x'))",
        log.id,
    )

    with pytest.raises(audit.Fault, match="beyond"):
        verify(log)
