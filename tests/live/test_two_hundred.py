"""
Two hundred readers of one process: each gets each entry once and in order, across a kill.

What it prints are measurements of this machine, and nothing is asserted about them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from ledger import network
from tests.live import reading
from tests.live.reading import Process, Reader
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.alone]
READERS, ROUNDS, EACH = 200, 10, 4
PATIENCE_S = 120


def enter(marks: list[str]) -> float:
    """Entries in every line, in turns; the moment of the commit of their leaves."""
    logs = [network.origin(line) for line in network.lines()]
    for number, mark in enumerate(marks):
        reading.enter(logs[number % len(logs)], mark)
    return reading.sequence()


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not what():
            await asyncio.sleep(0.05)


async def story(process: Process, tokens: list[str]) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=None)
    timeout = httpx.Timeout(60, connect=60, pool=60)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=timeout) as client:
        readers = [Reader(process.url, tokens[n % len(tokens)]) for n in range(READERS)]
        tasks = [asyncio.create_task(one.read(client)) for one in readers]
        try:
            await until(lambda: all(one.ready for one in readers))
            made: dict[str, float] = {}
            number = 0
            for turn in range(ROUNDS):
                if turn == ROUNDS // 2:
                    await sync_to_async(process.kill)()
                    starts = asyncio.create_task(asyncio.to_thread(process.start))
                marks = [uuid4().hex for _ in range(EACH)]
                made |= dict.fromkeys(marks, await sync_to_async(enter)(marks))
                number += EACH
                if turn == ROUNDS // 2:
                    await starts
                await until(lambda: all(len(one.got) >= number for one in readers))  # noqa: B023
            await asyncio.sleep(1)  # whatever is doubled has time to come
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await sync_to_async(connections.close_all)()
    return {"readers": readers, "made": made}


def test_each_of_two_hundred_readers_gets_each_entry_once_and_in_order(world: World):
    """I4: nothing is lost, nothing doubled, whatever dies."""
    world.regulator.enter_with_key()
    reading.sequence()
    with reading.running(RX_LIVE_EACH=str(READERS)) as process:
        told = asyncio.run(story(process, [world.regulator.token]))

    first, *others = [[(e["log"], e["index"], e["leaf"]) for e in r.got] for r in told["readers"]]
    by_log = {log: [index for one, index, _ in first if one == log] for log, _, _ in first}
    assert all(
        indices == list(range(indices[0], indices[0] + len(indices))) for indices in by_log.values()
    )
    assert len(first) == len(set(first)) == ROUNDS * EACH
    for other in others:
        assert sorted(other) == sorted(first)
        assert {log: [i for one, i, _ in other if one == log] for log in by_log} == by_log
    assert all(one.connects >= 2 for one in told["readers"])
    _measure(told)


def _measure(told: dict[str, Any]) -> None:
    moments = list(told["made"].values())
    delays = sorted(
        one["seen"] - moments[number]
        for reader in told["readers"]
        for number, one in enumerate(sorted(reader.got, key=lambda e: e["stored_at"]))
        if number // EACH != ROUNDS // 2  # the feed was down
    )
    half, most = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    words = f"{READERS} readers, leaf's commit to arrival: p50 {half:.3f} s, p99 {most:.3f} s"
    sys.stdout.write(f"{words}\n")
