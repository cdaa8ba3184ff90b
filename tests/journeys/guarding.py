"""What the tests of guardians share: registering, appointing, looking, being refused."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from hospital import calendar, errors
from hospital.client import Problem
from hospital.guardians.actions import registering
from hospital.guardians.actions.registering import Papers
from hospital.guardians.models import GuestKey
from tests.journeys import writes
from tests.journeys.watching import everything
from tests.journeys.writes import line_of

ALL = "/api/guardianships"
CERTIFICATE = "出生医学证明 V440012345"


def years_ago(years, days=0):
    today = calendar.legal_day(timezone.now()) + timedelta(days=days)
    return date(today.year - years, today.month, min(today.day, 28))


def registers(guardian, ward, evidence=CERTIFICATE, **more):
    papers = Papers(ward.id_number, guardian.id_number, evidence, **more)
    return registering.register(papers, at=timezone.now())


def appoints(ward, appointed, **changes):
    return ward.client.command(ALL, writes.appointing(appointed, **changes))


def looks(guardian, guardianship_id):
    return guardian.client.post(f"{ALL}/{guardianship_id}/history", {})


def refused(call, *args, **changes):
    """Status and code of the refusal, which has changed nothing."""
    before = everything()
    with pytest.raises(Problem) as refusal:
        call(*args, **changes)
    assert everything() == before
    return refusal.value.status, refusal.value.code


def code_of(call, *args, **changes):
    with pytest.raises(errors.Refusal) as refusal:
        call(*args, **changes)
    return refusal.value.code


def acts_for(guardian, ward, made):
    """The guardian's phone, for the ward; its key is entered where the ward's line needs it."""
    one = made["id"] if isinstance(made, dict) else str(made.id)
    line = line_of(ward)
    known = GuestKey.objects.filter(key__name=guardian.client.key_name, line=line)
    if line_of(guardian) != line and not known.exists():
        guardian.client.command(f"{ALL}/{one}/key")
    return replace(guardian, client=guardian.client.for_ward(one))


def guarded(guardian, ward):
    """A child's guardian, registered and ready."""
    return acts_for(guardian, ward, registers(guardian, ward))


def authorizes(world, by, rx, way="collect", **changes):
    """By a guardian; an address is the own."""
    own = replace(by, client=by.client.for_ward(""))
    choice = {**world.choice(own, way), **changes}
    return by.client.command(f"/api/prescriptions/{rx}/authorize", choice)


def in_another_line(world, guardian):
    """A child whose entries are in another line of logs than the guardian's."""
    children = (world.a_patient(years_ago(5)) for _ in range(64))
    return next(one for one in children if line_of(one) != line_of(guardian))
