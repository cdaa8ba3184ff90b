"""kill -9 of the sequencer and of the signer between any two steps; the next run heals."""

import itertools

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hospital import access, services
from ledger import inspection, network
from ledger.models import Checkpoint, Event, Head, Leaf
from tests.crashes.dying import Dying

SEQUENCE, CHECKPOINT = "ledger.tasks.sequence", "ledger.tasks.checkpoint"


def append(count: int) -> None:
    """Entries that the law allows, in one transaction."""
    with transaction.atomic():
        for _ in range(count):
            access.record_refusal(by=services.CLOCK, at=timezone.now(), of="test", code="test")


def counts() -> tuple[int, int, int]:
    """Events, leaves, the head's size."""
    log_id = network.log_id(network.origin())
    return (
        Event.objects.filter(log_id=log_id).count(),
        Leaf.objects.filter(log_id=log_id).count(),
        Head.objects.get(log_id=log_id).size,
    )


def signed() -> list[tuple[int, bytes]]:
    """Every checkpoint that was ever signed: size and note."""
    rows = Checkpoint.objects.filter(log_id=network.log_id(network.origin())).order_by("size")
    return [(size, bytes(note)) for size, note in rows.values_list("size", "note")]


def published_size() -> int:
    """What is published verifies from entry 0; its size."""
    return inspection.published(network.origin(), settings.LOG_FOLDER, quietly).size


def quietly(done: int, total: int) -> None:
    """Nobody watches."""


@pytest.fixture
def rested(world: object, server: Dying) -> Dying:
    """A log that is sequenced, signed and published."""
    append(1)
    assert server.run(SEQUENCE)
    assert server.run(CHECKPOINT)
    return server


def test_f3_the_sequencer_dies_before_each_step(rested):
    """F3, L7: no event is lost or gets a second leaf, and the head is always whole."""
    append(40)
    events, before, _ = counts()

    for step in itertools.count(1):
        ended = rested.run(SEQUENCE, crash=str(step))
        now = counts()
        assert now in ((events, before, before), (events, events, events))
        inspection.database(network.origin(), quietly)
        if ended:
            break

    assert step > 5
    assert now == (events, events, events)
    assert rested.run(SEQUENCE)
    assert counts() == now


def test_f3_the_sequencer_dies_and_events_go_on(rested):
    """F3: what is committed between two deaths gets its leaf too."""
    for step in range(1, 8):
        append(2)
        rested.run(SEQUENCE, crash=str(step))
    assert rested.run(SEQUENCE)

    events, leaves, size = counts()
    assert events == leaves == size
    inspection.database(network.origin(), quietly)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [3, 300])
def test_f3_the_signer_dies_before_each_step(rested, batch):
    """F3, L4: nothing smaller or other is ever signed; what is published verifies at any moment."""
    old = published_size()
    for step in itertools.count(1):
        if batch == 3 or step == 1:
            append(batch)
            assert rested.run(SEQUENCE)
        before, size = signed(), counts()[2]

        ended = rested.run(CHECKPOINT, crash=str(step))

        after = signed()
        assert after[: len(before)] == before
        assert len(after) <= len(before) + 1
        assert old <= published_size() <= after[-1][0] <= size
        old = published_size()
        if ended:
            break

    assert step > 10
    assert rested.run(CHECKPOINT)
    assert published_size() == counts()[2]
    inspection.database(network.origin(), quietly)


def test_f3_dies_between_signing_and_publishing(rested):
    """F3: the signed checkpoint is the one that the next run publishes."""
    append(5)
    assert rested.run(SEQUENCE)
    old = published_size()

    assert not rested.run(CHECKPOINT, crash="after commit")

    assert signed()[-1][0] == counts()[2]
    assert published_size() == old
    last = signed()[-1]
    assert rested.run(CHECKPOINT)
    assert signed()[-1] == last
    assert published_size() == last[0]
