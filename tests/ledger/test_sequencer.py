"""
Events become leaves: all, each once, in order within a subject, whatever transactions do.

``check`` is the one judge here. The popular wrong rules are put in as mutants; it must catch them.
"""

import contextlib
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from ledger import inspection, note, queries, sequencer
from ledger.models import Event, Head, Leaf
from tests.ledger.logs import ALog, rolled_back

BELOW_THE_OLDEST_RUNNING = """
    e.xid >= pg_snapshot_xmin(%(snap)s) AND e.xid < pg_snapshot_xmin(%(now)s)
"""
NOT_SEEN_BEFORE = "e.xid >= pg_snapshot_xmax(%(snap)s) AND e.xid < pg_snapshot_xmax(%(now)s)"


class Disorder(AssertionError):
    """An event was lost, doubled or reordered."""


def check(log: ALog) -> int:
    """Every committed event has one leaf, leaves have no gap, versions rise along the log."""
    events = dict(Event.objects.filter(log_id=log.id).values_list("id", "version"))
    subjects = dict(Event.objects.filter(log_id=log.id).values_list("id", "subject"))
    leaves = list(Leaf.objects.filter(log_id=log.id).order_by("seq").values_list("seq", "event_id"))
    if [seq for seq, _ in leaves] != list(range(len(leaves))):
        raise Disorder("leaves are not numbered without a gap")
    if sorted(event for _, event in leaves) != sorted(events):
        raise Disorder("leaves are not the events")
    latest: dict[str, int] = defaultdict(int)
    for _, event in leaves:
        subject = subjects[event]
        if events[event] != latest[subject] + 1:
            raise Disorder(f"version {events[event]} of {subject} stands after {latest[subject]}")
        latest[subject] += 1
    if Head.objects.get(log_id=log.id).size != len(leaves):
        raise Disorder("the head has another size")
    return len(leaves)


class Transaction(threading.Thread):
    """A transaction in a connection of its own, led step by step from the test."""

    def __init__(self, log: ALog) -> None:
        super().__init__(daemon=True)
        self.log = log
        self.steps: list[Callable[[], object] | None] = []
        self.failed: Exception | None = None
        self.wake, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.start()

    def run(self) -> None:
        try:
            with transaction.atomic():
                while step := self._next():
                    step()
                    self.done.release()
        except Exception as error:
            self.failed = error
        finally:
            connection.close()
            self.done.release()

    def _next(self):
        self.wake.acquire()
        return self.steps.pop(0)

    def do(self, step: Callable[[], object] | None) -> None:
        self.steps.append(step)
        self.wake.release()
        assert self.done.acquire(timeout=20)

    def take_xid(self) -> None:
        def step():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")

        self.do(step)

    def append(self, subject: str) -> None:
        self.do(lambda: self.log.append(subject))

    def commit(self) -> None:
        self.do(None)
        self.join(20)
        assert self.failed is None

    def rollback(self) -> None:
        def step():
            raise ZeroDivisionError

        self.do(step)
        self.join(20)


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


class TestARestoredDatabase:
    """After a dump is restored into a new cluster, transaction ids start again from below."""

    def age(self, log: ALog) -> None:
        """Make the rows look as if they came from a cluster a million transactions ahead."""
        log.forge(
            "UPDATE ledger_event SET xid = (xid::text::bigint + 1000000)::text::xid8"
            " WHERE log_id = %s",
            log.id,
        )
        log.forge(
            "UPDATE ledger_leaf SET event_xid = (event_xid::text::bigint + 1000000)::text::xid8"
            " WHERE log_id = %s",
            log.id,
        )

    def test_goes_on_where_the_old_one_stopped(self, log):
        log.append_many(5)
        log.sequence()
        log.append("rx/1")
        self.age(log)
        log.forge("UPDATE ledger_head SET snap = '2000000:2000000:' WHERE log_id = %s", log.id)

        assert log.sequence() == 1
        log.append("rx/1")
        assert log.sequence() == 1
        assert log.sequence() == 0
        assert check(log) == 9
        assert inspection.database(log.origin, lambda done, total: None).size == 9

    def test_notices_events_from_the_future_though_the_head_is_not(self, log):
        log.append_many(5)
        self.age(log)

        assert log.sequence() == 7
        log.append("rx/1")
        assert log.sequence() == 1
        assert check(log) == 8

    def test_refuses_when_leaves_and_head_contradict_each_other(self, log):
        log.append_many(5)
        log.sequence()
        self.age(log)
        log.forge(
            "UPDATE ledger_head SET snap = '2000000:2000000:', size = 6 WHERE log_id = %s", log.id
        )

        with pytest.raises(sequencer.Contradiction):
            log.sequence()

    def test_refuses_when_new_events_would_get_ids_that_are_taken(self, log):
        log.append_many(5)
        log.sequence()
        self.age(log)
        log.forge("UPDATE ledger_head SET snap = '2000000:2000000:' WHERE log_id = %s", log.id)
        with connection.cursor() as cursor:
            cursor.execute("SELECT last_value FROM ledger_event_id_seq")
            (last,) = cursor.fetchone()
            cursor.execute("SELECT setval('ledger_event_id_seq', %s)", [last - 3])
        try:
            with pytest.raises(sequencer.Contradiction):
                log.sequence()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT setval('ledger_event_id_seq', %s)", [last + 1000])


def test_entry_0_opens_the_log(log):
    log.sequence()

    opening = queries.entries_about("log")[0]
    assert (opening.index, opening.kind) == (0, "log.open")
    assert note.verified_by(note.parse(opening.note), [log.signer.verifier]) == (log.origin,)
    log.open()
    assert len(queries.entries_about("log")) == 1
