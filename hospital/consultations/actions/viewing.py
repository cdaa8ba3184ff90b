"""Reading: the view is recorded and committed, then the content is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, paging
from hospital.consultations import content, permissions, queries
from hospital.consultations.models import Consultation, Message
from hospital.corrections.attached import Amendment
from hospital.models import SealedRecord
from hospital.roles import Actor, Role
from ledger.receiptfile import Field

_PURPOSE = {Role.PATIENT: "own", Role.DOCTOR: "treatment", Role.REVIEWER: "review"}
_OWN = {Role.PATIENT: "own_record", Role.DOCTOR: "consulted"}


Find = Callable[[UUID, Actor], tuple[Consultation, str]]
"""Gives the consultation and the basis on which the caller sees it, or refuses."""


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A consultation with the fields that the reader may see, and what is attached to them; of one
    whose patient has ``erased`` it, none.
    """

    consultation: Consultation
    fields: dict[str, Any]
    amendments: Sequence[Amendment]
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A message with the fields that were opened."""

    message: Message
    fields: list[Field]


def own_or_asked(consultation_id: UUID, by: Actor) -> tuple[Consultation, str]:
    """
    For its patient, its doctor, or while it waits its department.

    Raises ``lifecycle.UnknownConsultation``, and what ``permissions.basis_to_view`` raises.
    """
    consultation = queries.with_record(consultation_id)
    department = queries.department_of(by) if by.role is Role.DOCTOR else None
    return consultation, permissions.basis_to_view(consultation, by, department)


def view(about: UUID, *, by: Actor, at: datetime, find: Find = own_or_asked) -> Opened:
    """
    The question in full.

    ``about`` is the consultation, or what ``find`` of a layer above takes in its place: a reason of
    that layer's to see it.

    Raises:
        what ``find`` raises.
    """
    with transaction.atomic():
        consultation, basis = find(about, by)
        record = consultation.record
        viewing = _look(consultation, [record], content.EVERYTHING, basis, by=by, at=at)
    return _opened(consultation, viewing)


def view_own(
    wanted: paging.Wanted, *, by: Actor, at: datetime
) -> tuple[list[Opened], paging.Cursor | None]:
    """A page of the caller's own; one ``record.view`` entry with the number of records."""
    with transaction.atomic():
        page, following = queries.own(by, wanted)
        of = page[0].patient.person if page and by.role is Role.PATIENT else None
        viewing = access.view(
            by=by,
            at=at,
            purpose="list",
            basis=_OWN[by.role],
            of=[one.record for one in page],
            about="consultations",
            fields=content.LISTED,
            patient=of,
            among=[one.patient_id for one in page] if of is None else (),
        )
    return [_listed(one, viewing) for one in page], following


def view_awaiting(
    wanted: paging.Wanted, *, by: Actor, at: datetime
) -> tuple[list[Opened], paging.Cursor | None]:
    """A page of what the doctor's department was asked; one ``record.view`` entry."""
    with transaction.atomic():
        page, following = queries.awaiting(queries.department_of(by), wanted)
        viewing = access.view(
            by=by,
            at=at,
            purpose="list",
            basis="awaiting",
            of=[one.record for one in page],
            about="consultations/awaiting",
            fields=content.LISTED,
            among=[one.patient_id for one in page],
        )
    return [_listed(one, viewing) for one in page], following


def view_messages(
    about: UUID, after: int, size: int, *, by: Actor, at: datetime, find: Find = own_or_asked
) -> tuple[list[Read], bool]:
    """Up to ``size`` messages behind number ``after``, without pictures, and if there are more."""
    with transaction.atomic():
        consultation, basis = find(about, by)
        found = queries.messages(consultation, after=after, size=size + 1)
        page = found[:size]
        records = [one.record for one in page]
        viewing = _look(consultation, records, content.MESSAGES_LISTED, basis, by=by, at=at)
    read = [Read(one, access.salted(one.record, viewing)) for one in page]
    return read, len(found) > size


def view_message(
    about: UUID, number: int, *, by: Actor, at: datetime, find: Find = own_or_asked
) -> Read:
    """
    One message in full, with the salts by which anybody can recompute its commitment.

    Raises: as ``view``; ``queries.UnknownMessage``.
    """
    with transaction.atomic():
        consultation, basis = find(about, by)
        message = queries.message(consultation, number)
        viewing = _look(consultation, [message.record], content.EVERYTHING, basis, by=by, at=at)
    return Read(message, access.salted(message.record, viewing))


def _opened(one: Consultation, looked: access.Viewing) -> Opened:
    record = one.record
    return Opened(one, access.opened(record, looked), access.amendments(record, looked))


def _listed(one: Consultation, looked: access.Viewing) -> Opened:
    fields = access.listed(one.record, looked)
    beside = access.amendments(one.record, looked)
    return Opened(one, fields or {}, beside, erased=fields is None)


def _look(
    consultation: Consultation,
    records: list[SealedRecord],
    fields: tuple[str, ...],
    basis: str,
    *,
    by: Actor,
    at: datetime,
) -> access.Viewing:
    return access.view(
        by=by,
        at=at,
        purpose=_PURPOSE[by.role],
        basis=basis,
        of=records,
        about=consultation.subject,
        fields=fields,
        patient=consultation.patient.person,
    )
