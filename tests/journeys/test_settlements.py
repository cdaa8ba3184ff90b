"""A payer pays as it has said, batch by batch; both sides reconcile by a file that is proven."""

import csv
import hashlib
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone
from stdnum.cn import uscc

from hospital.client import Problem
from hospital.roles import OrganisationKind, Role
from insurance.actions import scheduling
from insurance.agent import Agent
from insurance.models import Batch, Claim, Settlement, Terms
from ledger import note
from ledger.entry import Statement
from ledger.models import Event
from tests import invariants
from tests.feeding import end, wake, whole
from tests.journeys import insuring, returning, writes
from tests.journeys.test_payers_agent import agreed
from tests.journeys.test_races_of_money import beside
from tests.journeys.watching import subject
from tests.world import Patient, World, a_client, a_member, an_organisation

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def entered(of: str) -> dict[str, Any]:
    found = Event.objects.get(subject=of)
    return dict(Statement.parse(note.parse(bytes(found.note)).text).facts)


def test_a_schedule_makes_due_and_the_agent_pays(world: World, patient: Patient):
    """C1, C4: small claims at once, others when the day has come; each once; pages of one."""
    agent = world.fund_agent
    small, large = (
        returning.delivered(world, patient),
        returning.delivered(world, beside(patient, world)),
    )
    owed = {rx: writes.owed(agent, rx) for rx in (small, large)}
    terms = {"every": "month", "day": 28, "time": "02:00", "at_once_fen": 0}
    mine = Agent(agent, world.fund.slug, agreed, 10**6)
    mine._settle()  # what tests before have left
    try:
        agent.write("/api/settlements/terms", {**terms, "at_once_fen": owed[small]})
        returning.decide(agent, small)
        agent.write("/api/settlements/terms", terms)
        returning.decide(agent, large)
        whole_list = agent.get("/api/claims/unsettled", size=1_000)["claims"]
        assert list(agent.each("/api/claims/unsettled", "claims", size=1)) == whole_list
        assert len(whole_list) >= 2
        before = end(agent)
        mine._settle()
        assert paid(small)
        assert not paid(large), "it waits for its day"

        Terms.objects.filter(payer=world.fund).update(next_at=EPOCH)
        assert scheduling.prepare_due(at=timezone.now()) == 1
        assert scheduling.prepare_due(at=timezone.now()) == 0
        (due,) = agent.get("/api/settlements/due")["due"]
        assert (due["claims"], due["total_fen"]) == (1, owed[large])
        mine._settle()
        assert paid(large)
        assert agent.get("/api/settlements/due")["due"] == []
        wake()
        kinds = [one["kind"] for one in whole(agent, before)]
        assert kinds == ["insurance.settle", "settlement.due", "insurance.settle"]
    finally:
        Terms.objects.all().delete()
        Batch.objects.all().delete()


def paid(rx: str) -> bool:
    return Claim.objects.filter(bill__prescription__id=rx, settlement__isnull=False).exists()


def test_nobody_waits_for_what_leaves_a_batch(world: World, patient: Patient):
    """C1, R6: what is reopened, and what comes back before it is paid, is not left of it."""
    payer = an_organisation(OrganisationKind.INSURER)
    agent, officer = a_member(Role.AGENT, payer), a_member(Role.OFFICER, payer)
    agent.write("/api/settlements/terms", {"every": "month", "day": 28, "time": "02:00"})
    insuring.covers(agent, patient, rates_bp={"甲": 5_000})
    reopened, back, paid_for = (world.delivered(patient) for _ in range(3))
    for rx in (reopened, back, paid_for):
        returning.decide(agent, rx)
    Terms.objects.filter(payer=payer).update(next_at=EPOCH)
    scheduling.prepare_due(at=timezone.now())

    left = [Batch.objects.get(payer=payer).left]
    officer.command(f"/api/claims/{reopened}/reopen", {"reason": "mistake"})
    left.append(Batch.objects.get(payer=payer).left)
    for line in "12":
        body = {"lines": {line: 1}, "reason": "quality"}
        returning.bring_back(world.pharmacist, back, body)
        agent.command(f"/api/claims/{back}/reverse", {})
        left.append(Batch.objects.get(payer=payer).left)
    returning.settle(world, agent, paid_for)

    assert left == [3, 2, 2, 1]
    assert agent.get("/api/settlements/due")["due"] == []


def test_too_little_waits_for_more(world: World, patient: Patient):
    """Below the minimum nothing becomes due."""
    rx = returning.delivered(world, patient)
    least = {"every": "day", "time": "02:00", "minimum_fen": 10**12}
    try:
        world.fund_agent.write("/api/settlements/terms", least)
        returning.decide(world.fund_agent, rx)
        Terms.objects.filter(payer=world.fund).update(next_at=EPOCH)
        assert scheduling.prepare_due(at=timezone.now()) == 1
        assert world.fund_agent.get("/api/settlements/due")["due"] == []
        assert list(world.fund_agent.each("/api/claims/unsettled", "claims", due="batch")) == []
    finally:
        Terms.objects.all().delete()
        Batch.objects.all().delete()


def test_files_are_proven_and_a_transfer_is_told_once(world: World, patient: Patient):
    """C1, C3, C4: the entry holds the digest; a reference is never changed nor used twice."""
    ready = writes.settle(world, patient)
    made = ready.by.write(ready.path, ready.body)
    file = f"/api/settlements/{made['id']}/file"
    found = Settlement.objects.get(id=made["id"])
    mine, theirs = (by.get(file) for by in (world.fund_agent, world.pharmacist))
    assert mine == theirs
    assert entered(found.subject)["file"] == hashlib.sha256(mine["text"].encode()).hexdigest()
    (line,) = map(json.loads, mine["text"].splitlines())
    assert (line["subject"], line["paid_fen"]) == (subject(ready.rx), made["total_fen"])
    sheet = world.pharmacist.get(file, form="csv")["text"]
    assert sheet.startswith("\ufeffsubject,")
    (row,) = csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff")))
    assert row == {name: str(value) for name, value in line.items()}
    for stranger in (world.other_pharmacist, world.other_agent):
        with pytest.raises(Problem, match=r"settlement\.not_found"):
            stranger.get(file)

    transfer = {
        "pharmacy": world.pharmacy.slug,
        "settlements": [made["id"]],
        "reference": f"ICBC-{uuid4().hex}",
    }
    told = world.fund_agent.command("/api/remittances", transfer)
    assert told["total_fen"] == made["total_fen"]
    assert world.pharmacist.get(file)["reference"] == transfer["reference"]
    other = {**transfer, "reference": f"ICBC-{uuid4().hex}"}
    for body, code in ((other, "settlement.unknown"), (transfer, "settlement.unknown")):
        with pytest.raises(Problem, match=code):
            world.fund_agent.command("/api/remittances", body)
    again = writes.settle(world, world.a_patient())
    second = again.by.write(again.path, again.body)
    body = {**transfer, "settlements": [second["id"]]}
    with pytest.raises(Problem, match=r"remittance\.reference_used"):
        world.fund_agent.command("/api/remittances", body)


def test_a_payer_is_told_of_what_it_has_to_do(world: World, patient: Patient):
    """From the delivery on: to decide, what comes back, what is taken back."""
    payers = (world.fund_agent, world.insurer_agent, world.other_agent)
    before = [end(by) for by in payers]
    rx = returning.delivered(world, patient)
    returning.decide(world.fund_agent, rx)
    returning.bring_back(world.pharmacist, rx)
    world.fund_agent.command(f"/api/claims/{rx}/reverse")
    wake()
    told = [
        [one["move"] for one in whole(by, at) if one["subject"] == subject(rx)]
        for by, at in zip(payers, before, strict=True)
    ]
    assert told == [["receive", "decide", "return", "reverse"]] * 2 + [[]]


def test_a_statement_says_what_became_of_each_claim(world: World, patient: Patient):
    """C3: the pages are the file; the sums are the lines'."""
    paid_one = writes.settle(world, patient)
    paid_one.by.write(paid_one.path, paid_one.body)
    open_one = returning.delivered(world, world.a_patient())
    twice = paid_in_part(world, patient)
    today = timezone.localdate()
    asked = {"from": str(today - timedelta(days=1)), "until": str(today + timedelta(days=2))}
    first = world.fund_officer.get("/api/claims/statement", **asked, size=1)
    pages, page = [first], first
    while page["next"]:
        page = world.fund_officer.get("/api/claims/statement", **asked, size=1, cursor=page["next"])
        pages.append(page)
    lines = [json.loads(one) for page in pages for one in page["lines"].splitlines()]
    stages = {one["subject"]: one["stage"] for one in lines}
    assert (stages[subject(paid_one.rx)], stages[subject(open_one)]) == ("settled", "open")
    assert stages[subject(twice)] == "settled"
    sums, stage = first["sums"], Counter(one["stage"] for one in lines)
    assert (sums["received"], sums["open"]) == (len(lines), stage["open"])
    assert sums["settled"] == stage["settled"] + stage["remitted"]
    for fen in ("approved_fen", "reversed_fen", "claimed_fen"):
        assert sums[fen] == sum(one[fen] for one in lines)
    assert sums["settled_fen"] == sum(one["paid_fen"] for one in lines)
    assert all(page["sums"] is None for page in pages[1:])
    sheet = world.fund_officer.get("/api/claims/statement", **asked, size=1_000, form="csv")
    assert len(sheet["lines"].splitlines()) == 1 + len(lines)
    for bad in ({"from": "x"}, {"until": asked["from"]}, {"until": "9999-12-31"}):
        with pytest.raises(Problem, match=r"statement\.bad_period"):
            world.fund_officer.get("/api/claims/statement", **{**asked, **bad})


def paid_in_part(world: World, patient: Patient) -> str:
    """And, after the patient's appeal, the rest: by two settlements of two names and two files."""
    rx = returning.delivered(world, patient)
    path, half = f"/api/claims/{rx}", writes.owed(world.fund_agent, rx) // 2
    said = {"decision": "part", "approved_fen": half, "reason": "other"}
    world.fund_agent.command(f"{path}/decide", said)
    returning.settle(world, world.fund_agent, rx)
    patient.client.command(f"{path}/appeal", {"payer": world.fund.slug, "reason": "covered"})
    world.fund_officer.command(f"{path}/decide", {**said, "approved_fen": half - 1})
    returning.settle(world, world.fund_agent, rx)
    rows = Claim.objects.filter(bill__prescription__id=rx, payer=world.fund)
    settlements = [one.settlement for one in rows if one.settlement is not None]
    made = {(one.subject, bytes(one.digest or b"")) for one in settlements}
    assert len(made) == len({name for name, _ in made}) == len({file for _, file in made}) == 2
    return rx


def test_a_payer_is_data(world: World, patient: Patient, capsys: pytest.CaptureFixture[str]):
    """One command, and the agent's program enrols, promises, decides and pays."""
    body = f"91310000MA{uuid4().int % 10**7:07d}"
    slug = f"new-{uuid4().hex[:8]}"
    made = ["payer", slug, "--name", "测试健康保险", "--uscc", body + uscc.calc_check_digit(body)]
    call_command(*made)
    agent = a_client()
    agent.enrol(capsys.readouterr().out.strip())
    agent.register_key(uuid4().bytes * 2)
    agent.enter_with_key()
    now = timezone.now()
    promise = {
        "patient": patient.id_number,
        "rates_bp": {"甲": 5_000, "乙": 5_000, "丙": 5_000},
        "valid_from": (now - timedelta(days=1)).isoformat(),
        "valid_until": (now + timedelta(days=1)).isoformat(),
    }
    agent.write("/api/coverages", promise)
    rx = world.delivered(patient)
    assert not invariants.come_to_rest()
    assert Agent(agent, slug, agreed, 10**6).step() == 1
    assert paid(rx)
