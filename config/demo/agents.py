"""The payers' agents: each a program of its own, holding its payer's key."""

from __future__ import annotations

import sys

from config.demo.cast import Cast
from config.sample import loader
from config.servers import services
from config.servers.processes import Program, Say


def start(stack: services.Stack, cast: Cast, say: Say) -> None:
    """Start an agent for every payer of the sample network; they end with the stack."""
    programs = []
    policy = stack.home / "policy"
    pinned = ("--policy", str(policy)) if policy.exists() else ()
    for payer in (one.slug for one in loader.network() if one.coverage is not None):
        key = cast.agent_key(payer, stack.home / "demo")
        program = (sys.executable, "-m", "insurance.agent")
        argv = (*program, "--url", stack.web_url, "--payer", payer, "--key", str(key), *pinned)
        programs.append(Program(f"agent-{payer}", argv, stack.env))
    stack.supervisor.start(programs, say)
