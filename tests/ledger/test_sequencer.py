"""
Events become leaves: all, each once, in order within a subject, whatever transactions do.

``check`` is the one judge here. The popular wrong rules are put in as mutants; it must catch them.
"""

import contextlib
import random
import threading
import time

import pytest
from django.db import connection, transaction

from ledger import inspection, note, queries, sequencer
from ledger.models import Leaf
from tests.ledger.disorder import Disorder, Transaction, check
from tests.ledger.logs import ALog, rolled_back

BELOW_THE_OLDEST_RUNNING = """
    e.xid >= pg_snapshot_xmin(%(snap)s) AND e.xid < pg_snapshot_xmin(%(now)s)
"""
NOT_SEEN_BEFORE = "e.xid >= pg_snapshot_xmax(%(snap)s) AND e.xid < pg_snapshot_xmax(%(now)s)"


def an_early_xid_and_a_late_lock(log: ALog) -> None:
    """
    ``early`` has its xid before ``other`` writes version 1, and writes version 2 after it.

    ``bystander`` runs all the time, with an xid between the two.
    """
    early, bystander = Transaction(log), Transaction(log)
    early.take_xid()
    bystander.take_xid()
    log.append("rx/1")
    log.sequence()
    early.append("rx/1")
    early.commit()
    log.sequence()
    bystander.append("rx/2")
    bystander.commit()
    log.sequence()


def test_keeps_versions_in_order_when_an_xid_is_taken_early_and_the_row_locked_late(log):
    an_early_xid_and_a_late_lock(log)

    assert check(log) == 5
    assert log.indices("rx/1") == [2, 3]


@pytest.mark.parametrize("rule", [BELOW_THE_OLDEST_RUNNING, NOT_SEEN_BEFORE])
def test_the_same_check_catches_the_popular_wrong_rules(log, monkeypatch, rule):
    """The mutants: 'below the oldest running transaction' reorders, 'after the last seen' loses."""
    monkeypatch.setattr(sequencer, "NEW", rule)

    an_early_xid_and_a_late_lock(log)

    with pytest.raises(Disorder):
        check(log)


def test_the_same_check_catches_an_order_by_transaction(log, monkeypatch):
    """The mutant that numbers leaves by xid puts version 2 before version 1."""
    by_xid = sequencer._INSERT_LEAVES.replace("ORDER BY e.id", "ORDER BY e.xid")
    monkeypatch.setattr(sequencer, "_INSERT_LEAVES", by_xid)
    early = Transaction(log)
    early.take_xid()
    log.append("rx/1")
    early.append("rx/1")
    early.commit()
    log.sequence()

    with pytest.raises(Disorder):
        check(log)


def test_what_is_not_committed_has_no_leaf_yet_and_is_not_waited_for(log):
    running = Transaction(log)
    running.append("rx/1")
    log.append("rx/2")

    assert log.sequence() == 3
    assert log.indices("rx/2") == [2]
    running.commit()
    assert log.sequence() == 1
    assert log.indices("rx/1") == [3]
    assert log.sequence() == 0


def test_rollbacks_and_savepoints_leave_no_gap(log):
    """L8: what is rolled back, as a whole or to a savepoint, has no leaf; there is no gap."""

    lost = Transaction(log)
    lost.append("rx/1")
    lost.rollback()
    with transaction.atomic():
        log.append("rx/2")
        with rolled_back():
            log.append("rx/2")
        log.append("rx/2")
    log.sequence()

    assert check(log) == 4
    assert log.indices("rx/2") == [2, 3]
    assert queries.entries_about("rx/1") == []


def test_a_run_inside_of_a_transaction_is_a_bug(log):
    with pytest.raises(RuntimeError), transaction.atomic():
        log.sequence()


def test_two_sequencers_at_once_do_the_work_once(log):
    log.append_many(300)
    start, counts = threading.Barrier(4), []

    def run() -> None:
        start.wait()
        try:
            counts.append(log.sequence())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts) == 302
    assert check(log) == 302


def test_fifty_appenders_make_one_chain(log):
    """L7: 50 at once, on 5 subjects, with rollbacks and long transactions; two sequencers."""
    subjects = [f"rx/{number}" for number in range(5)]
    running, failed = threading.Event(), []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(4):
                subject = chance.choice(subjects)
                with contextlib.suppress(ZeroDivisionError):
                    _one_transaction(log, subject, chance)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    def tick() -> None:
        while not running.is_set():
            log.sequence()
            time.sleep(0.005)
        connection.close()

    tickers = [threading.Thread(target=tick) for _ in range(2)]
    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(50)]
    for thread in tickers + workers:
        thread.start()
    for thread in workers:
        thread.join()
    running.set()
    for thread in tickers:
        thread.join()
    log.sequence()

    assert failed == []
    assert check(log) > 50
    assert inspection.database(log.origin, lambda done, total: None).size == check(log)


def _one_transaction(log: ALog, subject: str, chance: random.Random) -> None:
    """Sometimes take the xid early, sometimes roll back; lock as a caller locks the row."""
    with transaction.atomic():
        if chance.random() < 0.5:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")
            time.sleep(chance.random() * 0.02)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [log.origin + subject])
        log.append(subject)
        time.sleep(chance.random() * 0.005)
        if chance.random() < 0.2:
            raise ZeroDivisionError


def test_two_logs_in_one_database_do_not_mix(log, tmp_path):
    log.append("rx/1")
    with ALog(tmp_path / "other").current() as other:
        other.append("rx/1")
        other.append("rx/1")
        other.sequence()
        assert check(other) == 4
    assert log.sequence() == 3
    assert check(log) == 3


def test_a_head_that_does_not_fit_its_size_is_not_moved(log):
    log.append_many(5)
    log.sequence()
    log.append("rx/1")
    log.forge("UPDATE ledger_head SET edge = '' WHERE log_id = %s", log.id)

    with pytest.raises(ValueError, match="edge"):
        log.sequence()
    assert Leaf.objects.filter(log_id=log.id).count() == 7


def test_entry_0_opens_the_log(log):
    log.sequence()

    opening = queries.entries_about("log")[0]
    assert (opening.index, opening.kind) == (0, "log.open")
    assert note.verified_by(note.parse(opening.note), [log.signer.verifier]) == (log.origin,)
    log.open()
    assert len(queries.entries_about("log")) == 1
