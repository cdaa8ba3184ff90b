"""
A regulator recalls a medicine's lot, or all its lots, and lifts the recall; pharmacies collect.

A recall holds from its commit on: what is given out was committed before it (``pharmacy.recalls``).
Its entry says medicine and lot in clear, for they are public: whom it warns has to know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from hospital import errors, signing
from hospital.roles import Actor
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement
from pharmacy import lawrecalls, queries_recalls, recalls
from pharmacy.recalls import Collected, Grade, Recall
from prescriptions.actions.judging import UnknownMedicine
from prescriptions.models import Medicine


class UnknownRecall(errors.NotFound):
    """There is no such recall."""

    code = "recall.unknown"


class AlreadyRecalled(errors.Conflict):
    """This lot, or this medicine as a whole, is recalled already."""

    code = "recall.in_force"


class NotInForce(errors.Conflict):
    """This recall was lifted before."""

    code = "recall.lifted"


class OtherAuthority(errors.Forbidden):
    """Another authority has recalled it, and lifts it."""

    code = "recall.other_authority"


class AlreadyCollected(errors.Conflict):
    """Your pharmacy has confirmed this recall before."""

    code = "recall.collected"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is recalled: a medicine's lot of this number, all its lots if there is none."""

    medicine: str
    number: str
    grade: int
    reason: str


def draw(
    terms: Terms, *, by: Actor, key: str, at: datetime
) -> tuple[Statement, queries_recalls.Reach]:
    """The recall to sign, and what it would reach: a wrong number reaches nothing."""
    made = _recall(uuid4(), terms, by, drawn_at=at, at=at)
    statement = signing.draw(_recalling(made), by=by, key=key, at=at)
    return statement, queries_recalls.reach(made)


@transaction.atomic(savepoint=False)
def recall(terms: Terms, signed: str, *, by: Actor, at: datetime) -> tuple[Recall, chain.Appended]:
    """
    Recall it, under the regulator's signature: nothing of it leaves a shelf any more.

    Whoever is just giving some of it out is waited for, and comes before it. Patients are told by
    a task.

    Raises ``UnknownMedicine``, ``AlreadyRecalled`` and what ``signing.new_subject`` and
    ``signing.append`` raise.
    """
    name, drawn_at = signing.new_subject(signed, lawrecalls.FAMILY, at)
    recalls.hold_alone(terms.medicine)
    made = _recall(name, terms, by, drawn_at=drawn_at, at=at)
    entry = signing.append(_recalling(made), signed, by=by, at=at)
    made.save(force_insert=True)
    return made, entry


def draw_lift(recall_id: UUID, reason: str, *, by: Actor, key: str, at: datetime) -> Statement:
    """The end of a recall to sign. Raises what ``lift`` raises."""
    found = _liftable(Recall.objects.filter(id=recall_id).first(), by)
    return signing.draw(_lifting(found, reason), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def lift(
    recall_id: UUID, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Recall, chain.Appended]:
    """
    End a recall; what the pharmacies have put aside stays there until they put it back.

    A recall of the wrong lot is lifted, and the right one recalled.
    Raises ``UnknownRecall``, ``OtherAuthority``, ``NotInForce``.
    """
    rows = Recall.objects.select_for_update(of=("self",))
    found = _liftable(rows.filter(id=recall_id).first(), by)
    entry = signing.append(_lifting(found, reason), signed, by=by, at=at)
    found.state, found.lift_reason, found.lifted_at = Recall.State.LIFTED, reason, at
    found.save(update_fields=["state", "lift_reason", "lifted_at"])
    return found, entry


@transaction.atomic(savepoint=False)
def collect(recall_id: UUID, *, by: Actor, at: datetime) -> Collected:
    """
    Confirm that the own pharmacy has put aside what it had; the units are those of its books.

    Raises ``UnknownRecall``, ``AlreadyCollected``.
    """
    found = Recall.objects.filter(id=recall_id).first()
    if found is None or by.organisation_id is None:
        raise UnknownRecall
    lots = queries_recalls.lots_at(found, by.organisation_id)
    made, is_new = Collected.objects.get_or_create(
        recall=found,
        pharmacy_id=by.organisation_id,
        defaults={"units": sum(one.on_hand for one in lots), "by_id": by.account, "at": at},
    )
    if not is_new:
        raise AlreadyCollected
    return made


def find(recall_id: UUID) -> Recall:
    """Raises ``UnknownRecall``."""
    found = Recall.objects.select_related("authority").filter(id=recall_id).first()
    if found is None:
        raise UnknownRecall
    return found


def _recall(name: UUID, terms: Terms, by: Actor, *, drawn_at: datetime, at: datetime) -> Recall:
    if not Medicine.objects.filter(code=terms.medicine).exists():
        raise UnknownMedicine(field="medicine")
    same = Recall.objects.filter(medicine_id=terms.medicine, state=Recall.State.IN_FORCE)
    if same.filter(number=terms.number).exists():
        raise AlreadyRecalled
    return Recall(
        id=name,
        medicine_id=terms.medicine,
        number=terms.number,
        grade=terms.grade,
        reason=terms.reason,
        authority_id=by.organisation_id,
        by_id=by.account,
        created_at=at,
        notify_by=drawn_at + Grade(terms.grade).within,
    )


def _liftable(found: Recall | None, by: Actor) -> Recall:
    if found is None:
        raise UnknownRecall
    if found.authority_id != by.organisation_id:
        raise OtherAuthority
    if found.state != Recall.State.IN_FORCE:
        raise NotInForce
    return found


def _recalling(made: Recall) -> signing.Draft:
    facts = {
        "medicine": made.medicine_id,
        "grade": made.grade,
        "reason": made.reason,
        "notify_by": stamp(made.notify_by),
        **({"lot": made.number} if made.number else {}),
    }
    return _draft(lawrecalls.RECALL, made, facts)


def _lifting(found: Recall, reason: str) -> signing.Draft:
    return _draft(lawrecalls.LIFT, found, {"reason": reason})


def _draft(kind: str, about: Recall, facts: Mapping[str, Any]) -> signing.Draft:
    """In the first line of logs: it is about no patient."""
    return signing.Draft(kind=kind, subject=about.subject, patient="", facts=facts)
