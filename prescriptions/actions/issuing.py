"""Issue, review, cancel: what the hospital signs; giving up: what the patient signs; expiry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction

from hospital import errors, services
from hospital.roles import Actor, Role
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle, rules
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription, Status

EXPIRY_BATCH = 200
DRAFTS_KEPT = timedelta(days=5)


class DraftTooOld(errors.Gone):
    """The draft is of another day; the rules must look at it again."""

    code = "prescription.draft_too_old"


class Decision(models.TextChoices):
    """A reviewing pharmacist's answer."""

    APPROVE = "approve"
    RETURN = "return"


class ReviewReason(models.TextChoices):
    """Why a prescription is sent back: the points of the suitability review (Order 53)."""

    NONE = "none"
    ALLERGY_TEST = "allergy_test"
    DIAGNOSIS_MISMATCH = "diagnosis_mismatch"
    DOSE = "dose"
    ROUTE_OR_FORM = "route_or_form"
    DUPLICATION = "duplication"
    INTERACTION = "interaction"
    OTHER = "other"


class CancelReason(models.TextChoices):
    PRESCRIBING_ERROR = "prescribing_error"
    CLINICAL = "clinical"
    PATIENT_REQUEST = "patient_request"
    OTHER = "other"


def draw_issue(prescription_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    prescription = lifecycle.find(prescription_id)
    facts = _issue_facts(prescription, at)
    return lifecycle.propose(prescription, lifecycle.ISSUE, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def issue(
    prescription_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """Issue a draft under the doctor's signature. Raises ``DraftTooOld`` and ``advance``'s."""
    prescription = lifecycle.lock(prescription_id)
    facts = _issue_facts(prescription, at)
    entry = lifecycle.advance(
        prescription, lifecycle.ISSUE, by=by, at=at, signed=signed, facts=facts
    )
    return prescription, entry


def draw_review(
    prescription_id: UUID, decision: str, reason: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    prescription = lifecycle.find(prescription_id)
    move, facts = _review(decision, reason)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def review(
    prescription_id: UUID, decision: str, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """Approve or send back under the reviewing pharmacist's signature."""
    prescription = lifecycle.lock(prescription_id)
    move, facts = _review(decision, reason)
    entry = lifecycle.advance(prescription, move, by=by, at=at, signed=signed, facts=facts)
    return prescription, entry


def draw_cancel(
    prescription_id: UUID, reason: str, *, by: Actor, key: str, at: datetime
) -> Statement:
    prescription = lifecycle.find(prescription_id)
    return lifecycle.propose(
        prescription, _cancel_move(by), by=by, key=key, at=at, facts={"reason": reason}
    )


@transaction.atomic(savepoint=False)
def cancel(
    prescription_id: UUID, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Cancel before anything is dispensed: the doctor, or the patient before paying.

    Stock and money follow by themselves: ``pharmacy.tasks`` releases, ``insurance.tasks`` refunds.
    """
    prescription = lifecycle.lock(prescription_id)
    entry = lifecycle.advance(
        prescription, _cancel_move(by), by=by, at=at, signed=signed, facts={"reason": reason}
    )
    return prescription, entry


def expire_lapsed(*, at: datetime) -> int:
    """
    Expire what has lapsed, each in its own transaction; how many.

    A row that somebody holds is left for the next tick.
    """
    lapsed = Prescription.objects.filter(
        status__in=lifecycle.EXPIRE.sources, valid_until__lte=at
    ).values_list("id", flat=True)
    return sum(_expire(prescription_id, at) for prescription_id in lapsed[:EXPIRY_BATCH])


def forget_drafts(*, at: datetime) -> int:
    """Delete drafts that nobody issued for five days, with their content; how many."""
    old = Prescription.objects.filter(status=Status.DRAFT, created_at__lt=at - DRAFTS_KEPT)
    drafts = list(old.select_related("record")[:EXPIRY_BATCH])
    for prescription in drafts:
        with transaction.atomic():
            deleted, _ = Prescription.objects.filter(
                id=prescription.id, status=Status.DRAFT
            ).delete()
            if deleted:
                prescription.record.delete()
    return len(drafts)


@transaction.atomic
def _expire(prescription_id: UUID, at: datetime) -> bool:
    free = Prescription.objects.select_for_update(skip_locked=True).filter(id=prescription_id)
    if not free.exists():
        return False
    prescription = lifecycle.lock(prescription_id)
    if prescription.status not in lifecycle.EXPIRE.sources:
        return False
    lifecycle.advance_as_server(
        prescription,
        lifecycle.EXPIRE,
        by=services.CLOCK,
        service="clock",
        at=at,
        facts={"valid_until": stamp(prescription.valid_until)},
    )
    return True


def _issue_facts(prescription: Prescription, at: datetime) -> dict[str, Any]:
    if rules.legal_day(prescription.created_at) != rules.legal_day(at):
        raise DraftTooOld
    return {
        "hospital": prescription.hospital.slug,
        "lines": prescription.quantities,
        "online": prescription.online,
        "rules": prescription.rules_version,
        "valid_until": stamp(prescription.valid_until),
        "warnings": prescription.warnings,
    }


def _review(decision: str, reason: str) -> tuple[Move, dict[str, str]]:
    move = lifecycle.APPROVE if decision == Decision.APPROVE else lifecycle.SEND_BACK
    return move, {"decision": decision, "reason": reason}


def _cancel_move(by: Actor) -> Move:
    return lifecycle.GIVE_UP if by.role is Role.PATIENT else lifecycle.CANCEL
