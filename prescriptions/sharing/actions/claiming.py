"""
Which patients' data may be used now, what that costs, and the entries that say so.

All in the caller's transaction: the offer is locked first, then the opt-ins. So a withdrawal either
came first, and the patient is not among them, or waits until look and reward are written; and two
researchers at once cannot spend the same money.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from hospital import access, errors, sharing
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from hospital.notices.models import Notice
from hospital.roles import Actor
from hospital.sharing import Mode
from prescriptions import content
from prescriptions.models import Prescription
from prescriptions.sharing import queries
from prescriptions.sharing.actions.opting import OfferOver
from prescriptions.sharing.models import Delivery, Offer, OptIn, Use

ABOUT = "research"
"""What the looks are at: the patient's newest prescriptions."""


class WrongMode(errors.Conflict):
    """This offer delivers records, or counts, and not the other."""

    code = "offer.wrong_mode"


class TooFew(errors.Conflict):
    """Fewer patients share than the offer's group; nothing is delivered, and nothing is paid."""

    code = "offer.too_few"


class BudgetUsedUp(errors.Conflict):
    """What is left of the budget pays no group of patients; nothing is delivered."""

    code = "offer.budget_used_up"


@dataclass(frozen=True, slots=True)
class Looked:
    """One patient's prescriptions, to be opened once the look is committed."""

    opt_in: OptIn
    prescriptions: list[Prescription]
    viewing: access.Viewing

    def opened(self) -> list[tuple[Prescription, dict[str, Any]]]:
        """With their fields; without those that were erased meanwhile."""
        found = [(one, access.listed(one.record, self.viewing)) for one in self.prescriptions]
        return [(one, fields) for one, fields in found if fields is not None]


def locked(offer_id: UUID, mode: Mode, *, by: Actor) -> Offer:
    """The caller's organisation's offer, locked. Raises ``queries.UnknownOffer``, ``WrongMode``."""
    offer = queries.offer(offer_id, lock=True)
    if offer.organisation_id != by.organisation_id:
        raise queries.UnknownOffer
    if offer.mode != mode:
        raise WrongMode
    return offer


def payable(offer: Offer, most: int, *, at: datetime) -> int:
    """
    How many patients, ``most`` at most, the budget still pays.

    Raises ``OfferOver``, ``BudgetUsedUp``.
    """
    _check_open(offer, at)
    affordable = (offer.budget_fen - offer.spent_fen) // offer.reward_fen
    if affordable < offer.group_size:
        raise BudgetUsedUp(left_fen=offer.budget_fen - offer.spent_fen)
    return min(most, affordable)


def waiting(offer: Offer, number: int, *, at: datetime) -> list[OptIn]:
    """So many live opt-ins, locked, the least used first, the oldest of them first."""
    rows = queries.live(offer, at=at).select_for_update(of=("self",), no_key=True)
    ordered = rows.select_related("patient__person").order_by("used", "created_at", "id")
    return list(ordered[:number])


def pay(delivery: Delivery, opt_ins: list[OptIn], *, at: datetime) -> None:
    """
    Take the rewards from the offer's budget and owe them to the patients, and tell them.

    Raises ``TooFew``.
    """
    offer = delivery.offer
    if len(opt_ins) < offer.group_size:
        raise TooFew(least=offer.group_size)
    delivery.cost_fen = offer.reward_fen * len(opt_ins)
    delivery.save(force_insert=True)
    offer.spent_fen += delivery.cost_fen
    offer.save(update_fields=["spent_fen"])
    OptIn.objects.filter(id__in=[one.id for one in opt_ins]).update(used=F("used") + 1)
    Use.objects.bulk_create(
        Use(
            delivery=delivery,
            opt_in=one,
            patient_id=one.patient_id,
            reward_fen=offer.reward_fen,
            created_at=at,
            due_at=at,
        )
        for one in opt_ins
    )
    told = [
        Notice(
            account_id=one.patient_id, kind=Kind.OPTIN_USED, subject=one.subject,
            version=one.used + 1,
        )
        for one in opt_ins
    ]  # fmt: skip
    notices.tell_all(told, at=at)


def look(offer: Offer, opt_ins: list[OptIn], *, by: Actor, at: datetime) -> list[Looked]:
    """
    One ``record.view`` entry for each patient, in the patient's line of logs.

    Raises ``OfferOver``: what was paid for is not looked at again once the offer is closed or over.
    """
    _check_open(offer, at)
    of = queries.prescriptions_of([one.patient_id for one in opt_ins])
    return [
        Looked(
            one,
            of[one.patient_id],
            access.view(
                by=by,
                at=at,
                purpose=offer.mode,
                basis=one.subject,
                of=[rx.record for rx in of[one.patient_id]],
                about=ABOUT,
                fields=tuple(offer.fields),
                patient=one.patient.person,
            ),
        )
        for one in opt_ins
    ]


def _check_open(offer: Offer, at: datetime) -> None:
    if offer.state != sharing.APPROVED or not offer.since <= at < offer.until:
        raise OfferOver


assert set(sharing.FIELDS) == {content.DIAGNOSES, content.LINES}
