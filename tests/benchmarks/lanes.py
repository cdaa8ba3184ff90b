"""
Four clients at once, each a process with one connection, doing jobs that were made beforehand.

A lap begins when all clients are connected and ends when the last has its last answer. The clients
only send bytes and wait: what they cost is measured too, and shown.
"""

from __future__ import annotations

import gc
import multiprocessing as mp
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

import psycopg2  # type: ignore[import-untyped]

from tests.benchmarks import cost

LANES = 4
PATIENCE_S = 120
Statements = Sequence[bytes]
Do = Callable[[Any], None]
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
FORKING = mp.get_context("fork")


class Failed(Exception):
    """A client got another answer than the job is made for."""


@dataclass(slots=True)
class Lap:
    """``cpu`` is seconds by program; "client" is what the clients themselves used."""

    jobs: int
    seconds: float
    latencies: list[float] = field(repr=False)
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        return self.jobs / self.seconds


def over_http(url: str) -> Callable[[], Do]:
    """Clients that send a prepared request and read the answer; only 2xx will do."""
    parts = urlsplit(url)

    def connect() -> Do:
        line = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return lambda request: _exchange(line, request)

    return connect


def over_sql(url: str) -> Callable[[], Do]:
    """Clients that execute recorded statements one by one and fetch what they give."""

    def connect() -> Do:
        connection = psycopg2.connect(url)
        connection.autocommit = True  # BEGIN and COMMIT are among the statements
        cursor = connection.cursor()

        def do(statements: Statements) -> None:
            for statement in statements:
                cursor.execute(statement)
                if cursor.description is not None:
                    cursor.fetchall()

        return do

    return connect


def lap(
    connect: Callable[[], Do], jobs: Sequence[Any], meter: cost.Meter, lanes: int = LANES
) -> Lap:
    """
    Do all ``jobs``, shared out among the clients.

    Raises:
        Failed: a job failed.
    """
    pipes: list[Connection] = []
    clients = []
    for number in range(lanes):
        ours, theirs = FORKING.Pipe()
        share = jobs[number::lanes]
        client = FORKING.Process(target=_lane, args=(theirs, connect, share), daemon=True)
        client.start()
        theirs.close()
        clients.append(client)
        pipes.append(ours)
    for pipe in pipes:
        _receive(pipe)
    before, began = meter.read(), time.perf_counter()
    for pipe in pipes:
        pipe.send("go")
    results = [_receive(pipe) for pipe in pipes]
    seconds = time.perf_counter() - began
    cpu = cost.since(before, meter.read())
    for pipe, client in zip(pipes, clients, strict=True):
        pipe.send("end")
        client.join(PATIENCE_S)
    cpu["client"] = sum(used for _, used in results)
    latencies = [one for latencies, _ in results for one in latencies]
    return Lap(len(jobs), seconds, latencies, cpu)


def _lane(pipe: Connection, connect: Callable[[], Do], jobs: Sequence[Any]) -> None:
    """The life of a client."""
    gc.freeze()
    gc.disable()
    try:
        do = connect()
        pipe.send("ready")
        pipe.recv()
        latencies, began = [], time.process_time()
        for job in jobs:
            start = time.perf_counter()
            do(job)
            latencies.append(time.perf_counter() - start)
        pipe.send((latencies, time.process_time() - began))
        pipe.recv()  # the connection stays open until the meter was read
    except EOFError:
        return
    except Exception as fault:  # whatever it is, the measuring process says it
        pipe.send(Failed(f"{type(fault).__name__}: {fault}"))


def _receive(pipe: Connection) -> Any:
    if not pipe.poll(PATIENCE_S):
        raise Failed(f"no answer within {PATIENCE_S} s")
    received = pipe.recv()
    if isinstance(received, Failed):
        raise received
    return received


def _exchange(line: socket.socket, request: bytes) -> None:
    line.sendall(request)
    answer = bytearray()
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _more(line)
    length = _LENGTH.search(answer, 0, end)
    if length is None:
        raise Failed("an answer without Content-Length")
    whole = end + 4 + int(length[1])
    while len(answer) < whole:
        answer += _more(line)
    if answer[9:10] != b"2":
        raise Failed(answer.decode(errors="replace")[:600])


def _more(line: socket.socket) -> bytes:
    received = line.recv(65_536)
    if not received:
        raise Failed("the server closed the connection")
    return received
