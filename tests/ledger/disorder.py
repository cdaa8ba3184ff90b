"""The one judge of sequencing, and transactions that a test leads step by step."""

import threading
from collections import defaultdict
from collections.abc import Callable

from django.db import connection, transaction

from ledger.models import Event, Head, Leaf
from tests.ledger.logs import ALog


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
