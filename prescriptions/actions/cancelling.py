"""
Cancel: every attempt has an outcome with a code of its own.

The English prescription service gives its cancellations numbers, R-0001 to R-0010; ours carry the
number of the same outcome as ``eps``. Unlike there, nothing is "marked for cancellation" while a
pharmacy is at work: the prescription's row is locked, so either the cancellation comes first and
nothing is dispensed, or it comes too late and says so. ``docs/cancelling.md`` is drawn from
``refusal``.

Source: NHSDigital, electronic-prescription-service-api, cancellation responses.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models, transaction

from hospital import errors
from hospital.roles import Actor, Role
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription, Status


class CancelReason(models.TextChoices):
    PRESCRIBING_ERROR = "prescribing_error"
    CLINICAL = "clinical"
    PATIENT_REQUEST = "patient_request"
    OTHER = "other"


class WithDispenser(errors.Conflict):
    """It is paid and the pharmacy is at work; take the authorization back first."""

    code = "cancel.with_dispenser"


class AlreadyDispensed(errors.Conflict):
    """The medicines were dispensed; there is nothing left to cancel."""

    code = "cancel.already_dispensed"


class Expired(errors.Gone):
    """The prescription's time is up."""

    code = "cancel.expired"


class AlreadyCancelled(errors.Conflict):
    """It was cancelled before."""

    code = "cancel.already_cancelled"


class OtherPrescriber(errors.Forbidden):
    """Another doctor issued this prescription."""

    code = "cancel.other_prescriber"


class OtherPatient(errors.Forbidden):
    """This prescription is another patient's."""

    code = "cancel.other_patient"


class OtherSystem(errors.Forbidden):
    """Your hospital's system has not uploaded this prescription."""

    code = "cancel.other_system"


class Unknown(errors.NotFound):
    """There is no such prescription."""

    code = "cancel.unknown"


class NotIssued(errors.Conflict):
    """It is a draft that nobody has issued; nothing counts that could be cancelled."""

    code = "cancel.not_issued"


CANCELLED = "R-0001"
EPS: dict[type[errors.Refusal], str] = {
    WithDispenser: "R-0002",
    AlreadyDispensed: "R-0004",
    Expired: "R-0005",
    AlreadyCancelled: "R-0006",
    OtherPrescriber: "R-0007",
    OtherPatient: "R-0007",
    OtherSystem: "R-0007",
    Unknown: "R-0008",
    NotIssued: "R-0010",
}
MOVES = {
    Role.DOCTOR: lifecycle.CANCEL,
    Role.PATIENT: lifecycle.GIVE_UP,
    Role.SYSTEM: lifecycle.UNDO,
}
"""What cancels; a draft that is being uploaded is voided: ``lifecycle.VOID``."""
_OTHERS = {
    Role.DOCTOR: OtherPrescriber,
    Role.PATIENT: OtherPatient,
    Role.SYSTEM: OtherSystem,
}
_TOO_LATE: dict[Status, type[errors.Refusal]] = {
    Status.DISPENSED: AlreadyDispensed,
    Status.IN_TRANSIT: AlreadyDispensed,
    Status.RETURNING: AlreadyDispensed,
    Status.DELIVERED: AlreadyDispensed,
    Status.CLAIMED: AlreadyDispensed,
    Status.UNDELIVERED: AlreadyDispensed,
    Status.TAKEN_BACK: AlreadyDispensed,
    Status.CANCELLED: AlreadyCancelled,
    Status.EXPIRED: Expired,
}
_REFUSED: dict[Role, dict[Status, type[errors.Refusal]]] = {
    Role.DOCTOR: {**_TOO_LATE, Status.DRAFT: NotIssued},
    # Patients do not learn of drafts, and take back what they have paid for before they give up.
    Role.PATIENT: {**_TOO_LATE, Status.DRAFT: Unknown, Status.PAID: WithDispenser},
    Role.SYSTEM: _TOO_LATE,
}


def refusal(status: Status, role: Role) -> type[errors.Refusal] | None:
    """
    Why the party of this role cannot cancel what stands there; None if it can.

    Of what was written here: the doctor of a draft that is being uploaded can void it too.
    """
    return _REFUSED[role].get(status)


def draw(prescription_id: UUID, reason: str, *, by: Actor, key: str, at: datetime) -> Statement:
    """
    The statement by which the prescription is cancelled. Raises what ``cancel`` raises.

    It waits for whoever is changing the prescription at this moment: an issue or a review that
    still runs is finished first, and then there is something to cancel.
    """
    with transaction.atomic():
        prescription = _locked(prescription_id)
    move = _move(prescription, by, at)
    facts = _facts(prescription, move, reason)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def cancel(
    prescription_id: UUID, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Cancel before anything is dispensed: the doctor, the patient before paying, or the hospital's
    system what it has uploaded. What is still being uploaded is void from then on.

    Stock and money follow by themselves: ``pharmacy.tasks`` releases, ``insurance.tasks`` refunds.

    Raises:
        one of the refusals of ``EPS``, and what ``lifecycle.advance`` raises.
    """
    prescription = _locked(prescription_id)
    move = _move(prescription, by, at)
    facts = _facts(prescription, move, reason)
    entry = lifecycle.advance(prescription, move, by=by, at=at, signed=signed, facts=facts)
    return prescription, entry


def _locked(prescription_id: UUID) -> Prescription:
    try:
        return lifecycle.lock(prescription_id)
    except lifecycle.UnknownPrescription as fault:
        raise _numbered(Unknown) from fault


def _move(prescription: Prescription, by: Actor, at: datetime) -> Move:
    """The caller's move, if it is lawful now; whose it is comes first, as for every move."""
    if not _is_own(prescription, by):
        raise _numbered(_OTHERS[by.role])
    if _is_being_uploaded(prescription) and by.role is not Role.PATIENT:
        return lifecycle.VOID
    refused = refusal(Status(prescription.status), by.role)
    if refused is not None:
        raise _numbered(refused)
    if at >= prescription.valid_until:
        raise _numbered(Expired)
    return MOVES[by.role]


def _is_own(prescription: Prescription, by: Actor) -> bool:
    if by.role is Role.SYSTEM:
        return prescription.uploaded and prescription.hospital_id == by.organisation_id
    if by.role is Role.PATIENT:
        return prescription.patient_id == by.patient
    return prescription.doctor_id == by.account


def _is_being_uploaded(prescription: Prescription) -> bool:
    return prescription.uploaded and prescription.status == Status.DRAFT


def _facts(prescription: Prescription, move: Move, reason: str) -> dict[str, str]:
    """A void comes before any entry about it, so it says where."""
    hospital = {"hospital": prescription.hospital.slug} if move is lifecycle.VOID else {}
    return {"reason": reason, **hospital}


def _numbered(kind: type[errors.Refusal]) -> errors.Refusal:
    return kind(eps=EPS[kind])
