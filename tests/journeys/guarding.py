"""What the tests of guardians share: registering, appointing, looking, being refused."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from hospital import calendar, errors
from hospital.client import Problem
from hospital.guardians.actions import registering
from hospital.guardians.actions.registering import Papers
from tests.journeys import writes
from tests.journeys.watching import everything

ALL = "/api/guardianships"
CERTIFICATE = "出生医学证明 V440012345"


def years_ago(years, days=0):
    today = calendar.legal_day(timezone.now()) + timedelta(days=days)
    return date(today.year - years, today.month, min(today.day, 28))


def registers(guardian, ward, evidence=CERTIFICATE):
    papers = Papers(ward=ward.id_number, guardian=guardian.id_number, evidence=evidence)
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
