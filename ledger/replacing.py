"""
Keys that wait, and keys that they replace. Part of ``ledger.replay``.

A ``key.register`` with the facts ``active_from`` (a moment) and ``replaces`` (verifier keys) is of
somebody who has lost those. Then

1. each of them is in force, of the same owner and patient, and not being replaced already;
2. the new key signs nothing that is dated before ``active_from``;
3. those that it replaces sign nothing more, but, dated before ``active_from``, its ``key.revoke``;
4. a ``key.revoke`` of it that is dated before ``active_from`` puts them in force again.

Nobody can see from the entries alone whether all keys of the owner were named.
"""

from datetime import datetime

from ledger.broken import Broken
from ledger.enrolled import key_of
from ledger.entry import Statement
from ledger.memory import Key, Store

ACTIVE_FROM, REPLACES, REPLACED_BY, REVOKE = "active_from", "replaces", "replaced_by", "key.revoke"
"""Facts of an entry, the first two; as members of ``Key.holder`` all are text."""


def check_signs(store: Store, name: str, key: Key, statement: Statement) -> None:
    """Raises ``Broken`` unless ``key``, called ``name``, may sign this statement."""
    if key.revoked:
        raise Broken("key.revoked", f"the key {name} is revoked")
    if _waits(key, statement):
        raise Broken("key.waiting", f"the key {name} signs before its time")
    newer = key.holder.get(REPLACED_BY)
    if newer is None:
        return
    objects = statement.kind == REVOKE and statement.facts.get("vkey") == newer
    if not (objects and _waits(_found(store, newer), statement)):
        raise Broken("key.replaced", f"the key {name} is being replaced, or was")


def begin(store: Store, statement: Statement, new: Key) -> None:
    """
    Let a registered key wait, and those that it replaces sign no more, if its entry says so.

    ``new`` is not in the store yet. Raises ``Broken``.
    """
    since, replaces = statement.facts.get(ACTIVE_FROM), statement.facts.get(REPLACES)
    if since is None and replaces is None:
        return
    new.holder[ACTIVE_FROM] = _moment(since).isoformat()
    if not isinstance(replaces, list):
        raise Broken("key.bad_replacement", "it does not say which keys it replaces")
    for vkey in replaces:
        old = _found(store, vkey)
        if old.revoked or REPLACED_BY in old.holder or _waits(old, statement):
            raise Broken("key.not_in_force", f"the key {vkey!r} was not in force")
        if any(old.holder[one] != new.holder[one] for one in ("owner", "patient")):
            raise Broken("key.foreign", f"the key {vkey!r} is somebody else's")
        old.holder[REPLACED_BY] = key_of(statement.facts.get("vkey")).vkey
        _put(store, vkey, old)
    new.holder[REPLACES] = " ".join(replaces)


def end(store: Store, statement: Statement, revoked: Key) -> None:
    """Put those in force again that a key was to replace which was ``revoked`` while it waited."""
    if not _waits(revoked, statement):
        return
    for vkey in revoked.holder[REPLACES].split():
        old = _found(store, vkey)
        del old.holder[REPLACED_BY]
        _put(store, vkey, old)


def _waits(key: Key, statement: Statement) -> bool:
    since = key.holder.get(ACTIVE_FROM)
    return since is not None and statement.at < datetime.fromisoformat(since)


def _found(store: Store, vkey: object) -> Key:
    verifier = key_of(vkey)
    key = store.key((verifier.name, verifier.key_id))
    if key is None:
        raise Broken("key.unregistered", f"the key {verifier.name} is not registered")
    return key


def _put(store: Store, vkey: str, key: Key) -> None:
    verifier = key_of(vkey)
    store.put_key((verifier.name, verifier.key_id), key)


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise Broken("key.bad_replacement", "it does not say from when the key signs") from error
    if moment.tzinfo is None:
        raise Broken("key.bad_replacement", "it does not say from when the key signs")
    return moment
