"""Reading prescriptions: the view is recorded and committed, then the content is opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access
from hospital.roles import Actor, Role
from ledger.receiptfile import Field
from prescriptions import content, permissions, queries
from prescriptions.models import Prescription

LISTED = (content.LINES,)


@dataclass(frozen=True, slots=True)
class Opened:
    """A prescription with the fields that the reader may see."""

    prescription: Prescription
    fields: dict[str, Any]


def view(prescription_id: UUID, *, by: Actor, at: datetime) -> Opened:
    """
    One prescription in full, for its patient, doctor or reviewer.

    Raises:
        lifecycle.UnknownPrescription, and what ``permissions.basis_to_view`` raises.
    """
    prescription, viewing = _look(prescription_id, _PURPOSE[by.role], by=by, at=at)
    return Opened(prescription, access.opened(prescription.record, viewing))


def fields(prescription_id: UUID, *, by: Actor, at: datetime) -> list[Field]:
    """
    Every field of the patient's own prescription with its salt, to be shown to whom he likes.

    Raises: as ``view``.
    """
    prescription, viewing = _look(prescription_id, "own_proof", by=by, at=at)
    return access.salted(prescription.record, viewing)


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


def view_list(
    *, by: Actor, at: datetime, after: queries.Cursor | None, size: int
) -> tuple[list[Opened], queries.Cursor | None]:
    """
    A page of the caller's own prescriptions, newest first, and the cursor of the next.

    One ``record.view`` entry covers the page; it carries the number of records.
    """
    with transaction.atomic():
        page, following = queries.page_for(by, after=after, size=size)
        viewing = access.view(
            by=by,
            at=at,
            purpose="list",
            basis=_LIST_BASIS[by.role],
            of=[prescription.record for prescription in page],
            about="prescriptions",
            fields=LISTED,
            patient=page[0].patient.person if page and by.role is Role.PATIENT else None,
        )
    return [Opened(one, access.opened(one.record, viewing)) for one in page], following


_PURPOSE = {Role.PATIENT: "own", Role.DOCTOR: "treatment", Role.REVIEWER: "review"}
_LIST_BASIS = {Role.PATIENT: "own_record", Role.DOCTOR: "prescriber", Role.REVIEWER: "review"}
