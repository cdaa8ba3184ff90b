"""The only door to write by: what it takes, what it refuses, and that it is one transaction."""

import dataclasses
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import chain, entry, inspection, note, queries
from ledger.models import Log
from tests.ledger.logs import NOON, rolled_back


def test_an_unknown_subject_is_at_version_0(log):
    assert chain.tip("rx/none") == chain.Tip(0, b"")


def test_each_entry_names_the_hash_of_the_one_before(log):
    for _ in range(3):
        log.append("rx/1")

    entries = queries.entries_about("rx/1")
    statements = [entry.Statement.parse(note.parse(each.note).text) for each in entries]
    assert [each.version for each in statements] == [1, 2, 3]
    assert [each.prev for each in statements] == [b"", entries[0].leaf, entries[1].leaf]
    assert [each.leaf for each in entries] == [entry.leaf_hash(each.note) for each in entries]


def test_says_what_it_wrote(log):
    appended = log.append("rx/1")

    assert (appended.subject, appended.version, appended.at) == ("rx/1", 1, NOON)
    assert queries.entry_by_leaf(appended.leaf).version == 1


def test_refuses_to_append_outside_of_a_transaction(log):
    signed = note.sign(log.draw("rx/1").text(), log.doctor)

    with pytest.raises(chain.AppendOutsideTransaction):
        chain.append(signed)


def test_refuses_a_note_that_was_appended_before_and_stays_usable(log):
    signed = note.sign(log.draw("rx/1").text(), log.doctor)

    with transaction.atomic():
        chain.append(signed)
        with pytest.raises(chain.Outrun):
            chain.append(signed)
        log.append("rx/1")

    assert [each.version for each in queries.entries_about("rx/1")] == [1, 2]


@pytest.mark.parametrize(
    "change",
    [{"version": 3}, {"prev": b"\x00" * 32}, {"log": "another.example/log"}],
    ids=str,
)
def test_refuses_what_does_not_follow_the_tip(log, change):
    log.append("rx/1")
    statement = dataclasses.replace(log.draw("rx/1"), **change)

    with pytest.raises(chain.Outrun), transaction.atomic():
        chain.append(note.sign(statement.text(), log.doctor))


def test_refuses_what_is_no_entry(log):
    with pytest.raises(note.Malformed), transaction.atomic():
        chain.append(note.sign(b"hello\n", log.doctor))


def test_refuses_an_entry_that_no_bundle_could_hold(log):
    long = log.draw("rx/1", facts={"text": "x" * 65_000})

    with pytest.raises(note.Malformed), transaction.atomic():
        chain.append(note.sign(long.text(), *[log.doctor] * 8))


def test_a_rollback_leaves_nothing(log):
    """L8: no entry after a rollback, and no gap among the leaves."""
    with rolled_back():
        log.append("rx/1")
    log.append("rx/2")
    log.sequence()

    assert queries.entries_about("rx/1") == []
    assert log.indices("rx/2") == [2]  # after log.open and the doctor's key


def test_an_insert_that_fails_fails_the_whole_transaction(log):
    """L9: a trigger breaks the insert of this subject's entry; the caller's row is gone too."""
    trigger = f"""
        CREATE FUNCTION break_{log.id}() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
        CREATE TRIGGER break_{log.id} BEFORE INSERT ON ledger_event FOR EACH ROW
        WHEN (NEW.log_id = {log.id}) EXECUTE FUNCTION break_{log.id}()"""
    with connection.cursor() as cursor:
        cursor.execute(trigger)

    @transaction.atomic
    def change_with_entry() -> None:
        Log.objects.create(origin=f"{log.origin}/row", vkey="")
        log.append("rx/1")

    try:
        with pytest.raises(DatabaseError, match="broken"):
            change_with_entry()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP FUNCTION break_{log.id} CASCADE")

    assert not Log.objects.filter(origin=f"{log.origin}/row").exists()
    assert chain.tip("rx/1").version == 0


def test_two_that_append_one_version_at_once(log):
    signed = note.sign(log.draw("rx/1").text(), log.doctor)
    start, outcomes = threading.Barrier(2), []

    def append() -> None:
        start.wait()
        try:
            with transaction.atomic():
                chain.append(signed)
            outcomes.append("appended")
        except chain.Outrun:
            outcomes.append("outrun")
        finally:
            connection.close()

    threads = [threading.Thread(target=append) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["appended", "outrun"]
    assert len(queries.entries_about("rx/1")) == 1


def test_time_may_go_back_between_entries(log):
    """L14: order is by sequence; a clock that goes back breaks nothing."""
    log.append("rx/1", at=NOON)
    log.append("rx/1", at=NOON - timedelta(days=1))
    log.sequence()

    assert log.indices("rx/1") == [2, 3]
    assert inspection.database(log.origin, lambda done, total: None).size == 4
