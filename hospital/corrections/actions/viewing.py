"""Reading corrections: the look is recorded and committed, then the words are opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, paging
from hospital.corrections import permissions, queries
from hospital.corrections.attached import Amendment
from hospital.corrections.models import Correction
from hospital.models import SealedRecord
from hospital.roles import Actor, Role

EVERYTHING = ("",)
PURPOSES = {Role.PATIENT: "own", Role.DOCTOR: "correction", Role.REGULATOR: "oversight"}


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A correction with what was said; None what nobody said, or what was erased.

    ``record`` and ``amendments`` are of the disputed record, where that was asked for.
    """

    correction: Correction
    request: dict[str, Any] | None
    answer: dict[str, Any] | None
    appeal: dict[str, Any] | None
    record: dict[str, Any] | None = None
    amendments: Sequence[Amendment] = ()


def view_own(
    wanted: paging.Wanted, *, by: Actor, at: datetime
) -> tuple[list[Opened], paging.Cursor | None]:
    """A page of the patient's own; one ``record.view`` entry with the number of records."""
    with transaction.atomic():
        page, following = queries.own(by, wanted)
        looked = access.view(
            by=by,
            at=at,
            purpose="list",
            basis="own_record",
            of=[record for one in page for record in queries.written(one)],
            about="corrections",
            fields=EVERYTHING,
            patient=page[0].patient.person if page else None,
        )
    return [_opened(one, looked) for one in page], following


def view(correction_id: UUID, *, by: Actor, at: datetime) -> Opened:
    """
    What was said, with the disputed record, for its patient and for who answers or decides.

    Raises ``lifecycle.UnknownCorrection`` and what ``permissions.basis_to_view`` raises.
    """
    with transaction.atomic():
        found = queries.with_records(correction_id)
        basis = permissions.basis_to_view(found, by, at)
        looked = access.view(
            by=by,
            at=at,
            purpose=PURPOSES[by.role],
            basis=basis,
            of=[found.of, *queries.written(found)],
            about=found.subject,
            fields=EVERYTHING,
            patient=found.patient.person,
        )
    record, beside = access.listed(found.of, looked), access.amendments(found.of, looked)
    return replace(_opened(found, looked), record=record, amendments=beside)


def _opened(one: Correction, looked: access.Viewing) -> Opened:
    def said(record: SealedRecord | None) -> dict[str, Any] | None:
        return access.listed(record, looked) if record else None

    return Opened(one, said(one.request), said(one.answer), said(one.appeal))
