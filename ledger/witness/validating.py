"""The validator of one log as the server uses it: where its files lie, what its refusals are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ledger import note as notes
from ledger import treehead
from ledger.readers import Web
from ledger.witness.cosigning import NotAdmitted
from ledger.witness.home import LAWS, BadHome, Home, WatchedLog
from ledger.witness.patients import Lists, OutOfStep
from ledger.witness.validator import FILE, Behind, Refused, Validator


class Validating:
    """One log, replayed from its published tiles."""

    def __init__(self, home: Home, log: WatchedLog) -> None:
        """
        Raises ``BadHome`` if the log has no Ed25519 key: entry 0 is signed with it; or if what was
        replayed is older than this program's lists of patients.
        """
        folder = _folder(home, log.origin)
        folder.mkdir(mode=0o700, exist_ok=True)
        self.lists = Lists(folder / FILE)
        try:
            self._validator = Validator(
                folder,
                _key(log),
                Web(log.url),
                _laws(home.path),
                observers=[self.lists],
                home_of=lambda origin: _folder(home, origin),
            )
        except OutOfStep as error:
            raise BadHome(f"{error}; remove {folder}, and the log is replayed anew") from error

    def admit(self, head: treehead.TreeHead) -> None:
        """Replay up to ``head``; raises ``NotAdmitted`` unless every entry is lawful."""
        try:
            self._validator.admit(head)
        except Behind as error:
            raise NotAdmitted(503, str(error)) from error
        except Refused as error:
            raise NotAdmitted(422 if error.lasting else 503, f"{error.rule}: {error}") from error

    def status(self) -> dict[str, Any]:
        """See ``validator.Validator.status``."""
        return self._validator.status()


def _folder(home: Home, origin: str) -> Path:
    return home.path / f"replay-{hashlib.sha256(origin.encode()).hexdigest()[:16]}"


def _laws(home: Path) -> Path:
    folder = home / LAWS
    folder.mkdir(exist_ok=True)
    return folder


def _key(log: WatchedLog) -> notes.Verifier:
    for one in log.keys.logs:
        if isinstance(one.verifier, notes.Verifier):
            return one.verifier
    raise BadHome(f"{log.origin} has no Ed25519 key to replay its entries by")
