"""Giving out in part: the rest is owed, here or elsewhere, and never more than was prescribed."""

import pytest

from insurance.models import Bill
from pharmacy.models import StockItem
from prescriptions.models import Prescription
from tests.journeys.parts import a_desk, given, status, three_and_two
from tests.journeys.watching import kinds
from tests.journeys.writes import of, owed


@pytest.fixture
def desk(world):
    return a_desk(world)


def shelf(desk):
    rows = StockItem.objects.filter(pharmacy=desk.pharmacy).order_by("id")
    return [(one.on_hand, one.reserved) for one in rows]


def bill(rx):
    return Bill.objects.get(prescription=rx, state=Bill.State.PAID)


def test_partial_dispensing_over_three_pharmacies(world, patient):
    """R6, R14: each gives what it has; together exactly what was prescribed, and nothing more."""
    rx = three_and_two(world, patient)
    one, two, three = (a_desk(world) for _ in range(3))

    one.comes(patient, rx)
    second = one.gives(rx, {"1": 1})
    assert Prescription.objects.get(id=second).quantities == {"1": 2, "2": 2}
    two.comes(patient, second)
    third = two.gives(second, {"1": 1, "2": 1})
    three.comes(patient, third)
    three.gives_all(third, {"1": 1, "2": 1})

    every = (rx, second, third)
    assert given(*every) == {"1": 3, "2": 2} == Prescription.objects.get(id=rx).quantities
    assert [shelf(desk)[:2] for desk in (one, two, three)] == [
        [(999, 0), (1_000, 0)],
        [(999, 0), (999, 0)],
        [(999, 0), (999, 0)],
    ]
    assert not Prescription.objects.filter(remainder_of=third).exists()
    assert kinds(second)[0] == "prescription.owe"
    for part in every:
        patient.client.command(of(part, "deliver"))
        for agent in (world.fund_agent, world.insurer_agent):
            decision = {"decision": "approve", "approved_fen": owed(agent, part)}
            agent.command(f"/api/claims/{part}/decide", decision)
        assert status(part) == "claimed"
