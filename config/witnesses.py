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
from ledger import keyfile
from ledger.cosignature import Algorithm
from ledger.policy import Policy
from ledger.witness import home as homes
from ledger.witness.home import VALIDATOR, WITNESS, WatchedLog

KINDS = ("hospital", "pharmacy", "insurer", "regulator")
GROUPS = {WITNESS: "witnesses", VALIDATOR: "validators"}
ORIGIN = "rx.example/log"
VKeys = tuple[str, ...]
LogKeys = Mapping[str, VKeys]
"""Log's name → its verifier keys: Ed25519, and ML-DSA-44 where it has one."""


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
    first, post_quantum = env.get("RX_ORIGIN", ORIGIN), env.get("RX_POST_QUANTUM") == "1"
    folder, lines = Path(env.get("RX_KEYS") or home / "keys"), int(env.get("RX_LINES", "1"))
    keys = _log_keys(folder, first, lines, post_quantum=post_quantum)
    logs = [_watched(name, vkeys, web_url, first) for name, vkeys in keys.items()]
    made = [_organisation(home, slug, logs, post_quantum=post_quantum) for slug in _slugs()]
    _write_policy(home, policy(keys, made))
    return made


def are_ours(home: Path) -> bool:
    """Whether the sample organisations' homes are in this home."""
    return (home / "witnesses").is_dir()


def watch(home: Path, more: LogKeys) -> None:
    """The sample organisations watch more logs, and agree on a policy that names them."""
    path = home / "policy"
    agreed = Policy.parse(path.read_bytes())
    known = [one.verifier.name for one in agreed.logs]
    fresh = {name: vkeys for name, vkeys in more.items() if name not in known}
    for folder in sorted((home / "witnesses").iterdir()):
        organisation = homes.load(folder)
        web_url = organisation.logs[0].url.removesuffix("/log")
        for name, vkeys in fresh.items():
            organisation = organisation.watching(_watched(name, vkeys, web_url, known[0]))
    lines = agreed.text.decode().splitlines(keepends=True)
    lines[len(known) : len(known)] = [f"{line}\n" for line in log_lines(fresh)]
    _write_policy(home, "".join(lines))


def log_lines(keys: LogKeys) -> list[str]:
    """What a policy says of logs."""
    return [f"log {vkey}" for vkeys in keys.values() for vkey in vkeys]


def _write_policy(home: Path, text: str) -> None:
    draft = home / f"policy.{os.getpid()}"
    draft.write_text(text)
    draft.replace(home / "policy")


def _log_keys(folder: Path, first: str, lines: int, *, post_quantum: bool) -> dict[str, VKeys]:
    """The keys of all logs, the first log's first; made where they are missing."""
    places = {first: folder}
    for name in (*(f"{first}/{number}" for number in range(1, lines)), f"{first}/national"):
        places[name] = folder / "logs" / _suffix(name, first)
    for path in sorted(folder.glob(f"logs/*/{keyfile.LOG_KEY}")):  # those that continue others
        places.setdefault(keyfile.load(path).verifier.name, path.parent)
    for name, place in places.items():
        keyfile.make_log_keys(place, name, post_quantum=post_quantum)
    return {name: keyfile.log_vkeys(place) for name, place in places.items()}


def _suffix(name: str, first: str) -> str:
    return name.removeprefix(first).removeprefix("/").replace("/", ".")


def _watched(name: str, vkeys: VKeys, web_url: str, first: str) -> WatchedLog:
    suffix = _suffix(name, first)
    return WatchedLog(vkeys, f"{web_url}/logs/{suffix}" if suffix else f"{web_url}/log")


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


def policy(keys: LogKeys, made: Sequence[Organisation]) -> str:
    """
    The policy file: of the witnesses a quorum, and of the validators a quorum.

    An organisation with two keys counts where both have cosigned, so both algorithms must be broken
    before anybody can speak for it.
    """
    lines = log_lines(keys)
    members: dict[str, list[str]] = {role: [] for role in GROUPS}
    for one in made:
        for role, names in members.items():
            own = [key.verifier for key in one.home.cosigners(role)]
            lines += [f"witness {key.name} {key.vkey} {one.url}/{role}" for key in own]
            if len(own) > 1:
                lines.append(f"group {one.slug}/{role}s all {' '.join(key.name for key in own)}")
            names.append(own[0].name if len(own) == 1 else f"{one.slug}/{role}s")
    needed = quorum(len(made))
    lines += [f"group {GROUPS[role]} {needed} {' '.join(members[role])}" for role in GROUPS]
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


def _organisation(
    home: Path, slug: str, logs: Sequence[WatchedLog], *, post_quantum: bool
) -> Organisation:
    algorithms = tuple(Algorithm) if post_quantum else (Algorithm.ED25519,)
    for log in logs:
        made = homes.make(
            home / "witnesses" / slug, slug, algorithms=algorithms, validates=True, log=log
        )
    made.accept(law.document(), law.digest())
    return Organisation(slug, made, f"http://127.0.0.1:{ports.choose(home, f'witness-{slug}')}")
