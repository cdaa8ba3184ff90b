"""
The ledger beside the web: what its tasks cost the writers, and how soon an entry is final.

Both need the whole stack with its witnesses. Times are the database's own: ``stored_at`` of an
event, ``final_at`` of the first final checkpoint that covers it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db import connection

from config.servers import services
from ledger import lag, network
from tests.benchmarks import cost, lanes
from tests.benchmarks.turns import Turns

PACE_S = 0.05
PATIENCE_S = 60
TASKS = ("worker", "beat")
WHOLE, APART, ALONE = "web", "web, witnesses elsewhere", "web, tasks stopped"
SITUATIONS = 3


def throughput(stack: services.Stack, requests: Sequence[bytes], rounds: int) -> Turns:
    """
    Requests a second in three situations, lap by lap in turns.

    ``web``: sequencer, signer and feeder at work, and the programs of four organisations, which
    replay every entry, on this machine too. ``web, witnesses elsewhere``: those stand still, as if
    they had machines of their own. ``web, tasks stopped``: nothing runs but the web.
    """
    theirs = [f"witness-{path.name}" for path in (stack.home / "witnesses").iterdir()]
    stopped = {WHOLE: [], APART: theirs, ALONE: [*theirs, *TASKS]}
    turns = Turns()
    share = len(requests) // (len(stopped) * rounds)
    connect = lanes.over_http(stack.web_url)
    for number in range(len(stopped) * rounds):
        name = list(stopped)[number % len(stopped)]
        jobs = requests[number * share : (number + 1) * share]
        _signal(stack, stopped[name], signal.SIGSTOP)
        try:
            turns.note(name, lanes.lap(connect, jobs, cost.Meter({})).rate)
        finally:
            _signal(stack, stopped[name], signal.SIGCONT)
        come_to_rest()  # what has piled up is not the next round's
    return turns


def seconds_to_final(stack: services.Stack, requests: Sequence[bytes]) -> list[float]:
    """
    Send writes at a steady pace; seconds from each entry's commit until it was final, rising.

    Raises:
        TimeoutError: an entry is not final within a minute.
    """
    send = lanes.over_http(stack.web_url)()
    first = _last_event()
    for request in requests:
        send(request)
        time.sleep(PACE_S)
    come_to_rest()
    return sorted(_times_since(first))


def come_to_rest() -> None:
    """Wait until every entry is final: witnesses that stood still are asked again after a while."""
    until = time.monotonic() + PATIENCE_S
    while any(lag.measured(network.origin(line)).oldest_s for line in network.lines()):
        if time.monotonic() > until:
            raise TimeoutError("entries do not become final; look at ./rx ledger status")
        time.sleep(0.2)


def _signal(stack: services.Stack, programs: Sequence[str], number: signal.Signals) -> None:
    for name in programs:
        for pid in stack.supervisor.processes(name):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _last_event() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM ledger_event")
        return int(cursor.fetchone()[0])


def _times_since(first: int) -> list[Any]:
    """Of people's entries; the national log has a slower tick, and nobody waits for it."""
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, [first, network.logs_of(*network.lines())])
        return [row[0] for row in cursor.fetchall()]


_TIMES = """
    SELECT (SELECT extract(epoch FROM min(f.final_at) - e.stored_at)::float8
            FROM ledger_final f WHERE f.log_id = e.log_id AND f.size > l.seq)
    FROM ledger_event e
    LEFT JOIN ledger_leaf l ON l.log_id = e.log_id AND l.event_id = e.id
    WHERE e.id > %s AND e.log_id = ANY (%s)
"""
