"""What can be asked about a hospital's queue of reviews; nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q

from prescriptions.models import Prescription
from prescriptions.waiting import AWAITING_REVIEW


@dataclass(frozen=True, slots=True)
class Figures:
    """How many wait at a moment, of them in hand and overdue, and since when the first waits."""

    waiting: int
    in_hand: int
    overdue: int
    oldest_since: datetime | None


def time_out() -> timedelta:
    """So long a prescription may wait for review before it is overdue."""
    return timedelta(minutes=settings.REVIEW_TIMEOUT_MIN)


def is_overdue(prescription: Prescription, at: datetime) -> bool:
    """Whether it has waited ``time_out`` or longer; no state, the clock alone says so."""
    since = prescription.awaits_since
    return since is not None and at - since >= time_out()


def figures(hospital: int | None, at: datetime) -> Figures:
    """The queue of a hospital at ``at``, what has lapsed left out. One query; its cost is the
    queue's length."""
    rows = Prescription.objects.filter(
        hospital_id=hospital, status__in=AWAITING_REVIEW, valid_until__gt=at
    )
    found = rows.aggregate(
        waiting=Count("id"),
        in_hand=Count("id", filter=Q(lease_until__gt=at)),
        overdue=Count("id", filter=Q(awaits_since__lte=at - time_out())),
        oldest_since=Min("awaits_since"),
    )
    return Figures(**found)
