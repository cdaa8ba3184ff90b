"""
A fund that pays with the patient beside insurers that decide on claims: to the fen when a medicine
is changed and brought back, and each named in what the patient is told.
"""

from __future__ import annotations

from hospital.client import Client
from hospital.models import Account, Organisation
from insurance.journal import accounts
from tests.journeys import fundpays, insuring
from tests.journeys.fundpays import bill_of, confirmed, give_back
from tests.journeys.letters import send
from tests.journeys.returning import FIRST, bring_back, decide
from tests.journeys.test_fund_pays_at_payment import FUND, OWN, TOTAL, fund, lies, sound, status
from tests.journeys.writes import a_proposal, of
from tests.simulators.server import Bench
from tests.world import Patient, World

CHANGED, OF_IT, OWN_OF_IT = 1_989, 1_392, 597
"""Fen of the substitute, 10 less than what it stands for: its price, 70 % of it, the rest."""


def of_whom(agent: Client) -> Organisation:
    found = Account.objects.select_related("organisation").get(id=agent.account).organisation
    assert found is not None
    return found


def hands_over(world: World, patient: Patient, rx: str) -> None:
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    world.pharmacist.command(of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    patient.client.command(of(rx, "deliver"))


def test_a_substitute_is_paid_anew_and_brought_back(world: World, bench: Bench):
    """C2, I18: both get all of the first order back, and of the second what the substitute cost."""
    patient = fundpays.a_patient(world)
    rx = fundpays.paid(world, bench, patient)
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    world.pharmacist.command(of(rx, "substitute"), a_proposal(world))
    patient.client.command(of(rx, "agree"))

    assert give_back(rx) == [("void", OWN, FUND)]
    sound(rx)
    bill = bill_of(rx)
    assert (bill.total_fen, bill.fens, bill.patient_fen) == (
        TOTAL - 10,
        [FUND // 2 + OF_IT],
        OWN // 2 + OWN_OF_IT,
    )
    _, letters = confirmed(world, bench, patient, rx)
    assert {send(one).status_code for one in letters} == {204}
    hands_over(world, patient, rx)
    bring_back(world.pharmacist, rx, FIRST)

    assert give_back(rx) == [("void", OWN, FUND), ("return", OWN_OF_IT, OF_IT)]
    assert status(rx) == "delivered"
    assert (lies(rx, fund(world, "paid")), lies(rx, accounts.WECHAT)) == (FUND // 2, OWN // 2)
    sound(rx)


def test_every_payer_is_named_with_its_fen(world: World, bench: Bench):
    """C3: a fund and two insurers, of the whole and of each line, whatever each has decided."""
    patient = fundpays.a_patient(world)
    for rank, agent in enumerate((world.insurer_agent, world.other_agent), 1):
        product = insuring.publishes(agent, rates_bp={"甲": 5_000})
        insuring.insures(agent, product, patient, rank=rank)
    payers = [world.fund, world.insurer, of_whom(world.other_agent)]
    slugs = [one.slug for one in payers]
    rx = fundpays.paid(world, bench, patient)
    hands_over(world, patient, rx)
    decide(world.insurer_agent, rx)
    refusal = {"decision": "refuse", "approved_fen": 0, "reason": "not_covered"}
    world.other_agent.command(f"/api/claims/{rx}/decide", refusal)

    told = patient.client.get(of(rx, "explanation"))

    shares = {one["payer"]: one["share_fen"] for one in told["payers"]}
    assert shares == dict(zip(slugs, (FUND, 600, 300), strict=True))
    assert sum(shares.values()) + told["patient_fen"] == told["total_fen"] == TOTAL
    assert told["patient_fen"] == 300
    decided = {one["payer"]: (one["approved_fen"], one["refused_fen"]) for one in told["payers"]}
    assert decided == dict(zip(slugs, ((FUND, 0), (600, 0), (0, 300)), strict=True))
    for payer, one in zip(payers, told["payers"], strict=True):
        assert one["zh"].startswith(payer.name)
    for line in told["lines"]:
        each = {one["payer"]: one["fen"] for one in line["payers"]}
        assert each == dict(zip(slugs, (1_399, 300, 150), strict=True))
        assert sum(each.values()) + line["patient_fen"] == line["total_fen"]
        assert all(one.name in line["zh"] for one in payers)
