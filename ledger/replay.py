"""
The rules that a log's entries obey, replayed from entry 0.

``Replay.check`` enforces, for each entry in turn:

1. it is a signed note whose text is a statement in its one form, for this log;
2. entry 0, and no other, is ``log.open``, signed by the log's key; it registers the service keys;
3. its version and ``prev`` follow the latest entry about the same subject;
4. every signature is valid and by a key registered before and not revoked, each key once;
5. ``by`` names one of the signers;
6. ``key.register`` is also signed by the new key and by the registrar; after ``key.revoke`` the key
   signs nothing more, and is never registered again.

It does not know which moves a prescription may make: that is a validator's law.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nacl import bindings
from nacl.exceptions import BadSignatureError

from ledger import note as notes
from ledger.entry import Statement

OPEN, REGISTER, REVOKE = "log.open", "key.register", "key.revoke"
REGISTRAR = "registrar"

_KeyName = tuple[str, bytes]


class Broken(ValueError):
    """The entry breaks a rule; the message says which."""


@dataclass(slots=True)
class _Subject:
    version: int
    leaf: bytes


class Replay:
    """What the entries so far say: the keys that count, and each subject's latest entry."""

    def __init__(self, log: notes.Verifier) -> None:
        self._log = log
        self._keys: dict[_KeyName, bytes] = {(log.name, log.key_id): log.public_key}
        self._revoked: set[_KeyName] = set()
        self._registrar: _KeyName | None = None
        self._subjects: dict[str, _Subject] = {}
        self.entries = 0

    @property
    def subjects(self) -> int:
        """How many subjects there are."""
        return len(self._subjects)

    @property
    def keys(self) -> int:
        """How many keys have been registered, the log's own and revoked ones included."""
        return len(self._keys) + len(self._revoked)

    def check(self, entry: bytes, leaf: bytes) -> None:
        """
        Replay one entry; ``leaf`` is its leaf hash.

        Raises:
            Broken: it breaks a rule. The replay is of no use afterwards.
        """
        try:
            note = notes.parse(entry)
            statement = Statement.parse(note.text)
        except notes.Malformed as error:
            raise Broken(str(error)) from error
        if statement.log != self._log.name:
            raise Broken(f"it is for another log: {statement.log}")
        if (statement.kind == OPEN) != (self.entries == 0):
            raise Broken("the first entry, and no other, opens the log")
        self._check_chain(statement, leaf)
        if statement.kind == REGISTER:
            self._register(statement, note)
        else:
            self._check_signers(statement, note, self._keys)
        if statement.kind == OPEN:
            self._open(statement)
        elif statement.kind == REVOKE:
            self._revoke(statement)
        self.entries += 1

    def _check_chain(self, statement: Statement, leaf: bytes) -> None:
        latest = self._subjects.get(statement.subject)
        if latest is None:
            if statement.version != 1:
                raise Broken(f"version {statement.version} comes first")
            self._subjects[statement.subject] = _Subject(1, leaf)
            return
        if statement.version != latest.version + 1:
            raise Broken(f"version {statement.version} follows version {latest.version}")
        if statement.prev != latest.leaf:
            raise Broken("prev is not the hash of the previous version")
        latest.version, latest.leaf = statement.version, leaf

    def _check_signers(
        self, statement: Statement, note: notes.Note, keys: Mapping[_KeyName, bytes]
    ) -> set[_KeyName]:
        signers: set[_KeyName] = set()
        for signature in note.signatures:
            key = (signature.name, signature.key_id)
            public_key = keys.get(key)
            if public_key is None:
                state = "revoked" if key in self._revoked else "not registered"
                raise Broken(f"the key {signature.name} is {state}")
            try:
                bindings.crypto_sign_open(signature.value + note.text, public_key)
            except (BadSignatureError, ValueError) as error:
                raise Broken(f"the signature of {signature.name} is wrong") from error
            if key in signers:
                raise Broken(f"{signature.name} signed twice")
            signers.add(key)
        if all(name != statement.by for name, _ in signers):
            raise Broken(f"{statement.by} did not sign")
        return signers

    def _open(self, statement: Statement) -> None:
        service_keys = statement.facts.get("service_keys")
        if not isinstance(service_keys, dict):
            raise Broken("it names no service keys")
        for role, vkey in service_keys.items():
            verifier = _verifier(vkey)
            key = (verifier.name, verifier.key_id)
            self._keys[key] = verifier.public_key
            if role == REGISTRAR:
                self._registrar = key

    def _register(self, statement: Statement, note: notes.Note) -> None:
        verifier = _verifier(statement.facts.get("vkey"))
        key = (verifier.name, verifier.key_id)
        if key in self._keys or key in self._revoked:
            raise Broken(f"the key {verifier.name} has been registered before")
        signers = self._check_signers(statement, note, {**self._keys, key: verifier.public_key})
        if key not in signers:
            raise Broken("the new key did not sign")
        if self._registrar not in signers:
            raise Broken("the registrar did not sign")
        self._keys[key] = verifier.public_key

    def _revoke(self, statement: Statement) -> None:
        verifier = _verifier(statement.facts.get("vkey"))
        key = (verifier.name, verifier.key_id)
        if self._keys.pop(key, None) is None:
            raise Broken(f"the key {verifier.name} was not in force")
        self._revoked.add(key)


def _verifier(vkey: Any) -> notes.Verifier:
    try:
        return notes.Verifier.from_vkey(vkey if isinstance(vkey, str) else "")
    except notes.Malformed as error:
        raise Broken(f"not a verifier key: {vkey!r}") from error


def subjects_of(entries: Iterable[bytes]) -> list[str]:
    """Name the subjects of entries that may be damaged; empty where it cannot be read."""
    found = []
    for entry in entries:
        try:
            found.append(Statement.parse(notes.parse(entry).text).subject)
        except notes.Malformed:
            found.append("")
    return found
