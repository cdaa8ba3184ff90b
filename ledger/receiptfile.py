"""
Receipt files: a receipt together with the entry it is about. Everything that a phone needs.

The file is a C2SP tlog-proof whose extra data are one canonical JSON object with five members:

* ``format``: ``smart-hospital/receipt/v1``;
* ``entry``: the entry, a whole signed note;
* ``keys``: where the keys that signed it come from: the entries that registered them, each
  ``{"entry", "index", "proof"}``, in the order of their indices. Their proofs lead to the same
  checkpoint. A person's key has a ``key.register`` entry; the server's own stand in ``log.open``.
  What was registered in a log that this one continues follows after this one's ``log.open``, which
  names the root of that log (``ledger.succession``), and so on, back in time;
* ``opened``: fields of the sealed record, each ``[salt, name, value]``, in their names' order;
* ``digests``: the digests of the record's other fields, ascending. Without them, or with one
  changed, nothing opens the entry's commitment (``ledger.commitments``).

Salts and hashes are in base64; the hashes of one list are joined first. The extra data are not
signed by anybody, so nothing is believed that does not lead to the checkpoint's root.

What a receipt cannot say: whether a later entry changed the matter ("not dispensed yet" needs a
look-up), and whether a key had been revoked before it signed. For the latter the validators vouch
who cosigned: they replayed every entry.
"""

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger import commitments, members, receipt, registered
from ledger import note as notes
from ledger.entry import Statement, canonical, read_canonical
from ledger.note import Malformed, decode_base64, encode_base64
from ledger.policy import Policy
from ledger.receipt import Receipt
from ledger.registered import Registered as Registered
from ledger.registered import UnknownSigner as UnknownSigner
from ledger.treehead import TreeHead

FORMAT = "smart-hospital/receipt/v1"
_MEMBERS = ("format", "entry", "keys", "opened", "digests")


class NotOpened(ValueError):
    """The opened fields are not those to which the entry commits."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a sealed record, opened: its 16-byte salt, its name, its value."""

    salt: bytes
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class File:
    """A receipt file as it was read; nothing has been verified. See the module's docstring."""

    receipt: Receipt
    entry: bytes
    keys: tuple[Registered, ...]
    opened: tuple[Field, ...]
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """
    What a receipt file shows: the log ``head.origin`` holds ``statement`` as entry ``index``.

    ``signers`` names the keys that signed it, in the note's order; ``cosigned`` says when which
    witnesses vouched for the log (seconds since 1970); ``opened`` are the record's opened fields;
    ``keys`` are those of the signers, in the same order.
    """

    statement: Statement
    signers: tuple[str, ...]
    index: int
    head: TreeHead
    cosigned: Mapping[str, int]
    opened: Mapping[str, Any]
    keys: tuple[notes.Verifier, ...]


def complete(
    data: bytes,
    entry: bytes,
    *,
    keys: Iterable[Registered] = (),
    opened: Iterable[Field] = (),
    digests: Iterable[bytes] = (),
) -> bytes:
    """
    Make a receipt file of a receipt; ``digests`` are those of the fields that are not opened.

    Raises:
        Malformed: the receipt is not in the one form, or one of the parts would not be.
    """
    bare = receipt.parse(data)
    parts = {
        "format": FORMAT,
        "entry": members.text(entry),
        "keys": [
            {
                "entry": members.text(one.entry),
                "index": one.index,
                "proof": members.joined(one.proof),
            }
            for one in keys
        ],
        "opened": [
            [encode_base64(one.salt), one.name, one.value]
            for one in sorted(opened, key=lambda one: one.name)
        ],
        "digests": members.joined(sorted(digests)),
    }
    made = Receipt(bare.index, bare.proof, bare.checkpoint, canonical(parts)).bytes()
    read(made)
    return made


def with_opened(data: bytes, fields: Iterable[Field], names: Iterable[str]) -> bytes:
    """
    Open in a receipt file the fields that its holder wants to show, in place of those it has.

    ``fields`` are all of the record; of those not among ``names`` only the digests go in.

    Raises:
        Malformed: a name is no field's, or as for ``complete``.
        NotOpened: the fields are not those of the entry's record.
    """
    file, wanted, every = read(data), set(names), list(fields)
    missing = wanted - {one.name for one in every}
    if missing:
        raise Malformed(f"the record has no field {min(missing)!r}")
    hidden = [
        commitments.digest(one.salt, one.name, one.value) for one in every if one.name not in wanted
    ]
    opened = [one for one in every if one.name in wanted]
    made = complete(
        data, file.entry, keys=file.keys, opened=opened, digests=hidden if opened else ()
    )
    _opened(read(made), Statement.parse(notes.parse(file.entry).text).commitment)
    return made


def fields_of(data: bytes) -> list[Field]:
    """
    Read all fields of a record, ``{"fields": [[salt, name, value], …]}``, as the server gives them.

    Raises:
        Malformed: not in that shape.
    """
    try:
        parts = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed("the fields are not JSON") from error
    return [_field(one) for one in members.items(members.named(parts, "fields")["fields"])]


def read(data: bytes) -> File:
    """
    Read a receipt file; there is one encoding of each.

    Raises:
        Malformed: not in that form.
    """
    bare = receipt.parse(data)
    if not bare.extra:
        raise Malformed("the receipt does not contain its entry")
    parts = members.named(read_canonical(bare.extra), *_MEMBERS)
    if parts["format"] != FORMAT:
        raise Malformed("not a receipt file of this format")
    keys = tuple(map(registered.read, members.items(parts["keys"])))
    opened = tuple(map(_field, members.items(parts["opened"])))
    digests = members.hashes(parts["digests"])
    entry = members.note(parts["entry"])
    registered.check_order(registered.log_of(entry), keys)
    if not (_is_rising([one.name for one in opened]) and _is_rising(digests)):
        raise Malformed("fields or digests are not in their order")
    if digests and not opened:
        raise Malformed("there are digests, and no field is opened")
    return File(bare, entry, keys, opened, digests)


def verify(data: bytes, policy: Policy) -> Verified:
    """
    Check a receipt file, offline, with nothing but the policy.

    Every signature under the entry must hold, by a key that is proven in the same tree.

    Raises:
        Malformed: not a receipt file, or a part of it is not in the one form.
        BadSignature: no log of the policy signed the checkpoint, or a signature does not hold.
        policy.NotFinal: too few have cosigned the checkpoint.
        receipt.NotIncluded: a proof leads to another root.
        UnknownSigner: who signed the entry is not proven.
        NotOpened: an opened field is not what the entry commits to.
    """
    file = read(data)
    checked = receipt.verify(data, file.entry, policy)
    note = notes.parse(file.entry)
    statement = _statement(note, checked.head)
    known = [one.verifier for one in policy.logs if isinstance(one.verifier, notes.Verifier)]
    known = [one for one in known if one.name == checked.head.origin]
    heads = {checked.head.origin: checked.head}
    for key in file.keys:
        known += registered.keys_of(key, checked, heads)
    if statement.kind == registered.REGISTRATION:
        known.append(registered.newcomer(statement))
    signers = _signers(note, statement, known)
    opened = _opened(file, statement.commitment)
    index, head, cosigned = checked.index, checked.head, checked.cosigned
    return Verified(statement, signers, index, head, cosigned, opened, _keys_under(note, known))


def _keys_under(note: notes.Note, known: Iterable[notes.Verifier]) -> tuple[notes.Verifier, ...]:
    by_id = {(one.name, one.key_id): one for one in known}
    return tuple(by_id[one.name, one.key_id] for one in note.signatures)


def _statement(note: notes.Note, head: TreeHead) -> Statement:
    statement = Statement.parse(note.text)
    if statement.log != head.origin:
        raise Malformed(f"an entry of another log: {statement.log}")
    return statement


def _signers(
    note: notes.Note, statement: Statement, known: Iterable[notes.Verifier]
) -> tuple[str, ...]:
    """All who signed the entry; every line must be a known key's."""
    keys = {(one.name, one.key_id): one for one in known}
    for signature in note.signatures:
        if (signature.name, signature.key_id) not in keys:
            raise UnknownSigner(f"the file does not prove whose key {signature.name} is")
    signers = notes.verified_by(note, keys.values())
    if statement.by not in signers:
        raise UnknownSigner(f"{statement.by} did not sign the entry")
    return signers


def _opened(file: File, commitment: bytes) -> dict[str, Any]:
    if not file.opened:
        return {}
    digests = [commitments.digest(one.salt, one.name, one.value) for one in file.opened]
    if commitments.commit([*digests, *file.digests]) != commitment:
        raise NotOpened("the opened fields are not those of the entry's record")
    return {one.name: one.value for one in file.opened}


def _field(value: Any) -> Field:
    parts = members.items(value)
    if len(parts) != 3:
        raise Malformed("a field has a salt, a name and a value")
    salt, name, content = parts
    return Field(decode_base64(members.string(salt)), members.string(name), content)


def _is_rising(values: Any) -> bool:
    return all(before < after for before, after in itertools.pairwise(values))
