"""
The organisations of the sample network that witness and validate the log, each a program.

Their homes lie in ``<home>/witnesses/<slug>``, as each organisation would have its own elsewhere;
the policy that they agree on is ``<home>/policy``. Making all of it again changes nothing but the
addresses.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config import law
from config.sample import loader
from config.servers import ports, processes
from config.servers.processes import Program
from ledger import keyfile, note
from ledger.cosignature import Algorithm
from ledger.witness import home as homes
from ledger.witness.home import VALIDATOR, WITNESS, WatchedLog

KINDS = ("hospital", "pharmacy", "insurer", "regulator")
GROUPS = {WITNESS: "witnesses", VALIDATOR: "validators"}
ORIGIN = "rx.example/log"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation's program: where its home is, and where it answers."""

    slug: str
    home: homes.Home
    url: str


def prepare(home: Path, log_url: str, env: Mapping[str, str]) -> list[Organisation]:
    """
    Make homes and keys where they are missing, and write the policy.

    ``log_url`` is where the log's tiles are served; ``env`` is the stack's environment.
    """
    origin = env.get("RX_ORIGIN", ORIGIN)
    key = keyfile.load_or_make(Path(env.get("RX_KEYS") or home / "keys") / "log.key", origin)
    made = [_organisation(home, slug, log_url, key.verifier) for slug in _slugs()]
    text = policy(key.verifier, made)
    draft = home / f"policy.{os.getpid()}"
    draft.write_text(text)
    draft.replace(home / "policy")
    return made


def programs(made: Sequence[Organisation], env: Mapping[str, str]) -> list[Program]:
    """The programs that serve the homes."""
    return [
        Program(
            f"witness-{one.slug}",
            (
                *(sys.executable, "-m", "ledger.witness", "serve"),
                *("--home", str(one.home.path), "--port", one.url.rsplit(":", 1)[1]),
            ),
            env,
            lambda url=f"{one.url}/healthz": processes.answers(url),  # type: ignore[misc]
        )
        for one in made
    ]


def policy(log: note.Verifier, made: Sequence[Organisation]) -> str:
    """The policy file: of the witnesses a quorum, and of the validators a quorum."""
    lines = [f"log {log.vkey}"]
    names: dict[str, list[str]] = {role: [] for role in GROUPS}
    for one in made:
        for role, members in names.items():
            for key in one.home.cosigners(role):
                lines.append(f"witness {key.verifier.name} {key.verifier.vkey} {one.url}/{role}")
                members.append(key.verifier.name)
    needed = quorum(len(made))
    lines += [f"group {GROUPS[role]} {needed} {' '.join(names[role])}" for role in GROUPS]
    lines += ["group consortium all witnesses validators", "quorum consortium"]
    return "".join(f"{line}\n" for line in lines)


def quorum(organisations: int) -> int:
    """
    How many of n must agree: more than (n + f) / 2, where f = ⌊(n − 1) / 3⌋ may lie.

    So two quorums always share one who does not lie; of 4 it is 3, of 7 it is 5.
    """
    liars = (organisations - 1) // 3
    return (organisations + liars) // 2 + 1


def _slugs() -> list[str]:
    """The first organisation of each kind that takes part."""
    network = loader.network()
    return [next(one.slug for one in network if one.kind == kind) for kind in KINDS]


def _organisation(home: Path, slug: str, log_url: str, log: note.Verifier) -> Organisation:
    made = homes.make(
        home / "witnesses" / slug,
        slug,
        algorithms=(Algorithm.ED25519,),
        validates=True,
        log=WatchedLog((log.vkey,), log_url),
    )
    made.accept(law.document(), law.digest())
    return Organisation(slug, made, f"http://127.0.0.1:{ports.choose(home, f'witness-{slug}')}")
