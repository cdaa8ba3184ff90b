"""Reading prescriptions: the view is recorded and committed, then the content is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, paging
from hospital.corrections.attached import Amendment
from hospital.roles import Actor, Role
from ledger.receiptfile import Field
from prescriptions import content, permissions, queries
from prescriptions.models import Prescription

LISTED = (content.LINES,)
VERSIONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A prescription with the fields that the reader may see, none of them if it was erased, and with
    what is attached to its content.
    """

    prescription: Prescription
    fields: dict[str, Any]
    amendments: Sequence[Amendment] = ()
    erased: bool = False


def opened(prescription: Prescription, looked: access.Viewing) -> Opened:
    """As far as the look's fields go. Raises what ``access.opened`` raises."""
    fields = access.opened(prescription.record, looked)
    return Opened(prescription, fields, access.amendments(prescription.record, looked))


def view(prescription_id: UUID, *, by: Actor, at: datetime) -> Opened:
    """
    One prescription in full, for its patient, doctor or reviewer; for a regulator what is kept.

    Raises:
        lifecycle.UnknownPrescription, and what ``permissions.basis_to_view`` raises.
    """
    prescription, viewing = _look(prescription_id, _PURPOSE[by.role], by=by, at=at)
    return opened(prescription, viewing)


def fields(prescription_id: UUID, *, by: Actor, at: datetime) -> list[Field]:
    """
    Every field of the patient's own prescription with its salt, to be shown to whom he likes.

    Raises: as ``view``.
    """
    prescription, viewing = _look(prescription_id, "own_proof", by=by, at=at)
    return access.salted(prescription.record, viewing)


@dataclass(frozen=True, slots=True)
class Former:
    """One signed content of a prescription; ``replaced_at`` is None for the one in force."""

    number: int
    replaced_at: datetime | None
    fields: dict[str, Any]
    amendments: Sequence[Amendment]


def versions(prescription_id: UUID, *, by: Actor, at: datetime) -> list[Former]:
    """
    The contents that a prescription has had and has, the newest first, for patient and doctor.

    One ``record.view`` entry covers them; it carries their number. Raises as ``view``.
    """
    with transaction.atomic():
        prescription = queries.with_record(prescription_id)
        basis = permissions.basis_to_view(prescription, by)
        replaced = list(queries.replaced(prescription)[:VERSIONS_SHOWN])
        looked = access.view(
            by=by,
            at=at,
            purpose=_PURPOSE[by.role],
            basis=basis,
            of=[prescription.record, *(one.record for one in replaced)],
            about=prescription.subject,
            fields=content.EVERYTHING,
            patient=prescription.patient.person,
        )
    in_force = 1 + max((one.number for one in replaced), default=0)
    every = [
        (in_force, None, prescription.record),
        *((one.number, one.replaced_at, one.record) for one in replaced),
    ]
    return [
        Former(number, until, access.opened(record, looked), access.amendments(record, looked))
        for number, until, record in every
    ]


def _look(
    prescription_id: UUID, purpose: str, *, by: Actor, at: datetime
) -> tuple[Prescription, access.Viewing]:
    with transaction.atomic():
        prescription = queries.with_record(prescription_id)
        basis = permissions.basis_to_view(prescription, by)
        viewing = access.view(
            by=by,
            at=at,
            purpose=purpose,
            basis=basis,
            of=[prescription.record],
            about=prescription.subject,
            fields=content.EVERYTHING,
            patient=prescription.patient.person,
        )
    return prescription, viewing


def view_series(series: UUID, *, by: Actor, at: datetime) -> list[Opened]:
    """
    The issues of a long-term prescription, in order, for its patient or doctor.

    One ``record.view`` entry covers them; it carries their number.
    Raises: as ``view``, and ``queries.UnknownSeries``.
    """
    with transaction.atomic():
        issues = queries.of_series(series)
        viewing = access.view(
            by=by,
            at=at,
            purpose=_PURPOSE[by.role],
            basis=permissions.basis_to_view(issues[0], by),
            of=[issue.record for issue in issues],
            about=f"series/{series.hex}",
            fields=LISTED,
            patient=issues[0].patient.person,
        )
    return [_listed(one, viewing) for one in issues]


def view_list(
    wanted: paging.Wanted, *, by: Actor, at: datetime
) -> tuple[list[Opened], paging.Cursor | None]:
    """
    A page of the caller's own prescriptions, newest first, and the cursor of the next.

    One ``record.view`` entry covers the page; it carries the number of records.
    """
    with transaction.atomic():
        page, following = queries.page_for(by, wanted)
        viewing = access.view(
            by=by,
            at=at,
            purpose="list",
            basis=_LIST_BASIS[by.role],
            of=[prescription.record for prescription in page],
            about="prescriptions",
            fields=LISTED,
            patient=page[0].patient.person if page and by.role is Role.PATIENT else None,
            among=[one.patient_id for one in page] if by.role is not Role.PATIENT else (),
        )
    return [_listed(one, viewing) for one in page], following


def _listed(prescription: Prescription, viewing: access.Viewing) -> Opened:
    fields = access.listed(prescription.record, viewing)
    beside = access.amendments(prescription.record, viewing)
    return Opened(prescription, fields or {}, beside, erased=fields is None)


_PURPOSE = {
    Role.PATIENT: "own",
    Role.DOCTOR: "treatment",
    Role.REVIEWER: "review",
    Role.REGULATOR: "oversight",
}
_LIST_BASIS = {Role.PATIENT: "own_record", Role.DOCTOR: "prescriber", Role.REVIEWER: "review"}
