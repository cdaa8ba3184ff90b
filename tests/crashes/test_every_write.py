"""kill -9 of the web between any two steps of any write: all of it or nothing, and once."""

import itertools
from uuid import uuid4

import pytest

from hospital.models import Answer
from tests.crashes.dying import Dying
from tests.journeys import writes
from tests.journeys.watching import everything

every_kind = pytest.mark.parametrize("make", writes.EVERY_WRITE, ids=writes.named)


def done_once(server: Dying, ready: writes.Write, key: str) -> bytes:
    """The same again is answered from what is remembered, and changes nothing."""
    after = everything()
    answer = server.send(ready, key)

    assert answer is not None
    assert answer.status_code in (200, 201), answer.text
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert everything() == after
    assert Answer.objects.filter(key=key).count() == 1
    return answer.content


@every_kind
def test_i8_dies_after_the_commit_before_the_answer(world, patient, server, make):
    """I8, I7: the repetition gets the very answer that was made and not sent."""
    ready, key = make(world, patient), uuid4().hex
    before = everything()

    assert server.send(ready, key, crash="answer") is None

    assert everything() != before
    unsent = server.unsent
    assert done_once(server, ready, key) == unsent


@every_kind
def test_i9_dies_before_the_commit(world, patient, server, make):
    """I9: nothing was stored, the key is free, and the repetition does it once."""
    ready, key = make(world, patient), uuid4().hex
    before = everything()

    assert server.send(ready, key, crash="before commit") is None

    assert everything() == before
    answer = server.send(ready, key)
    assert answer is not None
    assert answer.status_code in (200, 201), answer.text
    assert "Idempotency-Replayed" not in answer.headers
    assert done_once(server, ready, key) == answer.content


@pytest.mark.slow
@every_kind
def test_f1_dies_before_each_step(world, patient, server, make):
    """F1: before every SQL statement, before and after COMMIT: all or nothing, and then once."""
    ready, key = make(world, patient), uuid4().hex
    before = everything()

    for step in itertools.count(1):
        assert server.send(ready, key, crash=str(step)) is None
        if everything() != before:
            break

    assert server.last == "after commit"
    assert step > 5
    done_once(server, ready, key)
