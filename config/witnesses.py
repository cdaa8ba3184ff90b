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
from ledger.policy import Policy
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


def prepare(home: Path, web_url: str, env: Mapping[str, str]) -> list[Organisation]:
    """
    Make homes and keys where they are missing, and write the policy.

    ``web_url`` is where the logs' tiles are served; ``env`` is the stack's environment.
    """
    keys = _log_keys(
        Path(env.get("RX_KEYS") or home / "keys"),
        env.get("RX_ORIGIN", ORIGIN),
        int(env.get("RX_LINES", "1")),
    )
    logs = [_watched(key, web_url, keys[0].name) for key in keys]
    made = [_organisation(home, slug, logs) for slug in _slugs()]
    _write_policy(home, policy(keys, made))
    return made


def are_ours(home: Path) -> bool:
    """Whether the sample organisations' homes are in this home."""
    return (home / "witnesses").is_dir()


def watch(home: Path, more: Sequence[note.Verifier]) -> None:
    """The sample organisations watch more logs, and agree on a policy that names them."""
    path = home / "policy"
    agreed = Policy.parse(path.read_bytes())
    known = [one.verifier.name for one in agreed.logs]
    fresh = [key for key in more if key.name not in known]
    for folder in sorted((home / "witnesses").iterdir()):
        organisation = homes.load(folder)
        web_url = organisation.logs[0].url.removesuffix("/log")
        for key in fresh:
            organisation = organisation.watching(_watched(key, web_url, known[0]))
    lines = agreed.text.decode().splitlines(keepends=True)
    lines[len(known) : len(known)] = [f"log {key.vkey}\n" for key in fresh]
    _write_policy(home, "".join(lines))


def _write_policy(home: Path, text: str) -> None:
    draft = home / f"policy.{os.getpid()}"
    draft.write_text(text)
    draft.replace(home / "policy")


def _log_keys(folder: Path, first: str, lines: int) -> list[note.Verifier]:
    """The keys of all logs, the first log's first; made where they are missing."""
    names = [*(f"{first}/{number}" for number in range(1, lines)), f"{first}/national"]
    found = [keyfile.load_or_make(folder / "log.key", first)]
    for name in names:
        suffix = name.removeprefix(f"{first}/").replace("/", ".")
        found.append(keyfile.load_or_make(folder / "logs" / suffix / "log.key", name))
    known = {one.verifier.name for one in found}
    for path in sorted(folder.glob("logs/*/log.key")):  # those of logs that continue others
        signer = keyfile.load(path)
        if signer.verifier.name not in known:
            found.append(signer)
    return [one.verifier for one in found]


def _watched(key: note.Verifier, web_url: str, first: str) -> WatchedLog:
    suffix = key.name.removeprefix(first).removeprefix("/").replace("/", ".")
    return WatchedLog((key.vkey,), f"{web_url}/logs/{suffix}" if suffix else f"{web_url}/log")


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


def policy(logs: Sequence[note.Verifier], made: Sequence[Organisation]) -> str:
    """The policy file: of the witnesses a quorum, and of the validators a quorum."""
    lines = [f"log {log.vkey}" for log in logs]
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


def _organisation(home: Path, slug: str, logs: Sequence[WatchedLog]) -> Organisation:
    for log in logs:
        made = homes.make(
            home / "witnesses" / slug,
            slug,
            algorithms=(Algorithm.ED25519,),
            validates=True,
            log=log,
        )
    made.accept(law.document(), law.digest())
    return Organisation(slug, made, f"http://127.0.0.1:{ports.choose(home, f'witness-{slug}')}")
