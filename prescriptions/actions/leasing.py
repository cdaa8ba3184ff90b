"""
The queue of a hospital's reviewers: who asks gets what has waited longest, and has it alone.

A lease is no state of the prescription and no entry: it says who is looking, not what was decided.
It ends with the review, when it is given back, or by the clock, which is asked and not waited for:
whoever disappears holds a prescription up for ``REVIEW_LEASE_S`` and no longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from hospital import errors
from hospital.models import Account
from hospital.roles import Actor
from prescriptions import lifecycle, permissions
from prescriptions.models import Prescription
from prescriptions.waiting import AWAITING_REVIEW


class NothingWaits(errors.NotFound):
    """No prescription waits that you may review."""

    code = "review.nothing_waits"


class NotLeased(errors.Conflict):
    """You do not have this prescription in hand, or not any more."""

    code = "review.not_leased"


@transaction.atomic(savepoint=False)
def take(*, by: Actor, at: datetime) -> Prescription:
    """
    Lease the prescription that has waited longest to ``by``, a reviewer of its hospital.

    Who has one in hand gets that one again, until the same moment: a lost answer costs nothing, and
    nobody empties the queue. The account's row is locked, so that two calls at once are one after
    the other; a prescription whose row somebody else holds is passed over and not waited for.

    Raises:
        NothingWaits: see there.
    """
    Account.objects.select_for_update(no_key=True).only("id").get(id=by.account)
    mine = Prescription.objects.filter(
        lease_holder_id=by.account, lease_until__gt=at, valid_until__gt=at
    ).first()
    if mine is not None:
        return mine
    found = _waiting_for(by, at).first()
    if found is None:
        raise NothingWaits
    found.lease_holder_id = by.account
    found.lease_until = at + timedelta(seconds=settings.REVIEW_LEASE_S)
    found.save(update_fields=["lease_holder_id", "lease_until"])
    return found


@transaction.atomic(savepoint=False)
def give_back(prescription_id: UUID, *, by: Actor, at: datetime) -> Prescription:
    """
    End the own lease, so that another reviewer gets it at once; its place in the queue stays.

    Raises:
        lifecycle.UnknownPrescription, permissions.WrongHospital, NotLeased: see each.
    """
    prescription = lifecycle.lock(prescription_id)
    permissions.check_party(prescription, by)
    if prescription.lease_holder_id != by.account or not prescription.leased(at):
        raise NotLeased
    prescription.lease_holder_id = prescription.lease_until = None
    prescription.save(update_fields=["lease_holder_id", "lease_until"])
    return prescription


def _waiting_for(by: Actor, at: datetime) -> QuerySet[Prescription]:
    """
    What ``by`` may review and nobody has in hand, the longest waiting first, to be locked.

    The conditions of ``lifecycle.check``. Of a long-term prescription only the first issue that
    waits is handed out: its issues are reviewed together, so one lease stands for all.
    """
    waits = Prescription.objects.filter(status__in=AWAITING_REVIEW, valid_until__gt=at)
    former = waits.filter(series=OuterRef("series"), issue_number__lt=OuterRef("issue_number"))
    own = Q(doctor__person=by.person) | Q(patient__person=by.person)
    return (
        waits.select_for_update(of=("self",), skip_locked=True)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lte=at), ~Exists(former))
        .filter(hospital_id=by.organisation_id)
        .exclude(own | Q(countersigner=by.person) | Q(checker=by.person))
        .order_by("awaits_since", "id")
    )
