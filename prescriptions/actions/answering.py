"""
A pharmacist's change request from the doctor's side: read, and answered by leaving all as it is.

The other answer is another content (``changing``). Asking is ``pharmacy.actions.requesting``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, errors
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle, queries
from prescriptions.models import ChangeRequest, Prescription

REQUEST = "request"
"""The one field of a request's sealed record."""
REQUESTS_SHOWN = 50


class NothingAsked(errors.Conflict):
    """No pharmacist waits for an answer about this prescription."""

    code = "change.nothing_asked"


@dataclass(frozen=True, slots=True)
class Asked:
    """An open request and what the pharmacist wrote."""

    request: ChangeRequest
    written: dict[str, Any]


def open_request(prescription: Prescription) -> ChangeRequest | None:
    """The request that waits for an answer, if there is one."""
    return queries.open_requests().filter(prescription=prescription).first()


def view_open(*, by: Actor, at: datetime) -> list[Asked]:
    """The open requests about the doctor's own prescriptions; the look is recorded first."""
    with transaction.atomic():
        found = list(
            queries.open_requests().filter(prescription__doctor_id=by.account)[:REQUESTS_SHOWN]
        )
        looked = access.view(
            by=by,
            at=at,
            purpose="list",
            basis="prescriber",
            of=[one.record for one in found],
            about="change-requests",
            fields=(REQUEST,),
            among=[one.prescription.patient_id for one in found],
        )
    read = ((one, access.listed(one.record, looked)) for one in found)
    return [Asked(one, fields[REQUEST]) for one, fields in read if fields is not None]


def draw_keep(
    prescription_id: UUID, reason: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement that leaves it as it is. Raises what ``keep`` raises."""
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.KEEP, by=by, at=at)
    facts = {"reason": reason, "request": _asked(prescription).named}
    return lifecycle.propose(prescription, lifecycle.KEEP, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def keep(
    prescription_id: UUID, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Answer the open request by leaving the prescription as it is, for a ``KeepReason``.

    Raises ``NothingAsked`` and what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.KEEP, by=by, at=at)
    request = _asked(prescription)
    facts = {"reason": reason, "request": request.named}
    entry = lifecycle.advance(
        prescription, lifecycle.KEEP, by=by, at=at, signed=signed, facts=facts
    )
    close(request, ChangeRequest.Answer.KEEP, keep_reason=reason, at=at)
    return prescription, entry


def close(
    request: ChangeRequest | None,
    answer: ChangeRequest.Answer,
    *,
    keep_reason: str = "",
    at: datetime,
) -> None:
    """Nobody waits for an answer any more; the caller holds the prescription's row."""
    if request is not None:
        request.answer, request.keep_reason, request.answered_at = answer, keep_reason, at
        request.save(update_fields=["answer", "keep_reason", "answered_at"])


def _asked(prescription: Prescription) -> ChangeRequest:
    request = open_request(prescription)
    if request is None:
        raise NothingAsked
    return request
