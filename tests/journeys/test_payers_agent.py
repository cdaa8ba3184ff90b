"""A payer's agent decides by what is proven to it, in as many logs as there are."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from django.db.models import QuerySet

from hospital.sphere import Place
from insurance import evidence, signals
from insurance.agent import Agent
from insurance.models import Bill, Claim
from ledger import network
from ledger.models import Log
from ledger.policy import Policy
from pharmacy.models import StockItem
from tests import invariants
from tests.journeys.test_races_of_money import elsewhere, line_of
from tests.world import Patient, World

HERE, FAR = (Place(Decimal(lng), Decimal(lat)) for lng, lat in ((116, 40), (121, 31)))


def delivered(world: World, *patients: Patient) -> list[str]:
    """A delivered prescription of each, all of whose entries are final."""
    for patient in patients:
        world.covers(patient)
    made = [world.delivered(patient) for patient in patients]
    assert not invariants.come_to_rest()
    return made


def agreed(*lines: str) -> Policy:
    """A policy that lists the logs of these lines; without any, of all."""
    logs = Log.objects.filter(line__in=lines or network.lines())
    listed = "".join(f"log {one.vkey}\n" for one in logs)
    return Policy.parse(f"{listed}quorum none\n".encode())


def agent(world: World) -> Agent:
    return Agent(world.fund_agent, world.fund.slug, agreed, 10**6)


def decisions(world: World, *prescriptions: str) -> list[str]:
    found = Claim.objects.filter(
        bill__prescription__in=map(UUID, prescriptions), payer=world.fund
    ).values_list("bill__prescription_id", "decision")
    said = {str(rx): decision for rx, decision in found}
    return [said.get(rx, "") for rx in prescriptions]


def test_pays_in_every_line_of_logs(world: World, patient: Patient):
    """C1, L2: each line is proven by itself, and a settlement is made for each."""
    made = delivered(world, patient, elsewhere(patient, world))
    agent(world).step()
    assert decisions(world, *made) == ["approve", "approve"]
    claims = Claim.objects.filter(bill__prescription__in=map(UUID, made), payer=world.fund)
    assert claims.exclude(settlement=None).values("settlement").distinct().count() == 2


@pytest.fixture
def shelf(world: World) -> Iterator[QuerySet[StockItem]]:
    """The pharmacy's, which has its prices again after the test."""
    rows = StockItem.objects.filter(pharmacy=world.pharmacy)
    before = list(rows)
    yield rows
    StockItem.objects.bulk_update(before, ["price_fen"])


def test_later_prices_and_promises_change_no_claim(
    world: World, patient: Patient, shelf: QuerySet[StockItem]
):
    """C5: what was authorized is claimed, whatever the shelf and the policy say since."""
    (rx,) = delivered(world, patient)
    owed = Bill.objects.get(prescription__id=rx).fund_fen
    assert owed > 0
    shelf.update(price_fen=1)
    world.covers(patient, fund_bp=1)
    agent(world).step()
    claim = Claim.objects.get(bill__prescription__id=rx)
    assert (claim.decision, claim.claimed_fen, claim.approved_fen) == ("approve", owed, owed)


def test_what_is_not_proven_is_left_to_a_person(
    world: World, patient: Patient, monkeypatch: pytest.MonkeyPatch, caplog
):
    """C1, L3: the server leaves an entry out, or shows another prescription's; the rest goes on."""
    short, foreign, honest = delivered(world, patient, world.a_patient(), world.a_patient())
    subject = {rx: f"rx/{rx.replace('-', '')}" for rx in (short, foreign, honest)}
    ours = agent(world)
    ask = ours.client.get

    def lying(path: str, **query):
        about = query.get("subject")
        if path == "/api/entries" and about == subject[foreign]:
            return ask(path, subject=subject[honest])
        answer = ask(path, **query)
        if path == "/api/entries" and about == subject[short]:
            del answer["entries"][2]
        return answer

    client = type("Liar", (), {"__getattr__": lambda _, name: getattr(world.fund_agent, name)})()
    client.get = lying
    ours.client = client
    ours.later.clock = lambda: 0.0  # so that the second step is too early to look again
    with caplog.at_level(logging.ERROR, logger="agent"):
        ours.step()
        ours.step()
    assert decisions(world, short, foreign, honest) == ["", "", "approve"]
    assert len(caplog.records) == 2, "each is said once"
    assert "does not follow" in caplog.text
    assert "about something else" in caplog.text

    ours.later.clock = lambda: 10.0**9
    ours.step()
    assert decisions(world, short, foreign) == ["", ""], "two looks are no reason to ask a person"
    agent(world).step()
    assert decisions(world, short, foreign) == ["approve", "approve"]


def test_evidence_that_never_holds_is_left_to_a_person_and_looked_at_no_more(
    world: World, patient: Patient
):
    """C1: after the third look, each later than the one before; then it is an officer's."""
    (rx,) = delivered(world, patient)
    foreign = set(network.lines()) - {line_of(patient)}
    ours = Agent(world.fund_agent, world.fund.slug, partial(agreed, *foreign), 10**6)
    looked: list[float] = []
    ours.later.clock = lambda: now[0]
    ours.policy = lambda: looked.append(now[0]) or agreed(*foreign)  # type: ignore[func-returns-value]
    now = [1000.0]
    for _ in range(30):
        ours.step()
        now[0] += 0.5
    assert looked == [1000.0, 1001.0, 1003.0]
    waiting = world.fund_officer.each("/api/claims/waiting", "claims")
    (mine,) = [one for one in waiting if one["prescription"] == rx]
    assert (mine["cause"], mine["reason"]) == ("pended", "evidence_unproven")


def test_what_stands_out_is_left_to_a_person(world: World, patient: Patient):
    """C1: a signal refuses nothing, and decides nothing; no entry says what it was."""
    (rx,) = delivered(world, patient)
    ours = agent(world)
    ours.places = {world.pharmacy.slug: HERE, "far-away": FAR}
    said = [evidence.proven(ours._files(f"rx/{UUID(rx).hex}"), f"rx/{UUID(rx).hex}", agreed())]
    new = signals.seen(said[0])
    assert new is not None
    ours.history.add(replace(new, subject="rx/elsewhere", pharmacy="far-away"))
    ours.step()
    assert decisions(world, rx) == [""]
    waiting = world.fund_officer.each("/api/claims/waiting", "claims")
    (mine,) = [one for one in waiting if one["prescription"] == rx]
    assert (mine["reason"], mine["signals"]) == ("stands_out", ["impossible_travel"])
    assert "impossible" not in str(world.fund_agent.get("/api/entries", subject=new.subject))


def test_a_policy_that_does_not_know_the_log_decides_nothing(world: World, patient: Patient):
    """L3: a log that the payer's organisation has not agreed on proves nothing."""
    (rx,) = delivered(world, patient)
    foreign = set(network.lines()) - {line_of(patient)}
    ours = Agent(world.fund_agent, world.fund.slug, partial(agreed, *foreign), 10**6)
    ours.step()
    assert decisions(world, rx) == [""]
