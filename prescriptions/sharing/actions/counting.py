"""
Counts for a researcher, with noise: how many of those who share got each medicine, or have each
group of diagnoses.

A question costs epsilon, of the offer's privacy budget and of each patient's, which all offers
share; and a reward for each patient. The same question again gives the stored answer and costs
nothing: asking often does not wear the noise away. See ``anonymity.noisy`` for what it hides; who
has opted in, and so the cost, is no secret from the institute.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F

from hospital import errors, sharing
from hospital.roles import Actor
from hospital.sharing import Mode
from hospital.units import SHANGHAI
from prescriptions import content
from prescriptions.models import Medicine, Prescription
from prescriptions.sharing import anonymity
from prescriptions.sharing.actions import claiming
from prescriptions.sharing.actions.claiming import Looked
from prescriptions.sharing.models import Delivery, Offer, OptIn, PrivacyLoss

MOST = 200
"""So many patients, the least used first, are counted for one question at most."""


class By(StrEnum):
    """What is counted: patients by generic name, or by the first letter of ICD-10."""

    MEDICINE = "medicine"
    DIAGNOSIS = "diagnosis"


FIELD_OF = {By.MEDICINE: content.LINES, By.DIAGNOSIS: content.DIAGNOSES}


class NotOffered(errors.Invalid):
    """The offer is not for this field."""

    code = "offer.field_not_offered"


class EpsilonUsedUp(errors.Conflict):
    """So much epsilon is not left of the offer's privacy budget; nothing is counted."""

    code = "offer.epsilon_used_up"


@dataclass(frozen=True, slots=True)
class Question:
    """What is counted, in which ``month`` (2026-11; empty: ever), for how much epsilon."""

    by: By
    month: str
    epsilon_milli: int

    def __str__(self) -> str:
        return f"{self.by}/{self.month}/{self.epsilon_milli}"


@dataclass(frozen=True, slots=True)
class Counted:
    """``counts`` are of groups that are large enough with their noise."""

    counts: dict[str, int]
    cost_fen: int
    left_fen: int
    epsilon_left_milli: int


def count(offer_id: UUID, question: Question, *, by: Actor, at: datetime) -> Counted:
    """
    The noisy answer; the looks that it takes are entered first, one for each patient.

    Raises:
        queries.UnknownOffer, claiming.WrongMode, opting.OfferOver, NotOffered, EpsilonUsedUp,
        claiming.BudgetUsedUp, claiming.TooFew: nothing is counted, and nothing is paid.
    """
    with transaction.atomic():
        offer = claiming.locked(offer_id, Mode.COUNTS, by=by)
        asked = Delivery.objects.filter(offer=offer, question=str(question)).first()
        if asked is None:
            asked = _ask(offer, question, by, at)
        looked = [] if asked.answer is not None else _look(asked, by, at)
    if asked.answer is None:
        _answer(asked, question, looked)
    return Counted(
        dict(asked.answer or {}),
        asked.cost_fen,
        offer.budget_fen - offer.spent_fen,
        offer.epsilon_milli - offer.epsilon_spent_milli,
    )


def _ask(offer: Offer, question: Question, by: Actor, at: datetime) -> Delivery:
    """Pay for a new question: rewards, and epsilon."""
    if FIELD_OF[question.by] not in offer.fields:
        raise NotOffered(field="by")
    number = claiming.payable(offer, MOST, at=at)
    if question.epsilon_milli > offer.epsilon_milli - offer.epsilon_spent_milli:
        raise EpsilonUsedUp(left_milli=offer.epsilon_milli - offer.epsilon_spent_milli)
    opt_ins = _bear(claiming.waiting(offer, number, at=at), question.epsilon_milli)
    asked = Delivery(
        id=uuid4(),
        offer=offer,
        researcher_id=by.account,
        created_at=at,
        question=str(question),
        epsilon_milli=question.epsilon_milli,
    )
    offer.epsilon_spent_milli += question.epsilon_milli
    offer.save(update_fields=["epsilon_spent_milli"])
    claiming.pay(asked, opt_ins, at=at)
    return asked


def _bear(opt_ins: list[OptIn], epsilon_milli: int) -> list[OptIn]:
    """Take epsilon of each patient's own budget; without those who have too little left."""
    patients = sorted(one.patient_id for one in opt_ins)
    PrivacyLoss.objects.bulk_create(
        [PrivacyLoss(patient_id=one) for one in patients], ignore_conflicts=True
    )
    most = sharing.MOST_LOSS_MILLI - epsilon_milli
    bearing = PrivacyLoss.objects.filter(patient__in=patients, epsilon_milli__lte=most)
    locked = bearing.select_for_update().order_by("patient_id")
    able = set(locked.values_list("patient_id", flat=True))
    PrivacyLoss.objects.filter(patient__in=able).update(
        epsilon_milli=F("epsilon_milli") + epsilon_milli
    )
    return [one for one in opt_ins if one.patient_id in able]


def _look(asked: Delivery, by: Actor, at: datetime) -> list[Looked]:
    """Of a question that was paid for and not answered yet; who has withdrawn is not counted."""
    rows = OptIn.objects.filter(uses__delivery=asked, withdrawn_at=None, until__gt=at)
    locked = rows.select_for_update(of=("self",), no_key=True).order_by("id")
    opt_ins = list(locked.select_related("patient__person"))
    return claiming.look(asked.offer, opt_ins, by=by, at=at)


def _answer(asked: Delivery, question: Question, looked: list[Looked]) -> None:
    """Count, add the noise and store it; of two at once one answer stands, and both give it."""
    groups = {one.opt_in.pseudonym: set(_groups(one, question)) for one in looked}
    counts = anonymity.noisy(
        anonymity.counted(groups, asked.id.hex),
        _all_groups(question.by),
        epsilon_milli=question.epsilon_milli,
        k=asked.offer.group_size,
    )
    Delivery.objects.filter(id=asked.id, answer__isnull=True).update(answer=counts)
    asked.refresh_from_db(fields=["answer"])


def _groups(looked: Looked, question: Question) -> Iterable[str]:
    for one, fields in looked.opened():
        if question.month in ("", _month(one)):
            if question.by is By.MEDICINE:
                yield from (line["generic_name"] for line in content.lines_of(fields).values())
            else:
                yield from (code[:1] for code in content.diagnoses_of(fields))


def _month(one: Prescription) -> str:
    return one.created_at.astimezone(SHANGHAI).strftime("%Y-%m")


def _all_groups(by: By) -> Iterable[str]:
    """All that there could be, which is public: which of them are empty is not."""
    if by is By.DIAGNOSIS:
        return string.ascii_uppercase
    return Medicine.objects.values_list("generic_name", flat=True).distinct()
