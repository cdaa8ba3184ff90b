"""
What a key may do at a moment: told from times alone, so nothing has to happen when they come.

    active      it signs
    waiting     registered after a loss; it signs nothing before ``active_from``
    suspended   a waiting key will replace it; it signs nothing but the objection to that
    replaced    that key's time has come: as if revoked
    revoked     by an entry; it signs nothing more
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hospital import errors
from hospital.units import stamp

LEAST_WAIT = timedelta(hours=24)
"""How long a key that was registered after a loss waits at least; the law of the log says it."""


class KeyState(StrEnum):
    ACTIVE = "active"
    WAITING = "waiting"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    REVOKED = "revoked"


class RevokedKey(errors.Forbidden):
    """The key was revoked, or another has taken its place."""

    code = "key.revoked"


class WaitingKey(errors.Forbidden):
    """This key was registered after a loss; it signs nothing before its time."""

    code = "key.waiting"


class SuspendedKey(errors.Forbidden):
    """Somebody with your face is replacing this key: until then it signs only an objection."""

    code = "key.suspended"


@dataclass(frozen=True, slots=True)
class Times:
    """When what befell a key; see ``models.Key``."""

    revoked_at: datetime | None
    active_from: datetime | None
    replaced_from: datetime | None


def state(key: Times, at: datetime) -> KeyState:
    """``active_from`` and ``replaced_from`` belong to what comes after them."""
    if key.revoked_at is not None:
        return KeyState.REVOKED
    if key.active_from is not None and at < key.active_from:
        return KeyState.WAITING
    if key.replaced_from is None:
        return KeyState.ACTIVE
    return KeyState.SUSPENDED if at < key.replaced_from else KeyState.REPLACED


def check(name: str, key: Times, *at: datetime) -> None:
    """
    Raises ``RevokedKey``, ``WaitingKey``, ``SuspendedKey`` unless the key signs at all of ``at``.
    """
    for moment in sorted(at, reverse=True):
        now = state(key, moment)
        if now in (KeyState.REVOKED, KeyState.REPLACED):
            raise RevokedKey(key=name)
        if now is KeyState.WAITING:
            assert key.active_from is not None
            raise WaitingKey(key=name, active_from=stamp(key.active_from))
        if now is KeyState.SUSPENDED:
            assert key.replaced_from is not None
            raise SuspendedKey(key=name, until=stamp(key.replaced_from))
