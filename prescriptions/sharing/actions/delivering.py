"""
Records for a researcher: pseudonymous, coarse, without what few patients have in common.

Nobody's name, hospital, doctor or day is delivered: a pseudonym of this offer alone, months,
generic names, and categories of diagnoses, as far as the offer's fields go.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import errors
from hospital.roles import Actor
from hospital.sharing import Mode
from hospital.units import SHANGHAI
from prescriptions import content
from prescriptions.sharing import anonymity, queries
from prescriptions.sharing.actions import claiming
from prescriptions.sharing.actions.claiming import Looked
from prescriptions.sharing.anonymity import Prescribed, Shared
from prescriptions.sharing.models import Delivery, OptIn

MOST = 50
"""So many patients in one delivery at most."""


class DeliveryTaken(errors.Conflict):
    """There is a delivery of this id, of another offer or for somebody else; draw another id."""

    code = "delivery.taken"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery holds now, and what it has cost."""

    patients: list[Shared]
    cost_fen: int
    left_fen: int


def deliver(offer_id: UUID, delivery_id: UUID, most: int, *, by: Actor, at: datetime) -> Delivered:
    """
    The data of up to ``most`` patients who share, the least used first, as far as the budget goes.

    Whoever lost the answer asks again with the same ``delivery_id``: it costs nothing, is another
    look with an entry of its own, and holds nobody who has withdrawn meanwhile.

    Raises:
        queries.UnknownOffer, claiming.WrongMode, opting.OfferOver, claiming.BudgetUsedUp,
        claiming.TooFew: nothing is delivered, and nothing is paid.
        DeliveryTaken: see there.
    """
    with transaction.atomic():
        offer = claiming.locked(offer_id, Mode.RECORDS, by=by)
        known = Delivery.objects.filter(id=delivery_id).first()
        if known is None:
            opt_ins = claiming.waiting(offer, claiming.payable(offer, most, at=at), at=at)
            known = Delivery(id=delivery_id, offer=offer, researcher_id=by.account, created_at=at)
            claiming.pay(known, opt_ins, at=at)
        else:
            opt_ins = _again(known, offer_id, by, at)
        looked = claiming.look(offer, opt_ins, by=by, at=at)
    shared = [_shared(one) for one in looked]
    return Delivered(
        anonymity.suppressed(shared, offer.group_size),
        known.cost_fen,
        offer.budget_fen - offer.spent_fen,
    )


def _again(known: Delivery, offer_id: UUID, by: Actor, at: datetime) -> list[OptIn]:
    """Of the delivery's patients those whose opt-ins are still in force, locked."""
    if known.offer_id != offer_id or known.researcher_id != by.account:
        raise DeliveryTaken
    rows = queries.live(known.offer, at=at).filter(uses__delivery=known)
    locked = rows.select_for_update(of=("self",), no_key=True)
    return list(locked.select_related("patient__person").order_by("id"))


def _shared(looked: Looked) -> Shared:
    return Shared(
        looked.opt_in.pseudonym,
        tuple(
            Prescribed(
                one.created_at.astimezone(SHANGHAI).strftime("%Y-%m"),
                tuple({line["generic_name"] for line in content.lines_of(fields).values()}),
                tuple({anonymity.category(code) for code in content.diagnoses_of(fields)}),
            )
            for one, fields in looked.opened()
        ),
    )
