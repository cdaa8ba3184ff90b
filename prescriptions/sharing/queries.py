"""What can be asked about offers, opt-ins and uses; nothing here writes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from hospital import errors, sharing
from hospital.roles import Actor, Role
from prescriptions.models import COUNTS, Prescription
from prescriptions.queries import readable
from prescriptions.sharing.models import Offer, OptIn, Use

NEWEST = 20
"""So many prescriptions of a patient, the newest, are shared at a time."""


class UnknownOffer(errors.NotFound):
    """There is no such offer."""

    code = "offer.unknown"


def offers_for(by: Actor, *, at: datetime) -> QuerySet[Offer]:
    """What a patient may opt in to, an institute has offered, or a regulator has to decide."""
    offers = Offer.objects.select_related("organisation")
    if by.role is Role.RESEARCHER:
        return offers.filter(organisation_id=by.organisation_id)
    if by.role is Role.REGULATOR:
        return offers.filter(state=sharing.PUBLISHED, until__gt=at)
    return open_offers(at=at).select_related("organisation")


def open_offers(*, at: datetime) -> QuerySet[Offer]:
    """Approved, within their period, and with enough left for one more use."""
    return Offer.objects.filter(
        state=sharing.APPROVED,
        since__lte=at,
        until__gt=at,
        budget_fen__gte=F("spent_fen") + F("reward_fen"),
    )


def offer(offer_id: UUID, *, lock: bool = False) -> Offer:
    """Raises ``UnknownOffer``."""
    rows = Offer.objects.select_related("organisation", "researcher")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(id=offer_id).first()
    if found is None:
        raise UnknownOffer
    return found


def opt_ins_of(patient: UUID) -> QuerySet[OptIn]:
    """All of a patient, withdrawn ones too."""
    return OptIn.objects.filter(patient_id=patient).select_related("offer__organisation")


def live(offer: Offer, *, at: datetime) -> QuerySet[OptIn]:
    """Whose data may be used under the offer now."""
    return OptIn.objects.filter(
        offer=offer, withdrawn_at__isnull=True, until__gt=at, patient__left_at__isnull=True
    )


def uses_of(patient: UUID) -> QuerySet[Use]:
    """Each use of a patient's data."""
    return Use.objects.filter(patient_id=patient).select_related("delivery__offer__organisation")


def prescriptions_of(patients: list[UUID]) -> dict[UUID, list[Prescription]]:
    """Of each patient the newest prescriptions that every needed doctor has signed; one query."""
    rank = Window(RowNumber(), partition_by=F("patient_id"), order_by=[F("created_at").desc()])
    ranked = Prescription.objects.filter(
        patient__in=patients,
        status__in=COUNTS,
        remainder_of=None,  # written once, so shared once
    )
    newest = ranked.annotate(rank=rank).filter(rank__lte=NEWEST).values("id")
    found: dict[UUID, list[Prescription]] = {patient: [] for patient in patients}
    for one in readable().filter(id__in=newest):
        found[one.patient_id].append(one)
    return found
