"""
Issue: what the doctor signs; expiry: what the clock signs.

What an assistant or a trainee issues is only submitted: it waits for another doctor's signature
(``countersigning``). Review is ``reviewing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from hospital import errors, services
from hospital.consultations.models import Consultation
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle, rules
from prescriptions.actions import judging, numbering
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription, Status, Version

EXPIRY_BATCH = 200
DRAFTS_KEPT = timedelta(days=5)


class DraftTooOld(errors.Gone):
    """The draft is of another day; the rules must look at it again."""

    code = "prescription.draft_too_old"


class ConsultationEnded(errors.Conflict):
    """The consultation of which the prescription came has ended; nothing more comes of it."""

    code = "prescription.consultation_ended"


class BeingUploaded(errors.Conflict):
    """The hospital's own system is uploading this draft, and signs it; void it or leave it."""

    code = "prescription.being_uploaded"


class SignedTogether(errors.Conflict):
    """All issues of a long-term prescription are signed in one call; ``series`` names it."""

    code = "prescription.signed_together"


def draw_issue(prescription_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    prescription = lifecycle.find(prescription_id)
    move, facts, _ = for_issue(prescription, Consultation.objects.all(), by=by, at=at)
    _check_alone(prescription)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def issue(
    prescription_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Issue a draft under the doctor's signature, if the rules allow it now; or submit it, if it
    counts only when countersigned.

    The consultation's row is locked after the prescription's, so that it ends before or after.
    Raises ``BeingUploaded``, ``DraftTooOld``, ``ConsultationEnded``, ``SignedTogether``,
    ``judging.RuleBroken`` and ``advance``'s.
    """
    prescription = lifecycle.lock(prescription_id)
    consultations = Consultation.objects.select_for_update()
    move, facts, columns = for_issue(prescription, consultations, by=by, at=at)
    _check_alone(prescription)
    entry = lifecycle.advance(
        prescription, move, by=by, at=at, signed=signed, facts=facts, **columns
    )
    numbering.number(prescription, at=at)
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
    return len(drafts) + _forget_versions(at)


def _forget_versions(at: datetime) -> int:
    """New contents that nobody signed in five days go in the same way."""
    old = Version.objects.filter(replaced_at__isnull=True, drafted_at__lt=at - DRAFTS_KEPT)
    versions = list(old.select_related("record")[:EXPIRY_BATCH])
    for version in versions:
        with transaction.atomic():
            deleted, _ = Version.objects.filter(id=version.id, replaced_at__isnull=True).delete()
            if deleted:
                version.record.delete()
    return len(versions)


@transaction.atomic
def _expire(prescription_id: UUID, at: datetime) -> bool:
    free = Prescription.objects.select_for_update(skip_locked=True).filter(id=prescription_id)
    if not free.exists():
        return False
    prescription = lifecycle.lock(prescription_id)
    extended = at < prescription.valid_until
    if extended or prescription.status not in lifecycle.EXPIRE.sources:
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


def for_issue(
    prescription: Prescription, consultations: QuerySet[Consultation], *, by: Actor, at: datetime
) -> tuple[Move, dict[str, Any], dict[str, Any]]:
    """
    The move, what its entry says, and what of it is stored.

    The rules look again, at what is true now; they know too whether the doctor's signature is
    enough.
    """
    lifecycle.check(prescription, lifecycle.ISSUE, by=by, at=at)
    if prescription.uploaded:
        raise BeingUploaded
    if rules.legal_day(prescription.created_at) != rules.legal_day(at):
        raise DraftTooOld
    consultation = _open_consultation(prescription, consultations, at)
    columns = judging.again(prescription, consultation, at=at).columns()
    facts = {
        **({"consultation": consultation.subject} if consultation else {}),
        **content_facts(prescription.quantities, columns),
        "hospital": prescription.hospital.slug,
        "online": prescription.online,
        "valid_until": stamp(prescription.valid_until),
        **_place(prescription),
    }
    alone = rules.COUNTERSIGNATURE not in columns["warnings"]
    return lifecycle.ISSUE if alone else lifecycle.SUBMIT, facts, columns


def _check_alone(prescription: Prescription) -> None:
    if prescription.series is not None:
        raise SignedTogether(series=str(prescription.series))


def _place(prescription: Prescription) -> dict[str, Any]:
    """Which issue of which long-term prescription it is; nothing for one that stands alone."""
    if prescription.series is None or prescription.opens_at is None:
        return {}
    return {
        "series": prescription.series.hex,
        "issue": prescription.issue_number,
        "issues": prescription.issues,
        "opens_at": stamp(prescription.opens_at),
    }


def content_facts(quantities: Mapping[str, int], columns: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry that brings a content says of it, besides the commitment."""
    dispenser = columns["dispenser"]
    return {
        **({"dispenser": dispenser.slug} if dispenser else {}),
        "form": columns["form"].value,
        "lines": quantities,
        "rules": columns["rules_version"],
        "warnings": columns["warnings"],
    }


def _open_consultation(
    prescription: Prescription, consultations: QuerySet[Consultation], at: datetime
) -> Consultation | None:
    """The open consultation that an online prescription names; nothing for the others."""
    if prescription.consultation_id is None:
        return None
    consultation = consultations.get(id=prescription.consultation_id)
    if not consultation.is_open(at):
        raise ConsultationEnded
    return consultation
