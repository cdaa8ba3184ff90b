"""
The policy: which logs count, which witnesses there are, and whose cosignatures make a quorum.

It is the consortium's agreement as a file, the same for the server, an insurer and a phone::

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>…
    quorum <name>|none

Lines may be indented; empty lines and lines that begin with ``#`` say nothing. A name is defined
before it is used, and is a member of one group at most, so that nobody counts twice. Names are
opaque bytes. Two keys that are the same underneath count as one, and are refused; so are two that
a signature line could not tell apart.

Source: https://c2sp.org/tlog-policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from ledger import cosignature, treehead
from ledger import note as notes
from ledger.cosignature import Verifier as Cosigner
from ledger.note import BadSignature, Malformed

MAX_BYTES = 256 << 10
NONE = "none"
_ALLOWED = frozenset((0x09, 0x0A, *range(0x20, 0x7F), *range(0x80, 0x100)))
LogKey = notes.Verifier | Cosigner


class BadPolicy(ValueError):
    """The file is no policy; ``line`` counts from 1, 0 where it is the whole file's fault."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}" if line else what)
        self.line, self.what = line, what


class NotFinal(ValueError):
    """Too few have cosigned the checkpoint for the policy's quorum."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log whose checkpoints count; its key's name is its origin. ``url`` may be empty."""

    verifier: LogKey
    url: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness; ``name`` is the policy's own, ``url`` the submission prefix, or empty."""

    name: str
    verifier: Cosigner
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """Satisfied when ``threshold`` of its members are."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Final:
    """A tree head that the quorum has cosigned: by the policy's name, seconds since 1970."""

    head: treehead.TreeHead
    cosigned: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy file; ``text`` is what it was read from."""

    logs: tuple[Log, ...]
    witnesses: Mapping[str, Witness]
    groups: Mapping[str, Group]
    quorum: str
    text: bytes

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """
        Read a policy file.

        Raises:
            BadPolicy: it breaks one of the rules above.
        """
        if len(data) > MAX_BYTES:
            raise BadPolicy(0, "the policy is too long")
        if not _ALLOWED.issuperset(data):
            raise BadPolicy(0, "the policy holds a control character")
        if data and not data.endswith(b"\n"):
            raise BadPolicy(0, "the last line does not end in a newline")
        reader = _Reader()
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            # surrogateescape keeps names that are not UTF-8 apart, byte for byte
            text = line.decode(errors="surrogateescape")
            words = [word for word in text.replace("\t", " ").split(" ") if word]
            if words and not words[0].startswith("#"):
                try:
                    reader.take(words)
                except (ValueError, UnicodeError) as error:
                    raise BadPolicy(number, str(error)) from error
        if reader.quorum is None:
            raise BadPolicy(0, "the policy has no quorum line")
        return cls(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum, data)

    @classmethod
    def of_log(cls, verifier: LogKey) -> Policy:
        """The policy that trusts one log and asks for no witness."""
        return cls.of_logs(verifier)

    @classmethod
    def of_logs(cls, *verifiers: LogKey) -> Policy:
        """The policy that trusts these logs and asks for no witness."""
        lines = [f"log {one.vkey}\n" for one in verifiers]
        return cls.parse(f"{''.join(lines)}quorum {NONE}\n".encode())

    def agreement(self) -> bytes:
        """What was agreed on, in one form: no addresses, which may change, and no comments."""
        lines = [f"log {log.verifier.vkey}" for log in self.logs]
        lines += [f"witness {name} {one.verifier.vkey}" for name, one in self.witnesses.items()]
        lines += [
            f"group {name} {group.threshold} {' '.join(group.members)}"
            for name, group in self.groups.items()
        ]
        lines.append(f"quorum {self.quorum}")
        return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")

    def is_met_by(self, names: Set[str], name: str | None = None) -> bool:
        """
        Tell whether these witnesses (the policy's names) make the quorum.

        ``name`` asks about another group or witness than the quorum's; unknown ones are not met.
        """
        name = self.quorum if name is None else name
        met = {each for each in self.witnesses if each in names}
        # Groups stand after their members, so one pass suffices, however deep they are nested.
        for group in self.groups.values():
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        return name == NONE or name in met

    def named(self, cosigned: Mapping[Cosigner, int]) -> dict[str, int]:
        """Turn keys into the policy's names; keys that it does not know are left out."""
        return {
            name: cosigned[witness.verifier]
            for name, witness in self.witnesses.items()
            if witness.verifier in cosigned
        }


def open_signed(checkpoint: bytes, policy: Policy) -> tuple[notes.Note, treehead.TreeHead]:
    """
    Read a checkpoint that a log of the policy signed; nobody need have cosigned it.

    Raises:
        Malformed: not a note with a tree head.
        BadSignature: no key that the policy lists for this origin signed it, or a line that
            carries such a key's name and id does not hold.
    """
    note = notes.parse(checkpoint)
    head = treehead.TreeHead.parse(note.text)
    keys = [log.verifier for log in policy.logs if log.verifier.name == head.origin]
    plain = [key for key in keys if isinstance(key, notes.Verifier)]
    timed = [key for key in keys if isinstance(key, Cosigner)]
    signed = len(notes.verified_by(note, plain)) + len(cosignature.cosigned_by(note, timed))
    if not signed:
        raise BadSignature(f"no log key of the policy signed the checkpoint of {head.origin}")
    return note, head


def final_head(checkpoint: bytes, policy: Policy, group: str | None = None) -> Final:
    """
    Read a checkpoint that is final under the policy.

    ``group`` asks for another group than the quorum.

    Raises:
        Malformed, BadSignature: as for ``open_signed``, or a witness's line does not hold.
        NotFinal: too few have cosigned it.
    """
    note, head = open_signed(checkpoint, policy)
    keys = [witness.verifier for witness in policy.witnesses.values()]
    cosigned = policy.named(cosignature.cosigned_by(note, keys))
    if not policy.is_met_by(cosigned.keys(), group):
        raise NotFinal(f"{len(cosigned)} of {len(keys)} witnesses have cosigned size {head.size}")
    return Final(head, cosigned)


class _Reader:
    """What has been defined so far."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._keys: dict[str, set[bytes]] = {"log": set(), "witness": set()}
        self._members: set[str] = set()

    def take(self, words: list[str]) -> None:
        verb, *rest = words
        lines = {"log": self._log, "witness": self._witness, "group": self._group}
        if verb in lines:
            lines[verb](rest)
        elif verb == "quorum":
            self._quorum(rest)
        else:
            raise Malformed(f"unknown line: {verb[:40]!r}")

    def _log(self, words: list[str]) -> None:
        _count(words, 1, 2)
        verifier = _log_key(words[0])
        self._once("log", verifier)
        self.logs.append(Log(verifier, "".join(words[1:])))

    def _witness(self, words: list[str]) -> None:
        _count(words, 2, 3)
        name, vkey = words[:2]
        self._new(name)
        verifier = Cosigner.from_vkey(vkey)
        self._once("witness", verifier)
        self.witnesses[name] = Witness(name, verifier, "".join(words[2:]))

    def _group(self, words: list[str]) -> None:
        _count(words, 3, len(words))
        name, threshold, *members = words
        self._new(name)
        for member in members:
            self._known(member)
            if member in self._members:
                raise Malformed(f"{member!r} is a member already")
            self._members.add(member)
        self.groups[name] = Group(name, _threshold(threshold, len(members)), tuple(members))

    def _quorum(self, words: list[str]) -> None:
        _count(words, 1, 1)
        if self.quorum is not None:
            raise Malformed("a second quorum line")
        if words[0] != NONE:
            self._known(words[0])
        self.quorum = words[0]

    def _new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise Malformed(f"the name {name!r} is taken")

    def _known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise Malformed(f"{name!r} is not defined above")

    def _once(self, kind: str, verifier: LogKey) -> None:
        # A line under a note names its key by name and id: two keys must not share both.
        marks = {verifier.public_key, verifier.name.encode() + b"\n" + verifier.key_id}
        if marks & self._keys[kind]:
            raise Malformed(f"the key of this {kind} stands above already")
        self._keys[kind] |= marks


def _log_key(vkey: str) -> LogKey:
    try:
        return notes.Verifier.from_vkey(vkey)
    except Malformed:
        verifier = Cosigner.from_vkey(vkey)
    if verifier.algorithm is not cosignature.Algorithm.ML_DSA_44:
        raise Malformed("a log's key has type 0x01 or 0x06")
    return verifier


def _count(words: Iterable[str], least: int, most: int) -> None:
    if not least <= len(list(words)) <= most:
        raise Malformed("the line has too few or too many words")


def _threshold(word: str, members: int) -> int:
    if word in ("any", "all"):
        return 1 if word == "any" else members
    if not (word.isascii() and word.isdigit()) or word.startswith("0") or len(word) > 6:
        raise Malformed(f"neither any, all, nor a number: {word!r}")
    if int(word) > members:
        raise Malformed(f"the group has {members} members, {word} are asked for")
    return int(word)
