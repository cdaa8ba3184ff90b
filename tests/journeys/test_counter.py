"""What waits at a pharmacy's counter: references alone, of the own pharmacy alone."""

from django.db import connection
from django.test.utils import CaptureQueriesContext


def waiting(by):
    return {one["prescription"]: one for one in by.each("/api/counter", "waiting", size=50)}


def test_it_is_listed_from_the_payment_to_the_hand_over(world, patient):
    """And nobody else sees it, nor before it is paid."""
    rx = world.authorized(patient)
    assert rx not in waiting(world.pharmacist)
    world.pay(patient, rx)
    assert waiting(world.pharmacist)[rx] == {"prescription": rx, "status": "paid", "way": "collect"}
    assert rx not in waiting(world.other_pharmacist)
    given = world.dispensed(patient)
    assert waiting(world.pharmacist)[given]["status"] == "dispensed"
    patient.client.command(f"/api/prescriptions/{given}/deliver")
    assert given not in waiting(world.pharmacist)


def test_a_page_costs_the_same_however_many_wait(world, patient):
    world.paid(patient)
    world.paid(patient)
    costs = []
    for size in (1, 50):
        with CaptureQueriesContext(connection) as asked:
            assert world.pharmacist.get("/api/counter", size=size)["waiting"]
        costs.append(len(asked))
    assert costs[0] == costs[1]
