"""
Looking at patient data: no receipt, no key.

``view`` writes a ``record.view`` entry that names the reader, the purpose, the fields and the
legal basis; ``opened`` opens a record only for a view whose entry is committed. A list is one
entry with the number of records. Refused looks are entries too (``record.refuse``).

Who looks at a record that was disputed sees what is attached to it under the same look, as far as
the same fields go (``amendments``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from hospital import acting, guardianlaw, records, sealing, services
from hospital.corrections import attached
from hospital.corrections.attached import Amendment, Attached
from hospital.models import Listed, Person, SealedRecord
from hospital.roles import Actor, Role
from ledger import chain, network
from ledger.entry import Statement
from ledger.receiptfile import Field

_NOTED: ContextVar[list[bytes] | None] = ContextVar("noted", default=None)


class OpenedBeforeCommit(Exception):
    """A record was to be opened before its view entry was committed: a bug of the caller."""


@dataclass(slots=True)
class Viewing:
    """
    The right to open ``records``, once its entry is committed.

    ``overseen`` is the moment at which a regulator looks, None if the reader is none.
    """

    leaf: bytes
    records: frozenset[str]
    fields: tuple[str, ...]
    overseen: datetime | None = None
    attached: Mapping[UUID, Sequence[Attached]] = field(default_factory=dict)
    committed: bool = field(default=False)


@contextmanager
def noted() -> Iterator[list[bytes]]:
    """The leaves of the looks that are entered meanwhile, in their order."""
    leaves: list[bytes] = []
    before = _NOTED.set(leaves)
    try:
        yield leaves
    finally:
        _NOTED.reset(before)


def view(
    *,
    by: Actor,
    at: datetime,
    purpose: str,
    basis: str,
    of: Sequence[SealedRecord],
    about: str,
    fields: tuple[str, ...],
    patient: Person | None = None,
    among: Iterable[UUID] = (),
) -> Viewing:
    """
    Record that ``by`` looks at ``of``, in the caller's transaction.

    The entry carries the tag of ``patient``; one that is about a list of several patients carries
    none, and ``among`` are their accounts, who find the look in their lists all the same.
    ``about`` is the subject looked at (``rx/…``) or the name of the list; ``fields`` are the
    prefixes of the fields that will be shown; ``basis`` says why this reader may. What is attached
    to a record counts as a record.

    A guardian who looks for a ward sees what the guardianship opens of it, which is the basis then.
    Raises ``GuardianshipOver`` if it is over at ``at``.
    """
    if by.ward is not None:
        acting.hold(by, at=at)
        purpose, basis = guardianlaw.PURPOSE, acting.subject(by)
        fields = guardianlaw.opened_of(fields)
        patient, among = patient or Person.objects.get(account=by.ward), ()
    beside = attached.to(of)
    every = [*of, *(one.record for more in beside.values() for one in more)]
    entry = _append(
        "record.view",
        at,
        patient=patient,
        facts={
            "reader": by.name,
            "role": by.role.value,
            "organisation": by.organisation,
            "purpose": purpose,
            "basis": basis,
            "of": about,
            "records": len(every),
            "fields": sorted(fields),
        },
    )
    if patients := sorted(set(among)):
        Listed.objects.bulk_create([Listed(leaf=entry.leaf, patient_id=one) for one in patients])
    overseen = at if by.role is Role.REGULATOR else None
    named = frozenset(record.id.hex for record in every)
    viewing = Viewing(entry.leaf, named, fields, overseen, beside)
    if (noting := _NOTED.get()) is not None:
        noting.append(entry.leaf)
    transaction.on_commit(lambda: setattr(viewing, "committed", True))
    return viewing


def opened(record: SealedRecord, viewing: Viewing) -> dict[str, Any]:
    """
    The fields of ``record`` that the view names.

    Raises:
        OpenedBeforeCommit: the view's entry is not committed, or is about other records.
        records.RecordErased: nothing is left to open.
    """
    return {field.name: field.value for field in salted(record, viewing)}


def listed(record: SealedRecord, viewing: Viewing) -> dict[str, Any] | None:
    """As ``opened``; None if it was erased, which hides nothing else of a list."""
    try:
        return opened(record, viewing)
    except records.RecordErased:
        return None


def amendments(record: SealedRecord, viewing: Viewing) -> list[Amendment]:
    """
    What is attached to ``record`` of the fields that the view names, the oldest first.

    What was erased is left out. Raises ``OpenedBeforeCommit``.
    """
    found = (
        Amendment(one, fields)
        for one in viewing.attached.get(record.id, ())
        if (fields := listed(one.record, viewing))
    )
    return list(found)


def salted(record: SealedRecord, viewing: Viewing) -> list[Field]:
    """As ``opened``, each field with its salt: for the patient, who may show it to others."""
    if connection.in_atomic_block or not viewing.committed or record.id.hex not in viewing.records:
        raise OpenedBeforeCommit
    return records.salted(record, viewing.fields, overseen=viewing.overseen)


@transaction.atomic
def record_refusal(*, by: Actor, at: datetime, of: str, code: str) -> None:
    """Write down that ``by`` was refused access to, or a move on, ``of``."""
    facts = {
        "reader": by.name,
        "role": by.role.value,
        "organisation": by.organisation,
        "of": of,
        "code": code,
    }
    _append("record.refuse", at, patient=None, facts=facts)


def patient_tag(person: Person, line: str = "") -> str:
    """
    What stands for this patient in his line of logs: HMAC-SHA256(the patient's key, the line).

    Another ``line`` than his own is a ward's, in which a guardian's key is entered.

    Stable within a line, so that a patient can ask for all entries; without the key nobody
    links it to a person or to the same patient's tag in another line.
    """
    key = sealing.unseal(person.tag_key, f"person/{person.handle.hex}/tag_key")
    return hmac.digest(key, (line or line_of(person)).encode(), hashlib.sha256).hex()


def line_of(person: Person) -> str:
    """The line of logs that holds what is entered about this patient: the handle decides."""
    return network.line_for(person.handle.int)


def staff_tag(person: Person, line: str) -> str:
    """
    What stands for this person at work in a line of logs, whatever the account and employer.

    By it validators hold four eyes apart. It is another digest than the patient's tag, so that
    nobody sees which patient works here.
    """
    key = sealing.unseal(person.tag_key, f"person/{person.handle.hex}/tag_key")
    return hmac.digest(key, b"staff/" + line.encode(), hashlib.sha256).hex()


def pseudonym(person: Person, organisation: str) -> str:
    """
    What stands for this patient towards the readers at an organisation who are not to know who.

    The same for all of them, so that records of several grants come together; another one at
    every other organisation, so that two of them cannot compare.
    """
    key = sealing.unseal(person.tag_key, f"person/{person.handle.hex}/tag_key")
    return hmac.digest(key, b"pseudonym/" + organisation.encode(), hashlib.sha256).hex()


def _append(
    kind: str, at: datetime, *, patient: Person | None, facts: dict[str, Any]
) -> chain.Appended:
    """A view has a subject of its own, so that looking never makes another statement stale."""
    log = network.origin(line_of(patient) if patient else "")
    statement = Statement(
        log=log,
        subject=f"view/{uuid4().hex}",
        version=1,
        prev=b"",
        kind=kind,
        by=services.key_name("access", log),
        at=at,
        patient=patient_tag(patient) if patient else "",
        commitment=b"",
        facts=facts,
    )
    return chain.append(services.sign("access", statement), drawn=statement)
