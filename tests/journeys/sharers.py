"""What the tests of shared data share: offers, patients who opt in, uses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from hospital.client import Client
from hospital.sharing import Mode
from tests.world import Patient, World

OFFERS = "/api/offers"
REWARD_FEN = 500
GROUP = 5

Body = dict[str, Any]


def offering(**changes: Any) -> Body:
    """The input of a lawful offer of records for a day."""
    now = timezone.now()
    return {
        "aim": "drug_safety",
        "mode": Mode.RECORDS.value,
        "opens": ["diagnosis/", "line/"],
        "ethics": "KY2026-015",
        "reward_fen": REWARD_FEN,
        "budget_fen": 100_000,
        "group_size": GROUP,
        "since": (now - timedelta(minutes=1)).isoformat(),
        "until": (now + timedelta(days=1)).isoformat(),
        **changes,
    }


def counting(**changes: Any) -> Body:
    """The same of counts, with a privacy budget of 3."""
    return offering(mode=Mode.COUNTS.value, epsilon_milli=3_000, **changes)


def published(world: World, **changes: Any) -> str:
    """The id of an offer that nobody has approved."""
    return str(world.researcher.command(OFFERS, offering(**changes))["id"])


def approved(world: World, **changes: Any) -> str:
    """The id of an open offer."""
    offer = published(world, **changes)
    world.regulator.command(f"{OFFERS}/{offer}/decide", {"decision": "approve"})
    return offer


def opts_in(patient: Patient, offer: str) -> Body:
    return patient.client.command(f"{OFFERS}/{offer}/opt-in")


def withdraws(patient: Patient, opt_in: Body) -> Body:
    return patient.client.command(f"/api/me/opt-ins/{opt_in['id']}/withdraw")


def sharers(world: World, offer: str, number: int = GROUP) -> list[Patient]:
    """So many patients, each with a prescription, who have opted in."""
    patients = [world.a_patient() for _ in range(number)]
    for patient in patients:
        world.issued(patient)
        opts_in(patient, offer)
    return patients


def records(by: Client, offer: str, delivery: str = "", **more: Any) -> Body:
    asked = {"delivery": delivery or str(uuid4()), **more}
    return by.post(f"{OFFERS}/{offer}/records", asked)


def counts(client: Client, offer: str, **changes: Any) -> Body:
    asked = {"by": "medicine", "epsilon_milli": 500, **changes}
    return client.post(f"{OFFERS}/{offer}/counts", asked)
