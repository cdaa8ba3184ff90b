"""
The five operations of the benchmark, and how many requests of each are prepared.

Whatever can be done beforehand is: drafts sealed, steps before this one signed and entered, the
statement drawn and signed. Only the call itself is measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, connections

from insurance.actions import checkout
from pharmacy.actions import checklist, dispensing, lots
from prescriptions.actions import issuing
from tests.benchmarks import lanes, recording
from tests.benchmarks.recording import Request
from tests.benchmarks.scene import LINES, LISTED, Scene, Who, fill

PREPARED_AT_ONCE = 2
Make = Callable[[Scene, int], Request]


def issue(scene: Scene, number: int) -> Request:
    """The doctor's signed issue: signature checked, entry, state, answer kept."""
    setting = scene.any(number)
    rx = setting.drafted()
    statement = issuing.draw_issue(rx, **setting.doctor.drawer)
    return _command(rx, "issue", setting.doctor, {"note": setting.doctor.sign(statement)})


def authorize(scene: Scene, number: int) -> Request:
    """The patient's signed authorization: prices, the split, stock kept, the bill opened."""
    setting = scene.any(number)
    rx, choice = setting.approved(), setting.choice
    statement, _ = checkout.draw(rx, checkout.Choice(**choice), **setting.patient.drawer)
    body = {**choice, "note": setting.patient.sign(statement)}
    return _command(rx, "authorize", setting.patient, body)


def dispense(scene: Scene, number: int) -> Request:
    """The pharmacist's signed dispensing: stock leaves the shelf."""
    setting = scene.any(number)
    rx = setting.scanned()
    statement = dispensing.draw(
        rx, lots.Given(LINES, checks=tuple(checklist.ALL)), **setting.pharmacist.drawer
    )
    signed = {"checks": checklist.ALL, "note": setting.pharmacist.sign(statement)}
    body = {"lines": LINES, **signed}
    return _command(rx, "dispense", setting.pharmacist, body)


def read(scene: Scene, number: int) -> Request:
    """A patient reads one prescription: a view entry committed first, then the seal opened."""
    turn = number % len(scene.settings)
    token = scene.settings[turn].patient.client.token
    return Request(f"/api/prescriptions/{scene.readable[turn]}", token)


def lists(rows: int) -> Make:
    """A patient lists the newest 20 of so many prescriptions: one view entry, 20 seals opened."""

    def make(scene: Scene, number: int) -> Request:
        return Request("/api/prescriptions", scene.listed[rows].client.token)

    return make


@dataclass(frozen=True, slots=True)
class Operation:
    """``share`` times the size of the run is the number of requests in a round."""

    name: str
    make: Make
    share: float


OPERATIONS = (
    Operation("issue", issue, 1.5),
    Operation("authorize", authorize, 0.6),
    Operation("dispense", dispense, 0.6),
    Operation("read one", read, 3),
    *(Operation(f"list 20 of {rows:,}", lists(rows), 1) for rows in LISTED),
)


@dataclass(slots=True)
class Prepared:
    """One operation's requests as bytes, and the recordings of as many others."""

    operation: Operation
    requests: list[bytes]
    recordings: list[list[bytes]]
    laps: dict[str, list[lanes.Lap]] = field(default_factory=lambda: {"server": [], "floor": []})

    def take(self, kind: str, count: int) -> list[Any]:
        """The next ``count`` jobs; none is done twice."""
        pool: list[Any] = self.requests if kind == "server" else self.recordings
        taken, pool[:] = pool[:count], pool[count:]
        return taken


def prepare(scene: Scene, counts: dict[str, int], say: Callable[[str], None]) -> list[Prepared]:
    """Make the two lists' patients their prescriptions, then ``counts`` requests of each kind."""
    say(f"Sealing {sum(LISTED):,} prescriptions for the lists …")
    _run(_fill, [(scene, rows, part) for rows in LISTED for part in range(PREPARED_AT_ONCE)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does within a minute of such a load
    return [
        prepared_alone(scene, place, counts[operation.name], say)
        for place, operation in enumerate(OPERATIONS)
    ]


def prepared_alone(
    scene: Scene, place: int, requests: int, say: Callable[[str], None], recordings: int = -1
) -> Prepared:
    """Requests of ``OPERATIONS[place]``, and as many recordings if no other number is given."""
    operation = OPERATIONS[place]
    recordings = requests if recordings < 0 else recordings
    say(f"Preparing {requests} × {operation.name}, and {recordings} for its floor …")
    made = _run(_request, [(scene, place, number) for number in range(requests)])
    recorded = _run(_recording, [(scene, place, number) for number in range(recordings)])
    return Prepared(operation, made, recorded)


def _command(rx: UUID, verb: str, who: Who, body: dict[str, Any]) -> Request:
    return Request(f"/api/prescriptions/{rx}/{verb}", who.client.token, body)


_tasks: list[Any] = []


def _run(work: Callable[[Any], Any], tasks: list[Any]) -> list[Any]:
    """Do ``work`` for each task, in two processes that inherit the tasks."""
    connections.close_all()  # a child must not inherit a connection
    _tasks[:] = tasks
    order = list(range(len(tasks)))
    random.Random(0).shuffle(order)
    with lanes.FORKING.Pool(PREPARED_AT_ONCE) as pool:
        return pool.starmap(_nth, [(work.__name__, number) for number in order], chunksize=8)


def _nth(name: str, number: int) -> Any:
    return globals()[name](_tasks[number])


def _fill(task: tuple[Scene, int, int]) -> None:
    scene, rows, part = task
    fill(scene.settings[0], scene.listed[rows], range(part, rows, PREPARED_AT_ONCE))


def _request(task: tuple[Scene, int, int]) -> bytes:
    scene, place, number = task
    return OPERATIONS[place].make(scene, number).wire()


def _recording(task: tuple[Scene, int, int]) -> list[bytes]:
    scene, place, number = task
    return recording.record(OPERATIONS[place].make(scene, number))
