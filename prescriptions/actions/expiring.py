"""Patients are told of prescriptions that end soon, while there is time to fetch them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from prescriptions import telling
from prescriptions.models import Prescription, Status

SOON: Final = timedelta(hours=6)
"""Ours: most prescriptions are valid for the day alone (Order 53, art. 18)."""
WAITING: Final = (Status.APPROVED, Status.AUTHORIZED, Status.PAID)
"""The patient can still do something about it."""
BATCH: Final = 500


def warn(*, at: datetime) -> int:
    """
    Tell the patients of all that ends within ``SOON``, once for each end; how many there are.

    What was extended ends at another time, so that is told again.
    """
    ending = Prescription.objects.filter(
        status__in=WAITING, valid_until__gt=at, valid_until__lte=at + SOON
    )
    found = list(ending.only("id", "patient_id", "valid_until").order_by("valid_until", "id"))
    for first in range(0, len(found), BATCH):
        with transaction.atomic():
            news = [
                (one, Kind.EXPIRING, int(one.valid_until.timestamp()))
                for one in found[first : first + BATCH]
            ]
            notices.tell_all(telling.to_all(news, at=at), at=at)
    return len(found)
