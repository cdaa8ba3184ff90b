"""What can be asked about prescriptions and medicines; nothing here writes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from hospital import errors
from hospital.roles import Actor, Role
from prescriptions import lifecycle
from prescriptions.models import Medicine, Prescription, Status

PAGE_MAX = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadCursor(errors.Invalid):
    """This is not a cursor that an earlier page gave."""

    code = "page.bad_cursor"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page; the next page begins behind it, however long the table is."""

    created_at: datetime
    id: UUID

    def __str__(self) -> str:
        microseconds = (self.created_at - _EPOCH) // timedelta(microseconds=1)
        packed = microseconds.to_bytes(8, "big", signed=True) + self.id.bytes
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises ``BadCursor``."""
        try:
            packed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
            microseconds = int.from_bytes(packed[:8], "big", signed=True)
            return cls(_EPOCH + timedelta(microseconds=microseconds), UUID(bytes=packed[8:]))
        except (binascii.Error, ValueError, OverflowError) as fault:
            raise BadCursor(field="cursor") from fault


def with_record(prescription_id: UUID) -> Prescription:
    """One prescription with its sealed record. Raises ``lifecycle.UnknownPrescription``."""
    try:
        return _readable().get(id=prescription_id)
    except Prescription.DoesNotExist:
        raise lifecycle.UnknownPrescription from None


def page_for(
    by: Actor, *, after: Cursor | None, size: int
) -> tuple[list[Prescription], Cursor | None]:
    """
    Up to ``size`` of the caller's prescriptions, newest first, and where the next page begins.

    A patient's own, a doctor's own, a reviewer's hospital's that await review. Keyset paging:
    the cost is that of the page, not of the table; nothing is counted.
    """
    rows = _own(by)
    if after is not None:
        rows = rows.filter(created_at__lte=after.created_at).exclude(
            Q(created_at=after.created_at) & Q(id__gte=after.id)
        )
    page = list(rows.order_by("-created_at", "-id")[: size + 1])
    more = page[size:]
    page = page[:size]
    return page, Cursor(page[-1].created_at, page[-1].id) if more else None


def medicines_like(text: str) -> QuerySet[Medicine]:
    """Medicines whose generic name begins with ``text``."""
    return Medicine.objects.filter(generic_name__startswith=text).order_by("generic_name", "code")


def closed(prescriptions: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """Those that ended before anything was dispensed."""
    return prescriptions.filter(status__in=[Status.CANCELLED, Status.EXPIRED])


def _readable() -> QuerySet[Prescription]:
    """With what readers are shown, and no more: planning a join costs more than doing it."""
    return Prescription.objects.select_related(
        "record", "patient__person", "hospital", "pharmacy"
    ).only(
        *(field.name for field in Prescription._meta.concrete_fields),
        *("patient__person__handle", "patient__person__tag_key", "hospital__slug"),
        *("pharmacy__slug", "record__wrapped_key", "record__body", "record__commitment"),
    )


def _own(by: Actor) -> QuerySet[Prescription]:
    if by.role is Role.PATIENT:
        return _readable().filter(patient_id=by.account).exclude(status=Status.DRAFT)
    if by.role is Role.DOCTOR:
        return _readable().filter(doctor_id=by.account)
    return _readable().filter(hospital_id=by.organisation_id, status=Status.ISSUED)
