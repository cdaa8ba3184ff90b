"""
What ``./rx bench reads`` measures: what it costs that every look is entered before it shows a word.

The same request, answered in this process over a real database, with its ``record.view`` entry and
without one, in turns. Without one there is nothing to commit; the rest is the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest import mock

from django.test import Client

from hospital import access
from ledger import chain
from tests.benchmarks import operations, turns
from tests.benchmarks.gates import Row, bound
from tests.benchmarks.ledger import seconds
from tests.benchmarks.recording import HOST, Request
from tests.benchmarks.scene import LISTED, Scene

READS, LAPS = 40, 6
GATE, AIM = 1.5, 1.3
ENTERED, NOT = "entered", "not entered"


def measured(rounds: int) -> list[Row]:
    """How many times as long a look takes as the same one without its entry."""
    scene = Scene.set()
    rows = []
    for what, make in (
        ("one record", operations.read),
        ("list of 20", operations.lists(LISTED[1])),
    ):
        request = make(scene, 0)
        works = {ENTERED: _reads(request, nullcontext), NOT: _reads(request, _unrecorded)}
        taken = turns.taken(works, LAPS * rounds, pieces=READS)
        rows.append(
            bound(f"{what}: with its entry ÷ without", 1 / taken.ratio(ENTERED, NOT), GATE, AIM)
        )
    return rows


def _reads(
    request: Request, around: Callable[[], AbstractContextManager[Any]]
) -> Callable[[], float]:
    client = Client(headers={"Authorization": f"Bearer {request.token}", "Host": HOST})

    def read() -> None:
        for _ in range(READS):
            assert client.get(request.path).status_code == 200

    def lap() -> float:
        with around():
            return seconds(read)

    return lap


def _unrecorded() -> AbstractContextManager[Any]:
    """Looks leave no entry; nobody but this measurement does so."""
    made = mock.Mock(spec=chain.Appended, leaf=os.urandom(32))
    return mock.patch.object(access, "_append", return_value=made)
