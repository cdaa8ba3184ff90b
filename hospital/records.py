"""
Sealed records: personal content that is committed to in the ledger and stored outside of it.

A record is a set of named fields. Each has a salt of its own; the digest of a field is
SHA-256 of canonical JSON ``[salt, name, value]`` and the commitment is SHA-256 over the sorted
digests, so that one field can be opened alone. Content and salts are encrypted under the
record's own key, which is wrapped by the sealing key. ``forget`` throws the key away.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from nacl import utils

from hospital import aead, errors, sealing
from hospital.models import SealedRecord
from hospital.resealing import Sealed
from ledger import commitments
from ledger.receiptfile import Field

SALT_BYTES = 16
COLUMNS = ("wrapped_key", "body", "commitment", "kept_until")
"""What opening a record reads of it; who names columns names all of these."""

Fields = Mapping[str, Any]


class RecordErased(errors.Gone):
    """The content was erased; its commitment and all proofs still stand."""

    code = "record.erased"


class BadSalt(errors.Invalid):
    """The salt is the base64 of 16 random bytes that the desk draws."""

    code = "record.bad_salt"


def seal(fields: Fields, salts: Mapping[str, bytes] | None = None) -> SealedRecord:
    """
    Store ``fields`` (JSON values without floats and nulls) sealed, with their commitment.

    ``salts`` are of fields to which somebody has already signed a commitment; the others are drawn.

    Raises:
        note.Malformed: a value has no canonical JSON, or a salt is not 16 bytes.
    """
    given = salts or {}
    salted = [
        (given.get(name) or utils.random(SALT_BYTES), name, value) for name, value in fields.items()
    ]
    record_id, key = uuid4(), utils.random(sealing.KEY_BYTES)
    body = json.dumps([[_text(salt), name, value] for salt, name, value in salted])
    return SealedRecord.objects.create(
        id=record_id,
        wrapped_key=sealing.seal(key, _about(record_id)),
        body=aead.seal_with(key, body.encode(), _about(record_id)),
        commitment=commitments.commit(commitments.digest(*field) for field in salted),
    )


def copied(record: SealedRecord) -> SealedRecord:
    """
    The same content under a key of its own: with the same salts, so with the same commitment, and
    forgotten by itself. Raises ``RecordErased``.
    """
    fields = salted(record)
    return seal({one.name: one.value for one in fields}, {one.name: one.salt for one in fields})


def given_salt(text: str) -> bytes:
    """
    The salt that a desk has drawn for a field to which its statement commits before it is stored.

    Raises ``BadSalt``.
    """
    try:
        salt = base64.b64decode(text, validate=True)
    except ValueError as fault:
        raise BadSalt(field="salt") from fault
    if len(salt) != SALT_BYTES:
        raise BadSalt(field="salt")
    return salt


def unsealed(record: SealedRecord, names: Iterable[str] | None = None) -> dict[str, Any]:
    """The fields of a record, name → value; for whom, and what it raises: ``salted``."""
    return {field.name: field.value for field in salted(record, names)}


def salted(
    record: SealedRecord, names: Iterable[str] | None = None, *, overseen: datetime | None = None
) -> list[Field]:
    """
    The fields of a record, or those that begin with one of ``names``, each with its salt.

    With the salts whoever holds the fields can show some of them and hide the others
    (``receiptfile.with_opened``).

    For ``hospital.access`` (readers) and for an author's own command while it is being made;
    whoever serves a reader calls ``access.opened``, which demands the committed view entry.
    ``overseen``: when a regulator looks, to whom what was erased opens as long as the law keeps it,
    and not a moment longer, whether it has been destroyed meanwhile or not.

    Raises:
        RecordErased: the record's key is gone, or kept for the regulator alone.
    """
    if not record.wrapped_key or (was_erased(record) and not _is_kept(record, overseen)):
        raise RecordErased
    about = _about(record.id)
    key = sealing.unseal(record.wrapped_key, about)
    fields = json.loads(aead.unseal_with(key, record.body, about))
    wanted = None if names is None else tuple(names)
    return [
        Field(base64.b64decode(salt), name, value)
        for salt, name, value in fields
        if wanted is None or name.startswith(wanted)
    ]


def was_erased(record: SealedRecord) -> bool:
    """Whether its patient had it erased; the law may still want it kept."""
    return not record.wrapped_key or record.kept_until is not None


def _is_kept(record: SealedRecord, overseen: datetime | None) -> bool:
    until = record.kept_until
    return overseen is not None and until is not None and overseen < until


def forget(which: QuerySet[SealedRecord]) -> int:
    """Erase contents for good: the wrapped keys go, the commitments stay; how many there were."""
    return which.exclude(wrapped_key=b"").update(wrapped_key=b"", body=b"", kept_until=None)


def keep(which: QuerySet[SealedRecord], until: datetime) -> int:
    """From now on these open to the regulator alone, until they are forgotten; how many."""
    return which.exclude(wrapped_key=b"").update(kept_until=until)


def rekey(which: QuerySet[SealedRecord]) -> int:
    """
    Give each record another key, under which its body is sealed anew; how many records.

    Who has copied the key of one opens nothing of it in a database that is stolen from now on. What
    somebody erases or wraps anew at the same moment stays as that one has left it.
    """
    done = 0
    for record in which.exclude(wrapped_key=b"").order_by("id"):
        about, new = _about(record.id), utils.random(sealing.KEY_BYTES)
        body = aead.unseal_with(sealing.unseal(record.wrapped_key, about), record.body, about)
        done += SealedRecord.objects.filter(id=record.id, wrapped_key=record.wrapped_key).update(
            wrapped_key=sealing.seal(new, about), body=aead.seal_with(new, body, about)
        )
    return done


def forget_kept(*, at: datetime) -> int:
    """Erase what the law has kept and does not keep any longer; how many records."""
    return forget(SealedRecord.objects.filter(kept_until__lte=at))


def _about(record_id: UUID) -> str:
    return f"record/{record_id.hex}"


SEALED = Sealed(SealedRecord, ("wrapped_key",), lambda record, _: _about(record.id))
"""The bodies are under the records' own keys, which no rotation changes."""


def _text(salt: bytes) -> str:
    return base64.b64encode(salt).decode()
