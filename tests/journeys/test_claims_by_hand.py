"""What a payer's program does not decide: four eyes see it, the patient is asked and heard."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hospital.client import Client, Problem
from hospital.roles import Role
from insurance.models import Bill, Claim, ClaimLimit, Pending
from insurance.pending import APPEALING
from prescriptions.models import Prescription
from tests.journeys import writes
from tests.journeys.returning import (
    BOTH,
    FIRST,
    bring_back,
    claw_back,
    reversals,
    settle,
    status,
)
from tests.journeys.turns import in_turn
from tests.journeys.watching import drawn
from tests.world import Patient, World, a_member

REFUSE = {"decision": "refuse", "approved_fen": 0, "reason": "other"}


@pytest.fixture
def rx(world: World, patient: Patient) -> str:
    world.covers(patient)
    return world.delivered(patient)


@pytest.fixture
def colleague(world: World) -> Client:
    """Another officer of the fund."""
    return a_member(Role.OFFICER, world.fund)


def share(rx: str) -> int:
    return Bill.objects.get(prescription__id=rx).fund_fen


def do(by: Client, rx: str, verb: str, **body: Any) -> dict[str, Any]:
    return by.command(f"/api/claims/{rx}/{verb}", body)


def approve(by: Client, rx: str, fen: int) -> dict[str, Any]:
    return do(by, rx, "decide", decision="approve", approved_fen=fen)


def part(by: Client, rx: str, fen: int) -> dict[str, Any]:
    return do(by, rx, "decide", decision="part", approved_fen=fen, reason="above_ceiling")


def refused(call: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(Problem) as problem:
        call(*given, **named)
    return problem.value.code


def appeal(world: World, patient: Patient, rx: str, reason: str = "covered") -> dict[str, Any]:
    return do(patient.client, rx, "appeal", payer=world.fund.slug, reason=reason)


def queue(officer: Client, rx: str) -> list[dict[str, Any]]:
    claims = officer.each("/api/claims/waiting", "claims", size=50)
    return [one for one in claims if one["prescription"] == rx]


def waits_for_the_program(world: World, rx: str) -> bool:
    claims = world.fund_agent.each("/api/claims", "claims", size=50)
    return any(one["prescription"] == rx for one in claims)


def test_what_is_left_to_a_person_is_decided_by_one(world, rx, colleague):
    """C1: it leaves the program's list, stands in the people's, and no program decides it."""
    assert waits_for_the_program(world, rx)
    do(world.fund_agent, rx, "pend", reason="stands_out", signals=["same_code"])
    assert not waits_for_the_program(world, rx)
    (one,) = queue(world.fund_officer, rx)
    assert (one["cause"], one["reason"], one["signals"]) == ("pended", "stands_out", ["same_code"])
    assert one["claimed_fen"] == share(rx)
    assert refused(approve, world.fund_agent, rx, share(rx)) == "claim.awaits_person"
    assert approve(world.fund_officer, rx, share(rx))["status"] == "claimed"
    assert queue(world.fund_officer, rx) == []
    assert refused(do, world.fund_agent, rx, "pend", reason="unsure") == "prescription.wrong_state"


def test_above_the_limit_two_persons_decide(world, rx, colleague):
    """C1, K8: one refers it, another decides; a program never does."""
    ClaimLimit.objects.create(payer=world.fund, four_eyes_fen=share(rx) - 1)
    for one in (world.fund_agent, world.fund_officer):
        assert refused(approve, one, rx, share(rx)) == "claim.four_eyes"
    do(world.fund_agent, rx, "pend", reason="above_limit")
    assert refused(approve, world.fund_officer, rx, share(rx)) == "claim.four_eyes"
    do(world.fund_officer, rx, "pend", reason="above_limit")
    assert refused(approve, world.fund_officer, rx, share(rx)) == "claim.same_person"
    (mine,), (others) = queue(world.fund_officer, rx), queue(colleague, rx)
    assert (mine["mine"], others[0]["mine"]) == (False, True)
    assert approve(colleague, rx, share(rx))["status"] == "claimed"
    ClaimLimit.objects.filter(payer=world.fund).delete()


def test_the_patient_is_asked_for_one_more_field(world, patient, rx):
    """C1, Z4: says no, or grants it; before an answer or its end nothing is missing."""
    missing = {**REFUSE, "reason": "field_missing"}
    assert refused(do, world.fund_officer, rx, "decide", **missing) == "claim.still_asked"
    do(world.fund_officer, rx, "ask", field="diagnosis/")
    again = refused(do, world.fund_officer, rx, "ask", field="line/")
    assert again == "claim.already_asked"
    assert refused(do, world.fund_officer, rx, "decide", **missing) == "claim.still_asked"
    (payer,) = patient.client.get(writes.of(rx, "explanation"))["payers"]
    assert payer["asks"]["field"] == "diagnosis/"
    named = {"payer": world.fund.slug, "field": "line/"}
    assert refused(do, patient.client, rx, "withhold", **named) == "claim.nothing_asked"
    do(patient.client, rx, "withhold", **{**named, "field": "diagnosis/"})
    (one,) = queue(world.fund_officer, rx)
    assert (one["cause"], one["withheld"]) == ("asked", True)
    assert do(world.fund_officer, rx, "decide", **missing)["status"] == "claimed"


def test_a_field_that_nobody_answers_is_missing_after_its_end(world, rx):
    do(world.fund_officer, rx, "ask", field="diagnosis/")
    past = timezone.now() - timedelta(seconds=1)
    Pending.objects.filter(bill__prescription__id=rx).update(field_until=past)
    body = {**REFUSE, "reason": "field_missing"}
    assert do(world.fund_officer, rx, "decide", **body)["status"] == "claimed"


def test_reopened_before_it_was_paid_and_not_after(world, patient, rx, colleague):
    """C1: the decision counts no more, nothing is owed, and another officer decides."""
    approve(world.fund_agent, rx, share(rx))
    do(world.fund_officer, rx, "reopen", reason="fraud")
    assert status(rx) == "delivered"
    unsettled = world.fund_agent.get("/api/claims/unsettled")["claims"]
    assert not [one for one in unsettled if one["prescription"] == rx]
    body = {**REFUSE, "reason": "fraud"}
    assert refused(do, world.fund_officer, rx, "decide", **body) == "claim.same_person"
    part(colleague, rx, 100)
    assert settle(world, world.fund_agent, rx) == 100
    assert refused(do, world.fund_officer, rx, "reopen", reason="fraud") == "claim.already_paid"


def test_an_appeal_is_answered_by_somebody_else(world, patient, rx, colleague):
    """C1, K8: about what was refused, once, in time, and whatever is approved is paid."""
    assert refused(appeal, world, patient, rx) == "claim.not_decided"
    do(world.fund_agent, rx, "pend", reason="unsure")
    do(world.fund_officer, rx, "decide", **REFUSE)
    stranger = world.other_patient
    assert refused(appeal, world, stranger, rx) == "access.wrong_patient"
    appeal(world, patient, rx)
    assert status(rx) == "delivered"
    (one,) = queue(world.fund_officer, rx)
    assert (one["cause"], one["mine"], one["overdue"]) == ("appealed", False, False)
    assert refused(approve, world.fund_officer, rx, share(rx)) == "claim.same_person"
    assert refused(approve, world.fund_agent, rx, share(rx)) == "claim.awaits_person"
    part(colleague, rx, 300)
    assert status(rx) == "claimed"
    assert refused(appeal, world, patient, rx) == "claim.already_appealed"
    assert settle(world, world.fund_agent, rx) == 300


def test_too_late_and_about_nothing(world, patient, rx):
    approve(world.fund_agent, rx, share(rx))
    assert refused(appeal, world, patient, rx) == "claim.nothing_refused"
    late = world.delivered(patient)
    do(world.fund_agent, late, "decide", **REFUSE)
    long_ago = timezone.now() - APPEALING
    Claim.objects.filter(bill__prescription__id=late).update(decided_at=long_ago)
    assert refused(appeal, world, patient, late) == "claim.too_late"


def test_what_an_appeal_adds_to_a_paid_part_is_paid_besides(world, patient, rx):
    """C1, C3: two payments, and when all comes back both are clawed back, once."""
    part(world.fund_agent, rx, 100)
    assert settle(world, world.fund_agent, rx) == 100
    appeal(world, patient, rx)
    approve(world.fund_officer, rx, share(rx) - 100)
    rows = Claim.objects.filter(bill__prescription__id=rx).order_by("number")
    assert [one.approved_fen for one in rows] == [100, share(rx) - 100]
    bring_back(world.pharmacist, rx, BOTH)
    accept = f"/api/claims/{rx}/reverse"
    assert refused(world.fund_agent.command, accept, {}) == "reversal.settle_first"
    assert settle(world, world.fund_agent, rx) == share(rx) - 100
    world.fund_agent.command(accept, {})
    assert claw_back(world, world.fund_agent, rx) == share(rx)


def test_a_return_during_an_appeal_leaves_what_is_kept(world, patient, rx):
    """C3: nobody stands by, or decides on, more than its share of what the patient keeps."""
    whole = share(rx)
    part(world.fund_agent, rx, 100)
    appeal(world, patient, rx)
    bring_back(world.pharmacist, rx, FIRST)
    (one,) = queue(world.fund_officer, rx)
    kept = one["claimed_fen"] + 100
    assert 0 < kept < whole
    assert reversals(world.fund_agent, rx, "due") == []
    approve(world.fund_officer, rx, one["claimed_fen"])
    assert settle(world, world.fund_agent, rx) == kept
    bring_back(world.pharmacist, rx, {**FIRST, "lines": {"2": 1}})
    world.fund_agent.command(f"/api/claims/{rx}/reverse", {})
    assert claw_back(world, world.fund_agent, rx) == kept


def test_an_appeal_that_is_refused_lets_stand_what_was_paid(world, patient, rx):
    part(world.fund_agent, rx, 100)
    assert settle(world, world.fund_agent, rx) == 100
    appeal(world, patient, rx)
    do(world.fund_officer, rx, "decide", **REFUSE)
    bring_back(world.pharmacist, rx, BOTH)
    world.fund_agent.command(f"/api/claims/{rx}/reverse", {})
    assert claw_back(world, world.fund_agent, rx) == 100


def test_every_decision_is_explained_line_by_line(world, patient, rx):
    """C3, Z1: it adds up, in plain Chinese, with the entry; to patient and pharmacy alone."""
    part(world.fund_agent, rx, 100)
    path = writes.of(rx, "explanation")
    told = patient.client.get(path)
    assert [one["line"] for one in told["lines"]] == ["1", "2"]
    for one in told["lines"]:
        shares = sum(payer["fen"] for payer in one["payers"])
        assert one["total_fen"] == shares + one["patient_fen"]
        for payer in one["payers"]:
            figures = ("approved_fen", "refused_fen", "waiting_fen")
            assert payer["fen"] == sum(payer[name] for name in figures)
            assert "先由个人按比例自付" in payer["rule"]
    assert sum(p["approved_fen"] for one in told["lines"] for p in one["payers"]) == 100
    assert "超过单笔赔付上限" in told["lines"][1]["zh"]
    (payer,) = told["payers"]
    assert (payer["approved_fen"], payer["refused_fen"]) == (100, share(rx) - 100)
    assert payer["appeal_until"]
    entries = patient.client.get("/api/entries", subject=f"rx/{rx.replace('-', '')}")["entries"]
    assert payer["entry"]["leaf"] == entries[-1]["leaf"]
    assert world.pharmacist.get(path)["lines"] == told["lines"]
    assert refused(world.other_pharmacist.get, path) == "access.wrong_pharmacy"
    assert refused(world.other_patient.client.get, path) == "access.wrong_patient"


class TestInTurn:
    """C1: whichever commits first counts; the second is told so, and nothing happens twice."""

    def test_two_decisions_on_one_claim(self, world, rx):
        bodies = [
            drawn(by, f"/api/claims/{rx}/decide", body)
            for by, body in (
                (world.fund_agent, {"decision": "approve", "approved_fen": share(rx)}),
                (world.fund_officer, REFUSE),
            )
        ]
        path = f"/api/claims/{rx}/decide"
        first, second = in_turn(
            lambda: world.fund_agent.write(path, bodies[0]),
            lambda: world.fund_officer.write(path, bodies[1]),
        )
        assert first["status"] == "claimed"
        assert (second.status, second.code) == (409, "claim.decided")
        assert Claim.objects.filter(bill__prescription__id=rx).count() == 1

    def test_a_decision_against_putting_it_aside(self, world, rx):
        approving = drawn(
            world.fund_agent,
            f"/api/claims/{rx}/decide",
            {"decision": "approve", "approved_fen": share(rx)},
        )
        putting = drawn(world.fund_officer, f"/api/claims/{rx}/pend", {"reason": "unsure"})
        aside, decided = in_turn(
            lambda: world.fund_officer.write(f"/api/claims/{rx}/pend", putting),
            lambda: world.fund_agent.write(f"/api/claims/{rx}/decide", approving),
        )
        assert aside["status"] == "delivered"
        assert decided.code == "claim.awaits_person"
        assert not Claim.objects.filter(bill__prescription__id=rx).exists()

    def test_a_payment_and_reopening(self, world, patient):
        """Paid first, it stands; reopened first, it is not paid."""
        for paid_first in (True, False):
            ready = writes.settle(world, patient)
            path = f"/api/claims/{ready.rx}/reopen"
            body = drawn(world.fund_officer, path, {"reason": "fraud"})

            def pay(ready=ready):
                return ready.by.write(ready.path, ready.body)

            def undo(path=path, body=body):
                return world.fund_officer.write(path, body)

            one, other = in_turn(pay, undo) if paid_first else in_turn(undo, pay)
            assert isinstance(one, dict)
            assert other.code == ("claim.already_paid" if paid_first else "claim.unknown")
            claim = Claim.objects.get(bill__prescription__id=ready.rx, payer=world.fund)
            assert (claim.settlement is not None) == paid_first

    def test_a_payment_after_all_came_back(self, world, patient):
        """Settle after void: what came back is owed less, so there is nothing to pay."""
        ready = writes.settle(world, patient)
        path = writes.of(ready.rx, "return")
        body = drawn(world.pharmacist, path, BOTH)
        back, paid = in_turn(
            lambda: world.pharmacist.write(path, body),
            lambda: ready.by.write(ready.path, ready.body),
        )
        assert back["status"] == "taken_back"
        assert (paid.status, paid.code) == (422, "claim.unknown")
        claim = Claim.objects.get(bill__prescription__id=ready.rx, payer=world.fund)
        assert claim.settlement is None

    def test_a_claim_after_all_came_back(self, world, rx):
        path = f"/api/claims/{rx}/decide"
        approving = drawn(
            world.fund_agent, path, {"decision": "approve", "approved_fen": share(rx)}
        )
        bringing = drawn(world.pharmacist, writes.of(rx, "return"), BOTH)
        back, decided = in_turn(
            lambda: world.pharmacist.write(writes.of(rx, "return"), bringing),
            lambda: world.fund_agent.write(path, approving),
        )
        assert back["status"] == "taken_back"
        assert decided.status in (403, 409)
        assert not Claim.objects.filter(bill__prescription__id=rx).exists()
        assert Prescription.objects.get(id=rx).status == "taken_back"
