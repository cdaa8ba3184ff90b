"""
An organisation's folder: its keys, the logs that it watches, the laws that it has accepted.

    config.json          name, algorithms, logs (origin, verifier keys, address of the tiles)
    witness.key          Ed25519 keys: "I have seen no other history"
    validator.key        "and every entry obeys the law"; there if the organisation validates
    *.ml-dsa.key         the same for ML-DSA-44, where wanted
    laws/<sha256>.json   accepted laws
    witness.db, validator.db, replay-…/   what must never be forgotten (SQLite)

Making a folder is repeatable: what is there stays as it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ledger import keyfile, patients, policy
from ledger.cosignature import Algorithm, Cosigner
from ledger.note import Malformed

CONFIG, LAWS = "config.json", "laws"
WITNESS, VALIDATOR = "witness", "validator"
ROLES = (WITNESS, VALIDATOR)
_FILES = {Algorithm.ED25519: "{role}.key", Algorithm.ML_DSA_44: "{role}.ml-dsa.key"}


class BadHome(Exception):
    """The folder cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class WatchedLog:
    """A log: its verifier keys (all of one origin), and where its tiles are served."""

    vkeys: tuple[str, ...]
    url: str

    @property
    def keys(self) -> policy.Policy:
        """The keys that may sign its checkpoints, as a policy that asks for no witness."""
        lines = [f"log {vkey}\n" for vkey in self.vkeys]
        found = policy.Policy.parse("".join([*lines, f"quorum {policy.NONE}\n"]).encode())
        if any(patients.log_of(log.verifier.name) for log in found.logs):
            # else a checkpoint of this log would say something of another's patients, too
            raise Malformed("this name is for the patients' lists of a log")
        if len({log.verifier.name for log in found.logs}) != 1:
            raise Malformed("the keys are not those of one log")
        return found

    @property
    def origin(self) -> str:
        return self.keys.logs[0].verifier.name


@dataclass(frozen=True, slots=True)
class Home:
    """A folder and what its configuration says."""

    path: Path
    name: str
    algorithms: tuple[str, ...]
    validates: bool
    logs: tuple[WatchedLog, ...]

    @property
    def roles(self) -> Sequence[str]:
        """In which of ``ROLES`` it cosigns."""
        return ROLES if self.validates else (WITNESS,)

    def cosigners(self, role: str) -> list[Cosigner]:
        """The private keys of one role. Raises ``BadHome``."""
        return [self._key(role, Algorithm[name]) for name in self.algorithms]

    def policy_lines(self) -> list[str]:
        """``witness <name> <vkey>`` for each key; the URL is for whoever knows it."""
        return [_line(key) for role in self.roles for key in self.cosigners(role)]

    def accept(self, law: bytes, digest: str) -> None:
        """Obey this law from now on."""
        folder = self.path / LAWS
        folder.mkdir(exist_ok=True)
        _replace(folder / f"{digest}.json", law)

    def watching(self, log: WatchedLog) -> Home:
        """The same home, watching one more log; what it knew of this origin is replaced."""
        others = tuple(one for one in self.logs if one.origin != log.origin)
        home = replace(self, logs=(*others, log))
        home._save()
        return home

    def _make_keys(self, roles: Sequence[str]) -> None:
        """Make the keys of these roles; one that is there stays: a crash left it."""
        for role in roles:
            for algorithm in map(Algorithm.__getitem__, self.algorithms):
                file = self.path / _FILES[algorithm].format(role=role)
                if not file.exists():
                    key_name = _key_name(self.name, role, algorithm)
                    keyfile.save(file, Cosigner.generate(key_name, algorithm))

    def _key(self, role: str, algorithm: Algorithm) -> Cosigner:
        path = self.path / _FILES[algorithm].format(role=role)
        try:
            if path.stat().st_mode & 0o077:
                raise BadHome(f"{path} can be read by others: chmod 600 {path}")
            return keyfile.load_cosigner(path, algorithm)
        except (OSError, ValueError) as error:
            raise BadHome(f"no usable key {path}: {error}") from error

    def _save(self) -> None:
        content = asdict(self)
        del content["path"]
        _replace(self.path / CONFIG, f"{json.dumps(content, indent=1)}\n".encode())


def make(
    path: Path, name: str, *, algorithms: Sequence[Algorithm], validates: bool, log: WatchedLog
) -> Home:
    """
    Make a folder with new keys, or open it if it is there, and watch ``log``.

    One that is to validate from now on, or to sign by another algorithm too, gets the keys that it
    lacks; no key is ever made again or taken away. ``algorithms`` is Ed25519 if it is empty.

    Raises:
        BadHome: it is there under another name.
        policy.BadPolicy, note.Malformed: a key of the log or the name is unfit.
    """
    log.keys  # noqa: B018 -- unfit keys are refused before anything is made
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (path / CONFIG).exists():
        names = tuple(one.name for one in algorithms or (Algorithm.ED25519,))
        home = Home(path, name, names, validates, ())
        home._make_keys(home.roles)
        return home.watching(log)
    home = load(path)
    if home.name != name:
        raise BadHome(f"{path} is the home of {home.name}")
    named = dict.fromkeys((*home.algorithms, *(one.name for one in algorithms)))
    wanted = replace(home, algorithms=tuple(named), validates=home.validates or validates)
    if wanted != home:
        wanted._make_keys(wanted.roles)
        wanted._save()
        home = wanted
    return home if log in home.logs else home.watching(log)


def load(path: Path) -> Home:
    """Open a folder. Raises ``BadHome``."""
    try:
        content = json.loads((path / CONFIG).read_bytes())
        logs = tuple(WatchedLog(tuple(one["vkeys"]), one["url"]) for one in content["logs"])
        algorithms = tuple(Algorithm[name].name for name in content["algorithms"])
        home = Home(path, content["name"], algorithms, content["validates"], logs)
        if type(home.name) is not str or type(home.validates) is not bool:
            raise TypeError("the name is no text, or validates is neither true nor false")
        for log in logs:  # what is unfit is refused here, not at the first request
            if type(log.url) is not str or not log.keys.logs:
                raise TypeError("a log has no address or no key")
    except FileNotFoundError as error:
        raise BadHome(f"{path} is no witness's home; make one: init --home {path} …") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadHome(f"{path / CONFIG} cannot be read: {error!r}") from error
    return home


def _key_name(name: str, role: str, algorithm: Algorithm) -> str:
    """A policy's names are unique, so the second key of a role has a name of its own."""
    suffix = "" if algorithm is Algorithm.ED25519 else "/ml-dsa"
    return f"{name}/{role}{suffix}"


def _line(key: Cosigner) -> str:
    return f"witness {key.verifier.name} {key.verifier.vkey}"


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    keyfile.sync_folder(path.parent)
    keyfile.sync_folder(path.parent)
