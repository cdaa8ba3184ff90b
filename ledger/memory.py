"""What a replay must remember of a log: its keys, and each subject's latest entry."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from ledger.law import Standing

PAST = datetime.min.replace(tzinfo=UTC)
KeyName = tuple[str, bytes]
"""A key's name and its 4-byte id."""


@dataclass(slots=True)
class Subject:
    """A subject's latest entry, and where it stands if a law is in force."""

    version: int
    leaf: bytes
    at: datetime
    standing: Standing | None = None


@dataclass(slots=True)
class Key:
    """A registered key: since when, whose (see ``law.Holder``), and whether it was revoked."""

    public_key: bytes
    at: datetime
    holder: dict[str, str]
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The frozen log that this one continues, and the verifier key that it named as successor."""

    origin: str
    size: int
    root: bytes
    successor: str


@dataclass(slots=True)
class Position:
    """
    How far a replay has come. ``latest`` is the latest ``at``, ``law`` the digest in force.

    ``services`` are the log's own and its service keys, which end with the log; ``successor`` is
    the verifier key that a frozen log names, ``predecessor`` what came before (see ``succession``).
    """

    entries: int = 0
    subjects: int = 0
    keys: int = 0
    latest: datetime = PAST
    law: str = ""
    registrar: KeyName | None = None
    services: tuple[KeyName, ...] = ()
    successor: str = ""
    predecessor: Predecessor | None = None


class Store(Protocol):
    """Where a replay remembers. What is got back equals what was put, and may be changed."""

    position: Position

    def subject(self, name: str) -> Subject | None:
        """The subject of this name."""

    def put_subject(self, name: str, subject: Subject) -> None:
        """Remember a subject."""

    def key(self, name: KeyName) -> Key | None:
        """The key of this name and id, revoked or not."""

    def put_key(self, name: KeyName, key: Key) -> None:
        """Remember a key."""


@dataclass(slots=True)
class Memory:
    """A store that ends with the process."""

    position: Position = field(default_factory=Position)
    _subjects: dict[str, Subject] = field(default_factory=dict)
    _keys: dict[KeyName, Key] = field(default_factory=dict)

    def subject(self, name: str) -> Subject | None:
        return self._subjects.get(name)

    def put_subject(self, name: str, subject: Subject) -> None:
        self._subjects[name] = subject

    def key(self, name: KeyName) -> Key | None:
        return self._keys.get(name)

    def put_key(self, name: KeyName, key: Key) -> None:
        self._keys[name] = key
