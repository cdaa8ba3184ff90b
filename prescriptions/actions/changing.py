"""
Change what a prescription says: the doctor drafts a new content and signs it in place of the other.

Whatever had been decided about the old content falls: it is countersigned again if it was, reviewed
again, and the patient chooses again. The subject, the chain and the end of its validity stay, and
the old content stays readable to both (``models.Version``). What a pharmacy holds and what was paid
follow by themselves (``pharmacy.tasks``, ``insurance.tasks``), or at once when the patient
authorizes again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.models import Account
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle, rules, seconds
from prescriptions.actions import answering, drafting, issuing, judging, numbering
from prescriptions.lifecycle import Move
from prescriptions.models import ChangeRequest, Prescription, Version


class NothingDrafted(errors.Conflict):
    """Draft the new content first, today: the rules must look at it on the day of the signature."""

    code = "change.nothing_drafted"


@transaction.atomic(savepoint=False)
def draft(
    prescription_id: UUID, values: drafting.Values, *, by: Actor, at: datetime
) -> tuple[Version, list[rules.Finding]]:
    """
    Store a new content that the doctor may sign, in place of one that waits; it and the warnings.

    For whom it is and how they met is as it was issued; an online consultation may have ended.

    Raises:
        what ``lifecycle.check`` and ``drafting.content_of`` raise.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.CHANGE, by=by, at=at)
    columns, findings = drafting.content_of(values, _met(prescription), at=at)
    _discard(prescription)
    version = Version.objects.create(
        prescription=prescription,
        number=2 + Version.objects.filter(prescription=prescription).count(),
        drafted_at=at,
        **columns,
    )
    return version, findings


def draw(prescription_id: UUID, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement that brings the drafted content. Raises what ``change`` raises."""
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.CHANGE, by=by, at=at)
    version = _waiting(prescription, at)
    columns = _judged(prescription, version, at)
    facts = _facts(version, columns, answering.open_request(prescription))
    return lifecycle.propose(
        prescription, _move(columns), by=by, key=key, at=at, facts=facts, record=version.record
    )


@transaction.atomic(savepoint=False)
def change(
    prescription_id: UUID, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Put the drafted content in force; it has to be reviewed. An open request is answered by it.

    Raises:
        NothingDrafted: see there.
        judging.RuleBroken, judging.UnknownMedicine: what is true now forbids it.
        and what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.CHANGE, by=by, at=at)
    version, request = _waiting(prescription, at), answering.open_request(prescription)
    columns = _judged(prescription, version, at)
    old, number = prescription.content, version.number - 1
    entry = lifecycle.advance(
        prescription,
        _move(columns),
        by=by,
        at=at,
        signed=signed,
        facts=_facts(version, columns, request),
        **{**version.content, **columns},
        pharmacy=None,
        way="",
        courier=None,
        chosen=None,
        countersigner=None,
        checker=None,
        confirmer=None,
        **seconds.UNCHECKED,
    )
    Version.objects.filter(id=version.id).update(**old, number=number, replaced_at=at)
    answering.close(request, ChangeRequest.Answer.CHANGE, at=at)
    numbering.number(prescription, at=at)
    return prescription, entry


def _met(prescription: Prescription) -> drafting.Met:
    accounts = Account.objects.select_related("person", "organisation", "department")
    return drafting.Met(
        patient=accounts.get(id=prescription.patient_id),
        doctor=accounts.get(id=prescription.doctor_id),
        online=prescription.online,
        consultation=prescription.consultation,
        issues=prescription.issues,
        interval_days=prescription.interval_days,
    )


def _waiting(prescription: Prescription, at: datetime) -> Version:
    """The content that waits to be signed, drafted on this legal day. Raises ``NothingDrafted``."""
    waiting = Version.objects.filter(prescription=prescription, replaced_at__isnull=True)
    version = waiting.select_related("record").first()
    if version is None or rules.legal_day(version.drafted_at) != rules.legal_day(at):
        raise NothingDrafted
    return version


def _judged(prescription: Prescription, version: Version, at: datetime) -> dict[str, Any]:
    """What the rules say now, as columns: what is signed is lawful when it is signed."""
    met = prescription.consultation
    return judging.again(prescription, met, at=at, record=version.record).columns()


def _move(columns: dict[str, Any]) -> Move:
    """A change by an assistant or a trainee waits for another doctor again."""
    alone = rules.COUNTERSIGNATURE not in columns["warnings"]
    return lifecycle.CHANGE if alone else lifecycle.RESUBMIT


def _facts(
    version: Version, columns: dict[str, Any], request: ChangeRequest | None
) -> dict[str, Any]:
    answered = {"request": request.named} if request else {}
    return {**issuing.content_facts(version.quantities, columns), **answered}


def _discard(prescription: Prescription) -> None:
    for version in prescription.versions.filter(replaced_at__isnull=True).select_related("record"):
        version.delete()
        version.record.delete()
