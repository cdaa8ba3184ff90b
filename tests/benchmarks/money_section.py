"""
What ``./rx bench money`` measures: how soon and how fast claims are decided, and a month's end.

*Deliver → decided*: prescriptions are delivered at a steady pace while the payer's agent runs, a
program of its own that polls and verifies; it waits for each checkpoint as everybody does.
*Decided a second*: what one agent does with what lies ready, over HTTP, beside verifying the very
signatures of those claims' receipts and nothing else. *Month's end*: ``tests.benchmarks.month``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock
from uuid import UUID

import httpx
from django.utils import timezone
from nacl import bindings

from config.servers import services
from config.servers.processes import Program
from hospital.client import Client
from insurance import evidence
from insurance.agent import Agent
from insurance.models import Claim
from ledger import keyfile
from ledger.policy import Policy
from pharmacy.actions import checklist, delivering, dispensing, lots
from tests.benchmarks import beside, month
from tests.benchmarks.gates import Row, bound
from tests.benchmarks.scene import LINES, Setting

SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (1_000, 10_000)
CLAIMS, QUICK_CLAIMS = 200, 40
PACE_S, PATIENCE_S = 0.1, 120
P50_GATE_S, P99_GATE_S = 5, 15
FLAT_GATE, FLAT_AIM = 1.5, 1.1
CPU_GATE_MS, S_GATE, MEMORY_GATE_MIB = 1, 0.002, 128


def measured(
    stack: services.Stack, quick: bool, say: Callable[[str], None]
) -> tuple[list[Row], Any]:
    """The rows against their gates; the sizes as plain values."""
    setting, count = Setting(), QUICK_CLAIMS if quick else CLAIMS
    say(f"{count} claims that lie ready …")
    rate, floor = _decided_beside_its_floor(stack, setting, count)
    say(f"{count} deliveries beside a running agent …")
    waits = _waits(stack, setting, count)
    months = []
    for size in QUICK_SIZES if quick else SIZES:
        months.append(month.settled(stack, setting, size))
        say(months[-1].line)
    small, large = months[0], months[-1]
    what = f"{large.claims:,} claims settled"
    rows = [
        bound("deliver → decided, p50, s", _at(waits, 50), P50_GATE_S, 2),
        bound("deliver → decided, p99, s", _at(waits, 99), P99_GATE_S, 4),
        Row("claims decided", "their signatures verified", rate, floor, rate / floor, 0.01, 0.05),
        bound(
            f"{what}: CPU of one ÷ one of {small.claims:,}",
            large.cpu_ms / small.cpu_ms,
            FLAT_GATE,
            FLAT_AIM,
        ),
        bound(f"{what}: CPU ms of one", large.cpu_ms, CPU_GATE_MS, 0.2),
        bound(f"{what}: s", large.whole_s, large.claims * S_GATE, 0),
        bound(f"{what}: memory grown, MiB", large.grown_mib, MEMORY_GATE_MIB, 32),
    ]
    return rows, {"waits_s": waits, "months": [asdict(one) for one in months]}


def _decided_beside_its_floor(
    stack: services.Stack, setting: Setting, count: int
) -> tuple[float, float]:
    """Claims a second of one agent, and of who but verifies their signatures."""
    delivered = [_delivered(setting) for _ in range(count)]
    beside.come_to_rest()
    agent = _agent(stack, setting)
    with mock.patch.multiple(Agent, _reverse=_nothing, _settle=_nothing):
        began = time.perf_counter()
        decided = agent.step()
        taken = time.perf_counter() - began
    assert decided == count, (decided, count)
    policy, signed = agent.policy(), []
    verify = bindings.crypto_sign_open

    def noted(joined: bytes, key: bytes) -> bytes:
        signed.append((joined, key))
        return bytes(verify(joined, key))

    files = {rx: agent._files(f"rx/{rx.hex}") for rx in delivered}
    with mock.patch.object(bindings, "crypto_sign_open", noted):
        for rx, found in files.items():
            evidence.proven(found, f"rx/{rx.hex}", policy)
    began = time.perf_counter()
    for joined, key in signed:
        verify(joined, key)
    return count / taken, count / (time.perf_counter() - began)


def _waits(stack: services.Stack, setting: Setting, count: int) -> list[float]:
    """Seconds from each delivery's commit to the decision, rising."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "agent.key"
        assert setting.world.fund_agent.signer is not None
        keyfile.save(path, setting.world.fund_agent.signer)
        called = (sys.executable, "-m", "insurance.agent", "--url", stack.web_url)
        whose = ("--payer", setting.world.fund.slug, "--key", str(path))
        program = Program("agent-bench", (*called, *whose), stack.env)
        stack.supervisor.start([program], lambda _: None)
        delivered = {}
        for _ in range(count):
            rx = _delivered(setting)
            delivered[rx] = timezone.now()
            time.sleep(PACE_S)
        until = time.monotonic() + PATIENCE_S
        while (claims := _claims(setting, delivered)).count() < count:
            if time.monotonic() > until:
                raise TimeoutError("claims are not decided; look at the agent's log")
            time.sleep(0.2)
    decided = claims.values_list("bill__prescription_id", "decided_at")
    return sorted((at - delivered[rx]).total_seconds() for rx, at in decided)


def _claims(setting: Setting, delivered: Any) -> Any:
    return Claim.objects.filter(payer=setting.world.fund, bill__prescription__in=list(delivered))


def _delivered(setting: Setting) -> UUID:
    """Really signed, every step of it."""
    rx, given = setting.scanned(), lots.Given(LINES, checks=tuple(checklist.ALL))
    pharmacist, patient = setting.pharmacist, setting.patient
    statement = dispensing.draw(rx, given, **pharmacist.drawer)
    dispensing.dispense(rx, given, pharmacist.sign(statement), **pharmacist.doer)
    statement = delivering.draw_delivery(rx, "", **patient.drawer)
    delivering.deliver(rx, "", patient.sign(statement), **patient.doer)
    return rx


def _agent(stack: services.Stack, setting: Setting) -> Agent:
    """The payer's agent over real HTTP, in this process."""
    client = Client(
        httpx.Client(base_url=stack.web_url, trust_env=False, timeout=30),
        signer=setting.world.fund_agent.signer,
        patience_s=60,
    )
    client.enter_with_key()
    policy = Policy.parse(client.text("/log/policy"))
    return Agent(client, setting.world.fund.slug, partial(_the, policy), 10**9)


def _the(policy: Policy) -> Policy:
    return policy


def _nothing(_: Agent) -> None:
    """Nothing else is measured."""


def _at(rising: Sequence[float], percent: int) -> float:
    return rising[min(len(rising) * percent // 100, len(rising) - 1)]
