"""A look and the end of its basis at one moment: one is first, and the log says which."""

import threading
import time
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from hospital import access
from hospital.actions import granting
from hospital.consents import Purpose
from hospital.models import Account
from hospital.permissions import Basis, NotGranted, basis_of_grant, basis_to_read
from tests.journeys import writes
from tests.journeys.looking import asks, breaks_glass, events, grants, withdraws
from tests.journeys.watching import account, at_once, drawn, outcomes


def by_number(patient, grant, by, at) -> Basis:
    return basis_to_read(UUID(patient.account), Purpose.TREATMENT, by=by, at=at)


def by_grant(patient, grant, by, at) -> Basis:
    return basis_of_grant(UUID(grant["id"]), [Purpose.TREATMENT], by=by, at=at)[1]


ways = pytest.mark.parametrize("find", [by_number, by_grant])
rounds = pytest.mark.parametrize(
    "turn", [1, 2, *[pytest.param(turn, marks=pytest.mark.slow) for turn in range(3, 9)]]
)
WAITS_S = 0.3


@rounds
def test_withdrawal_against_looks(world, patient, turn):
    """R3, Z3: never a view entry after the withdrawal's entry."""
    world.issued(patient)
    grant = grants(patient, world.foreign_hospital.slug)
    path = f"/api/me/grants/{grant['id']}/withdraw"
    body = drawn(patient.client, path, {})

    *looks, withdrawn = at_once(
        *[lambda: asks(world.foreign_doctor, patient)] * 3,
        lambda: patient.client.write(path, body),
    )

    assert isinstance(withdrawn, dict)
    assert set(outcomes(looks)) <= {"done", "access.not_granted"}
    done = outcomes(looks).count("done")
    kinds = ["consent.grant", *["record.view"] * done, "consent.withdraw"]
    assert events(grant["subject"]) == kinds


@ways
def test_a_withdrawal_waits_for_the_look_that_was_first(world, patient, find):
    """R3: the look holds its basis until its entry is committed."""
    grant = grants(patient, world.foreign_hospital.slug)
    by, person = account(world.foreign_doctor).actor, Account.objects.get(id=patient.account).person
    withdrawing = threading.Thread(target=lambda: at_once(lambda: withdraws(patient, grant)))
    with transaction.atomic():
        at = timezone.now()
        basis = find(patient, grant, by, at)
        withdrawing.start()
        time.sleep(WAITS_S)
        assert events(grant["subject"]) == ["consent.grant"]
        access.view(
            by=by,
            at=at,
            purpose=basis.purpose,
            basis=basis.subject,
            of=[],
            about="history",
            fields=basis.fields,
            patient=person,
        )
    withdrawing.join()
    assert events(grant["subject"]) == ["consent.grant", "record.view", "consent.withdraw"]


@ways
def test_a_look_waits_for_the_withdrawal_that_was_first(world, patient, find):
    """R3: and is refused, even though it was asked for before the withdrawal was committed."""
    grant = grants(patient, world.foreign_hospital.slug)
    note = drawn(patient.client, f"/api/me/grants/{grant['id']}/withdraw", {})["note"]
    by, results = account(world.foreign_doctor).actor, []

    def look():
        with transaction.atomic():
            find(patient, grant, by, timezone.now())

    looking = threading.Thread(target=lambda: results.extend(at_once(look)))
    with transaction.atomic():
        granting.withdraw(
            UUID(grant["id"]), note, by=account(patient.client).actor, at=timezone.now()
        )
        looking.start()
        time.sleep(WAITS_S)
        assert results == []
    looking.join()
    assert isinstance(results[0], NotGranted)
    assert events(grant["subject"]) == ["consent.grant", "consent.withdraw"]


def test_two_phones_together_stay_below_the_bound(world, patient, monkeypatch):
    """R5, D1"""
    from hospital import consents

    monkeypatch.setattr(consents, "LIVE_MAX", 1)
    ready = [writes.grant(world, patient) for _ in range(4)]
    results = at_once(*[lambda one=one: one.by.write(one.path, one.body) for one in ready])
    assert outcomes(results) == ["done", *["grant.too_many"] * 3]


def test_a_verdict_against_looks(world, patient):
    """Z9, R3: no look after the entry that says it was not justified."""
    opened = breaks_glass(world.foreign_doctor, patient)
    path = f"/api/emergencies/{opened['id']}/review"
    verdict = {"verdict": "unjustified"}
    body = drawn(world.regulator, path, verdict)

    *looks, judged = at_once(
        *[lambda: asks(world.foreign_doctor, patient)] * 3,
        lambda: world.regulator.write(path, body),
    )

    assert isinstance(judged, dict)
    done = outcomes(looks).count("done")
    kinds = ["emergency.plead", "emergency.open", *["record.view"] * done, "emergency.review"]
    assert events(opened["subject"]) == kinds


def test_the_end_of_a_guardianship_against_looks(world, patient):
    """R3: never a view entry after the entry that ends what it rests on."""
    guardian = world.a_patient()
    made = patient.client.command("/api/guardianships", writes.appointing(guardian))
    path = f"/api/guardianships/{made['id']}"
    body = drawn(patient.client, f"{path}/end", {})

    *looks, ended = at_once(
        *[lambda: guardian.client.post(f"{path}/history", {})] * 3,
        lambda: patient.client.write(f"{path}/end", body),
    )

    assert isinstance(ended, dict)
    assert set(outcomes(looks)) <= {"done", "guardianship.over"}
    kinds = events(made["subject"])
    assert kinds[0] == "guardianship.appoint"
    assert kinds[-1] == "guardianship.end"
    assert kinds.count("record.view") == outcomes(looks).count("done")
