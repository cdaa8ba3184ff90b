"""
The rules that a log's entries obey, replayed from entry 0.

``Replay.check`` enforces, for each entry in turn:

1. it is a signed note whose text is a statement in its one form, for this log;
2. entry 0, and no other, is ``log.open``, signed by the log's key; it registers the service keys;
3. its version and ``prev`` follow the latest entry about the same subject;
4. every signature is valid and by a key registered before and not revoked, each key once;
5. ``by`` names one of the signers;
6. ``key.register`` is also signed by the new key and by the registrar; after ``key.revoke`` the key
   signs nothing more, and is never registered again; a key that waits, and those that it is to
   replace, obey ``ledger.replacing``;
7. where the log names a law that is at hand: it is a lawful move of its subject (``ledger.law``),
   and its ``at`` is not back-dated: by more than the law's ``skew`` before the subject's previous
   entry or the registration of a key that signed, or by more than ``late`` before the latest ``at``
   of all entries so far. (An entry's ``at`` is when it was drawn, minutes before it was appended.)

8. after ``log.freeze`` there is nothing; a log that continues another one names where that ended,
   and is the one that was named there (``ledger.succession``).

What it must remember lies in a ``Store``: in memory, or in a file to be resumed from.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from nacl import bindings
from nacl.exceptions import BadSignatureError

from ledger import note as notes
from ledger import replacing, succession
from ledger.broken import Broken as Broken
from ledger.broken import Early as Early
from ledger.enrolled import HELD, key_of, new_key
from ledger.entry import Statement
from ledger.law import NEW_KEY, Law, Standing, Unlawful
from ledger.memory import PAST, Key, KeyName, Memory, Position, Store, Subject

OPEN, REGISTER, REVOKE, LAW = "log.open", "key.register", "key.revoke", "log.law"
FREEZE = succession.FREEZE
REGISTRAR, LOG = "registrar", "log"

Laws = Callable[[str], Law | None]
"""
Gives the law of this digest ("" where the log names none), or None to do without.
It may raise ``Broken`` to refuse the log for it.
"""


class Replay:
    """What the entries so far say: the keys that count, and where each subject stands."""

    def __init__(
        self, log: notes.Verifier, laws: Laws | None = None, store: Store | None = None
    ) -> None:
        """Without ``laws`` the rules 1 to 6 alone are enforced. ``store`` may be half-way."""
        self._log = log
        self._laws = laws
        self.store: Store = Memory() if store is None else store
        self.not_after: datetime | None = None
        self.law: Law | None = None
        if self.position.entries:
            self.law = self._find_law(self.position.law)
        else:
            holder = {**dict.fromkeys(HELD, ""), "role": LOG, "name": log.name, "patient": ""}
            self._put_service((log.name, log.key_id), Key(log.public_key, PAST, holder))

    @property
    def position(self) -> Position:
        """How far it has come."""
        return self.store.position

    @property
    def entries(self) -> int:
        """How many entries were replayed: the index of the next."""
        return self.position.entries

    @property
    def subjects(self) -> int:
        """How many subjects there are."""
        return self.position.subjects

    @property
    def keys(self) -> int:
        """How many keys have been registered, the log's own and revoked ones included."""
        return self.position.keys

    def check(self, entry: bytes, leaf: bytes) -> Statement:
        """
        Replay one entry; ``leaf`` is its leaf hash. Gives what it says.

        Raises:
            Broken: it breaks a rule. The replay is of no use afterwards.
            Early: its ``at`` is after ``not_after``. Nothing has changed.
        """
        try:
            note = notes.parse(entry)
            statement = Statement.parse(note.text)
        except notes.Malformed as error:
            raise Broken("entry.malformed", str(error)) from error
        if self.not_after is not None and statement.at > self.not_after:
            raise Early(f"its time, {statement.at.isoformat()}, has not come yet")
        if statement.log != self._log.name:
            raise Broken("entry.other_log", f"it is for another log: {statement.log}")
        if (statement.kind == OPEN) != (self.entries == 0):
            raise Broken("log.opening", "the first entry, and no other, opens the log")
        if self.position.successor:
            raise Broken("log.frozen", "it follows the entry that ended the log")
        previous = self.store.subject(statement.subject) if self.entries else None  # "log" is anew
        _check_chain(statement, previous)
        signers = self._check_signers(statement, note)
        if statement.kind == OPEN:
            self._open(statement)
        standing = self._judge(statement, previous, signers) if self.law else None
        self._put_subject(statement, previous, leaf, standing)
        self._obey(statement)
        return statement

    def _obey(self, statement: Statement) -> None:
        """Draw the consequences for what comes after."""
        if statement.kind == REGISTER:
            verifier = key_of(statement.facts.get("vkey"))
            new = new_key(statement, verifier)
            replacing.begin(self.store, statement, new)
            self._put_key((verifier.name, verifier.key_id), new)
        elif statement.kind == REVOKE:
            self._revoke(statement)
        elif statement.kind == LAW:
            self._change_law(statement)
        elif statement.kind == FREEZE:
            self.position.successor = key_of(statement.facts.get(succession.SUCCESSOR)).vkey
        position = self.position
        position.latest = max(position.latest, statement.at)
        position.entries += 1

    def _check_signers(self, statement: Statement, note: notes.Note) -> list[Key]:
        newcomer = self._newcomer(statement) if statement.kind == REGISTER else None
        signers: dict[KeyName, Key] = {}
        for signature in note.signatures:
            name = (signature.name, signature.key_id)
            if newcomer is not None and name == newcomer[0]:
                key = newcomer[1]
            else:
                key = self._live_key(name, statement)
            try:
                bindings.crypto_sign_open(signature.value + note.text, key.public_key)
            except (BadSignatureError, ValueError) as error:
                text = f"the signature of {signature.name} is wrong"
                raise Broken("signature.wrong", text) from error
            if name in signers:
                raise Broken("signature.twice", f"{signature.name} signed twice")
            signers[name] = key
        if all(name != statement.by for name, _ in signers):
            raise Broken("signature.missing", f"{statement.by} did not sign")
        if newcomer is not None:
            self._check_registration(newcomer[0], signers)
        return list(signers.values())

    def _live_key(self, name: KeyName, statement: Statement) -> Key:
        key = self.store.key(name)
        if key is None:
            raise Broken("key.unregistered", f"the key {name[0]} is not registered")
        replacing.check_signs(self.store, name[0], key, statement)
        return key

    def _newcomer(self, statement: Statement) -> tuple[KeyName, Key]:
        verifier = key_of(statement.facts.get("vkey"))
        name = (verifier.name, verifier.key_id)
        if self.store.key(name) is not None:
            text = f"the key {verifier.name} has been registered before"
            raise Broken("key.registered_before", text)
        key = new_key(statement, verifier)
        key.holder["role"] = NEW_KEY
        return name, key

    def _check_registration(self, new: KeyName, signers: Iterable[KeyName]) -> None:
        if new not in signers:
            raise Broken("key.new_did_not_sign", "the new key did not sign")
        if self.position.registrar not in set(signers):
            raise Broken("key.registrar_did_not_sign", "the registrar did not sign")

    def _judge(
        self, statement: Statement, previous: Subject | None, signers: list[Key]
    ) -> Standing:
        law = self.law
        assert law is not None
        self._check_time(statement, previous, signers, law)
        before = previous.standing if previous else None
        holders = [key.holder for key in signers]
        try:
            ruling = law.judge(statement, before, holders, self._standing)
        except Unlawful as error:
            raise Broken(error.rule, error.text) from error
        for name, standing in ruling.others.items():
            subject = self.store.subject(name)
            assert subject is not None
            subject.standing = standing
            self.store.put_subject(name, subject)
        return ruling.standing

    def _standing(self, subject: str) -> Standing | None:
        found = self.store.subject(subject)
        return found.standing if found else None

    def _check_time(
        self, statement: Statement, previous: Subject | None, signers: list[Key], law: Law
    ) -> None:
        at = statement.at
        if previous is not None and previous.at - at > law.skew:
            raise Broken("law.back_dated", "it is dated before its subject's previous entry")
        if any(key.at != PAST and key.at - at > law.skew for key in signers):
            raise Broken("law.before_key", "it is dated before the key that signed was registered")
        if self.entries and self.position.latest - at > law.late:
            late_s = int(law.late.total_seconds())
            raise Broken("law.back_dated", f"it is dated over {late_s} s before entries before it")

    def _open(self, statement: Statement) -> None:
        try:
            succession.check_opening(statement, self._log, self.position.predecessor)
        except succession.Discontinued as error:
            raise Broken("log.discontinued", str(error)) from error
        service_keys = statement.facts.get("service_keys")
        if not isinstance(service_keys, dict):
            raise Broken("log.service_keys", "it names no service keys")
        for role, vkey in service_keys.items():
            verifier = key_of(vkey)
            name = (verifier.name, verifier.key_id)
            holder = {**dict.fromkeys(HELD, ""), "role": role, "owner": verifier.name}
            holder |= {"name": verifier.name, "patient": ""}
            self._put_service(name, Key(verifier.public_key, statement.at, holder))
            if role == REGISTRAR:
                self.position.registrar = name
        self._change_law(statement)

    def _change_law(self, statement: Statement) -> None:
        named = statement.facts.get("law", "")
        digest = named if isinstance(named, str) else ""
        self.law = self._find_law(digest)
        self.position.law = digest

    def _find_law(self, digest: str) -> Law | None:
        return self._laws(digest) if self._laws else None

    def _revoke(self, statement: Statement) -> None:
        verifier = key_of(statement.facts.get("vkey"))
        name = (verifier.name, verifier.key_id)
        key = self.store.key(name)
        if key is None or key.revoked:
            raise Broken("key.not_in_force", f"the key {verifier.name} was not in force")
        key.revoked = True
        self.store.put_key(name, key)
        replacing.end(self.store, statement, key)

    def _put_service(self, name: KeyName, key: Key) -> None:
        self._put_key(name, key)
        if name not in self.position.services:
            self.position.services += (name,)

    def _put_key(self, name: KeyName, key: Key) -> None:
        if self.store.key(name) is None:
            self.position.keys += 1
        self.store.put_key(name, key)

    def _put_subject(
        self,
        statement: Statement,
        previous: Subject | None,
        leaf: bytes,
        standing: Standing | None,
    ) -> None:
        if previous is None:
            self.position.subjects += 1
        subject = Subject(statement.version, leaf, statement.at, standing)
        self.store.put_subject(statement.subject, subject)


def _check_chain(statement: Statement, previous: Subject | None) -> None:
    if previous is None:
        if statement.version != 1:
            raise Broken("chain.version", f"version {statement.version} comes first")
        return
    if statement.version != previous.version + 1:
        text = f"version {statement.version} follows version {previous.version}"
        raise Broken("chain.version", text)
    if statement.prev != previous.leaf:
        raise Broken("chain.prev", "prev is not the hash of the previous version")
