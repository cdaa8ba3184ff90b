"""
Which records there are to be kept, and what each is about: the tables of all apps below.

A record hangs on one row of one of them. ``FAMILIES`` has them by the family of the subject that
the row is about, in the order in which a reader wants them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Model

from hospital import errors, guardianlaw, paging
from hospital.consultations import content as of_consultations
from hospital.consultations.models import Consultation, Message
from hospital.corrections import models as corrections
from hospital.corrections.models import Correction
from hospital.guardians.models import Guardianship
from hospital.models import Emergency, Person, SealedRecord
from prescriptions import content as of_prescriptions
from prescriptions.models import ChangeRequest, Prescription, Version


class Unknown(errors.NotFound):
    """There is no record of this kind and id that could be kept."""

    code = "kept.unknown"


@dataclass(frozen=True, slots=True)
class Kind:
    """
    ``owner`` is the row's column that leads to the subject; empty: the row is the subject's.

    ``column`` is the one that leads to the record.
    """

    model: type[Model]
    owner: str = ""
    column: str = "record"

    @property
    def name(self) -> str:
        """What readers call it."""
        return (self.model._meta.model_name or "") if self.column == "record" else self.column

    @property
    def way(self) -> str:
        """How Django calls the way from a record to its row."""
        column: Any = self.model._meta.get_field(self.column)
        return str(column.remote_field.name)

    @property
    def subject_column(self) -> str:
        return f"{self.owner}_id" if self.owner else "id"

    def subject_of(self, row: Any) -> Any:
        """The row of the subject: with a ``subject`` and a ``patient``."""
        return getattr(row, self.owner) if self.owner else row


@dataclass(frozen=True, slots=True)
class Family:
    """``listed`` are the fields that a page of a subject's records shows: all but pictures."""

    kinds: tuple[Kind, ...]
    listed: tuple[str, ...]


FAMILIES: Mapping[str, Family] = {
    "rx": Family(
        (Kind(Prescription), Kind(Version, "prescription"), Kind(ChangeRequest, "prescription")),
        of_prescriptions.EVERYTHING,
    ),
    "consultation": Family(
        (Kind(Consultation), Kind(Message, "consultation")),
        (*of_consultations.LISTED, *of_consultations.MESSAGES_LISTED),
    ),
    "emergency": Family((Kind(Emergency),), of_consultations.EVERYTHING),
    guardianlaw.FAMILY: Family((Kind(Guardianship),), of_consultations.EVERYTHING),
    corrections.FAMILY: Family(
        tuple(Kind(Correction, column=one) for one in ("request", "answer", "appeal")),
        of_consultations.EVERYTHING,
    ),
}
KINDS = tuple(kind for family in FAMILIES.values() for kind in family.kinds)


@dataclass(frozen=True, slots=True)
class Found:
    """A record, of which kind it is and the row that it is about."""

    record: SealedRecord
    kind: str
    about: Any

    @property
    def subject(self) -> str:
        return str(self.about.subject)

    @property
    def patient(self) -> Person | None:
        person: Person | None = self.about.patient.person
        return person


def page(wanted: paging.Wanted, *, at: datetime) -> tuple[list[Found], paging.Cursor | None]:
    """A page of all that is kept at ``at``, what is destroyed first before the rest; one query."""
    rows = SealedRecord.objects.filter(kept_until__gt=at).annotate(created_at=F("kept_until"))
    rows = rows.select_related(*_ways("")).defer("body")
    found, following = paging.oldest_first(rows, wanted)
    return [_found(one) for one in found], following


def one(record_id: UUID) -> Found:
    """One record and what it is about; one query. Raises ``Unknown``."""
    rows = SealedRecord.objects.select_related(*_ways("patient__person"))
    record = rows.filter(id=record_id).first()
    if record is None:
        raise Unknown
    return _found(record)


def id_of(text: str) -> UUID:
    """The id of a subject as an address has it. Raises ``Unknown``."""
    try:
        return UUID(text)
    except ValueError as fault:
        raise Unknown from fault


def of_subject(family: str, subject_id: UUID, *, after: int, size: int) -> list[Found]:
    """
    Up to ``size`` of a subject's records behind the ``after``-th; a query for each kind, and two.

    Raises ``Unknown``.
    """
    if family not in FAMILIES:
        raise Unknown
    ids: list[UUID] = []
    for kind in FAMILIES[family].kinds:
        rows = kind.model._default_manager.filter(**{kind.subject_column: subject_id})
        written = rows.filter(**{f"{kind.column}__isnull": False})
        ids += written.order_by("id").values_list(f"{kind.column}_id", flat=True)
    if not ids:
        raise Unknown
    wanted = ids[after : after + size]
    records = SealedRecord.objects.select_related(*_ways("patient__person")).in_bulk(wanted)
    return [_found(records[record]) for record in wanted]


def _ways(further: str) -> list[str]:
    """From a record to its row, to the subject's, and ``further``, as Django joins them."""
    return ["__".join(filter(None, (kind.way, kind.owner, further))) for kind in KINDS]


def _found(record: SealedRecord) -> Found:
    for kind in KINDS:
        row = getattr(record, kind.way, None)
        if row is not None:
            return Found(record, kind.name, kind.subject_of(row))
    raise Unknown
