"""A pharmacy says when it is open, and which couriers bring what it gives out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from hospital import calendar, errors, queries
from hospital.models import Organisation
from hospital.roles import Actor, OrganisationKind
from pharmacy import hours
from pharmacy.models import Carriage, ClosedDay, Opening


class BadHours(errors.Invalid):
    """Two intervals overlap, one lasts longer than a day, or a day stands twice or is past."""

    code = "hours.invalid"


class BadCarriage(errors.Invalid):
    """Two fees of one courier company go equally far, or one that goes further is quicker."""

    code = "carriage.invalid"


@dataclass(frozen=True, slots=True)
class Band:
    """Up to so many metres, for so many fen, in so many minutes."""

    up_to_m: int
    fee_fen: int
    minutes: int


@transaction.atomic(savepoint=False)
def set_hours(
    week: Sequence[hours.Interval], closed: Sequence[date], *, by: Actor, at: datetime
) -> None:
    """
    From now on the caller's pharmacy is open in these intervals, but for these days.

    What was said before is replaced as a whole. Raises ``BadHours``.
    """
    if any(not one.opens < one.closes <= one.opens + hours.DAY_MIN for one in week):
        raise BadHours(field="week", reason="lasts")
    if hours.overlap(week):
        raise BadHours(field="week", reason="overlap")
    if len(set(closed)) < len(closed):
        raise BadHours(field="closed", reason="twice")
    if any(day < calendar.legal_day(at) for day in closed):
        raise BadHours(field="closed", reason="past")
    own = _locked(by)
    Opening.objects.filter(pharmacy=own).delete()
    ClosedDay.objects.filter(pharmacy=own).delete()
    Opening.objects.bulk_create(
        Opening(pharmacy=own, weekday=one.weekday, opens=one.opens, closes=one.closes)
        for one in week
    )
    ClosedDay.objects.bulk_create(ClosedDay(pharmacy=own, day=day) for day in closed)


@transaction.atomic(savepoint=False)
def set_carriage(courier: str, bands: Sequence[Band], *, by: Actor) -> None:
    """
    From now on this courier company brings things from the caller's pharmacy for these fees.

    What was said of it before is replaced; without bands it brings nothing from there any more.
    The band of a place is the shortest that reaches it; going further is never quicker.

    Raises:
        BadCarriage, queries.UnknownOrganisation: see each.
    """
    company = queries.organisation(courier, OrganisationKind.COURIER, field="courier")
    rising = sorted(bands, key=lambda one: one.up_to_m)
    for nearer, further in itertools.pairwise(rising):
        if nearer.up_to_m == further.up_to_m or further.minutes < nearer.minutes:
            raise BadCarriage(field="bands")
    own = _locked(by)
    Carriage.objects.filter(pharmacy=own, courier=company).delete()
    Carriage.objects.bulk_create(
        Carriage(
            pharmacy=own,
            courier=company,
            up_to_m=one.up_to_m,
            fee_fen=one.fee_fen,
            minutes=one.minutes,
        )
        for one in rising
    )


def _locked(by: Actor) -> Organisation:
    """The caller's pharmacy; two who say something of it at once take turns."""
    return Organisation.objects.select_for_update(no_key=True).get(id=by.organisation_id)
