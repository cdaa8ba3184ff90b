"""How long what is kept cold may be under way."""

from __future__ import annotations

from datetime import datetime, timedelta

from hospital import errors
from pharmacy import queries_parcels
from pharmacy.models import Delivery
from prescriptions.models import Prescription

LIMIT = timedelta(hours=24)
"""
From the pharmacy's door. What packages hold is proven for each of them (GSP, appendix on cold
chains: 冷藏、冷冻药品的储存与运输管理, unconfirmed); a day is this deployment's policy.
"""


class TooLongAway(errors.Conflict):
    """It is kept cold and was under way too long; bring it back, for ``cold_chain``."""

    code = "delivery.too_long_away"


def is_over(prescription: Prescription, at: datetime) -> bool:
    """Was a parcel that is kept cold under way for too long?"""
    shipped = Delivery.objects.values_list("shipped_at", flat=True).get(prescription=prescription)
    late = shipped is not None and at >= shipped + LIMIT
    return late and queries_parcels.is_cold(prescription)


def check(prescription: Prescription, at: datetime) -> None:
    """Raises ``TooLongAway``."""
    if is_over(prescription, at):
        raise TooLongAway
