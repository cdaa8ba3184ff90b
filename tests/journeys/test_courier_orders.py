"""A courier company over its port: ordered once, told without an address, believed when signed."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.test import override_settings
from django.utils import timezone

from hospital.gateways import exchange
from pharmacy import queries_parcels
from pharmacy.actions import ordering
from pharmacy.gateways import courier
from pharmacy.models import CourierNews, CourierOrder
from pharmacy.parcels import State
from prescriptions.models import Prescription
from tests.journeys.test_couriers_fail import kept_cold, shelves_as_before
from tests.journeys.test_who_looked import seen
from tests.journeys.writes import of
from tests.simulators.server import Bench
from tests.world import Patient, World, a_client

DOOR = "/api/parcels/news"
__all__ = ["shelves_as_before"]
LATER = queries_parcels.ASK_ABOUT


@pytest.fixture(autouse=True)
def company(world: World, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The world's courier company has a port, which is asked with little patience."""
    monkeypatch.setattr(
        exchange, "USUAL", exchange.Patience(wall_s=2, attempts=2, pause_s=0.01, max_bytes=4096)
    )
    monkeypatch.setattr(
        courier.CouriersClient.__init__, "__kwdefaults__", {"patience": exchange.USUAL}
    )
    bench.tell("behaviour", reset=True)
    with override_settings(COURIER=bench.courier(world.courier_company.slug)):
        yield
    bench.tell("behaviour", reset=True)


def ordered(rx: str, *, later: timedelta = timedelta(0)) -> CourierOrder:
    """What the task does; the order, which other tests' parcels do not hold up."""
    for _ in range(3):
        ordering.order_due(at=timezone.now() + later)
    return CourierOrder.objects.get(prescription__id=rx)


def happens(bench: Bench, order: CourierOrder, state: str, **manner: Any) -> list[httpx.Response]:
    """Something happens to a parcel; what our door answers to what the company tells of it."""
    before = len(bench.box.letters)
    bench.tell(f"parcels/{order.number}", state=state, **manner)
    return [send(*letter) for letter in bench.box.letters[before:]]


def send(headers: dict[str, str], body: bytes) -> httpx.Response:
    kept = {name: value for name, value in headers.items() if name.startswith("Courier")}
    return a_client().http.post(
        DOOR, content=body, headers={**kept, "Content-Type": "application/json"}
    )


def at_the_company(bench: Bench, number: str) -> httpx.Response:
    return httpx.get(f"{bench.url}/simulator/parcels/{number}", verify=False)


def test_a_parcel_is_ordered_and_followed(world: World, bench: Bench, patient: Patient):
    """The company is told where to fetch it and that it is cold, and neither who nor where to."""
    rx = world.dispensed(patient, "courier")
    kept_cold(rx)
    order = ordered(rx)
    assert order.state == State.PLACED
    assert at_the_company(bench, order.number).json()["asked"] == {
        "number": order.number,
        "from": world.pharmacy.slug,
        "goods": "药品",
        "cold": True,
    }
    (shown,) = world.courier.get("/api/parcels", number=order.number)["parcels"]
    assert (shown["prescription"], shown["cold"]) == (rx, True)
    assert shown["to"]["text"]
    (look,) = [one for one in seen(patient) if one["purpose"] == "deliver"]
    assert look["records"] == 1, "the one address that is needed, and the patient sees by whom"
    for other in ("C0", "", "\0", "x" * 99):
        assert world.courier.get("/api/parcels", number=other)["parcels"] == []
    assert world.other_courier.get("/api/parcels", number=order.number)["parcels"] == []
    for state in ("assigned", "picked_up", "moving"):
        (answer,) = happens(bench, order, state)
        assert answer.status_code == 204
    order.refresh_from_db()
    assert order.state == State.MOVING
    words = patient.client.get(of(rx, "parcel"))
    assert [step["zh"] for step in words["way"]] == [
        "配送公司已安排配送员",
        "配送公司：已取件",
        "配送公司：配送中",
    ]
    assert words["status"] == "dispensed", "news is no entry"


def test_what_the_patient_fetches_is_not_ordered(world: World, patient: Patient):
    rx = world.dispensed(patient)
    ordering.order_due(at=timezone.now())
    assert not CourierOrder.objects.filter(prescription__id=rx).exists()


def test_another_company_is_not_asked(world: World, bench: Bench, patient: Patient):
    rx = world.dispensed(patient, "courier")
    with override_settings(COURIER=bench.courier("somebody-else")):
        ordering.order_due(at=timezone.now())
    with override_settings(COURIER={**bench.courier(""), "base": ""}):
        ordering.order_due(at=timezone.now())
    assert not CourierOrder.objects.filter(prescription__id=rx).exists()


@pytest.mark.parametrize("fault", ["429", "500", "lost", "garbage", "302", "huge", "drip", "slow"])
def test_an_answer_that_goes_wrong(world: World, bench: Bench, patient: Patient, fault: str):
    """F9: bounded, and asked again under the same number: one order, however often."""
    rx = world.dispensed(patient, "courier")
    ordered_before = ordered(world.dispensed(patient, "courier"))
    assert ordered_before.state == State.PLACED
    bench.tell("behaviour", answer=fault, path="/v1/orders", times=20, seconds=3)
    begun = timezone.now()
    ordering.order_due(at=timezone.now())
    assert timezone.now() - begun < timedelta(seconds=15)
    order = CourierOrder.objects.get(prescription__id=rx)
    number = order.number
    assert order.state in (State.DUE, State.PLACED)
    bench.tell("behaviour", reset=True)
    order = ordered(rx, later=queries_parcels.ASK_AGAIN)
    assert (order.number, order.state) == (number, State.PLACED)
    assert at_the_company(bench, number).status_code == 200


class TestNews:
    @pytest.fixture
    def order(self, world: World, patient: Patient) -> CourierOrder:
        return ordered(world.dispensed(patient, "courier"))

    @pytest.mark.parametrize("copies", [1, 2, 50])
    def test_counts_once(self, bench: Bench, order: CourierOrder, copies: int):
        """I12"""
        answers = happens(bench, order, "assigned", copies=copies)
        assert {one.status_code for one in answers} == {204}
        assert len(answers) == copies
        assert CourierNews.objects.filter(order=order).count() == 1

    @pytest.mark.parametrize("forgery", ["signature", "body", "stale", "app"])
    def test_is_believed_of_the_company_alone(self, bench, order, forgery: str):
        """I13, I14"""
        (answer,) = happens(bench, order, "delivered", forgery=forgery)
        assert answer.status_code == 401
        assert not CourierNews.objects.filter(order=order).exists()

    def test_says_nothing_at_another_door(self, bench: Bench, order: CourierOrder):
        """I13: neither without its headers nor of another path."""
        happens(bench, order, "assigned")
        headers, body = bench.box.letters[-1]
        for name in ("Courier-App", "Courier-Timestamp", "Courier-Nonce", "Courier-Signature"):
            assert send({**headers, name: ""}, body).status_code == 401
        own = courier.secret().headers(
            "POST", "/v1/orders", body, at=int(timezone.now().timestamp())
        )
        assert send(own, body).status_code == 401

    @pytest.mark.parametrize(
        "news",
        [
            {"order": "C" + "0" * 30},
            {"number": 0},
            {"number": True},
            {"number": 10**9},
            {"state": "due"},
            {"state": "eaten"},
            {"state": None},
            {"at": "yesterday"},
            {"at": "2026-05-06T12:00:00"},
            {"at": "9999-12-31T23:59:59Z"},
            {"order": "../../x"},
        ],
        ids=str,
    )
    def test_that_fits_no_parcel_changes_nothing(self, bench, order, news: dict[str, Any]):
        """I15: signed, and still nonsense."""
        (answer,) = happens(bench, order, "assigned", news=news)
        assert answer.status_code in (401, 403)
        assert not CourierNews.objects.filter(order=order).exists()

    def test_of_which_two_say_different_things(self, bench: Bench, order: CourierOrder):
        """I15"""
        happens(bench, order, "assigned")
        (answer,) = happens(bench, order, "moving", news={"number": 1})
        assert answer.status_code == 403
        order.refresh_from_db()
        assert order.state == State.ASSIGNED

    def test_in_another_order(self, bench: Bench, order: CourierOrder):
        """I16: what comes late is kept, and the later state stays."""
        bench.tell(f"parcels/{order.number}", state="assigned")
        early = bench.box.letters[-1]
        happens(bench, order, "picked_up")
        assert send(*early).status_code == 204
        order.refresh_from_db()
        assert (order.state, order.told.count()) == (State.PICKED_UP, 2)

    def test_after_the_end(self, bench: Bench, order: CourierOrder):
        """I16"""
        happens(bench, order, "delivered")
        happens(bench, order, "moving")
        order.refresh_from_db()
        assert order.state == State.DELIVERED

    def test_of_a_second_try_counts(self, bench: Bench, order: CourierOrder):
        for state in ("moving", "failed", "moving"):
            happens(bench, order, state)
        order.refresh_from_db()
        assert order.state == State.MOVING

    def test_that_is_never_told_is_asked_for(self, bench: Bench, order: CourierOrder):
        bench.tell(f"parcels/{order.number}", state="moving")
        ordering.ask_about(at=timezone.now())
        order.refresh_from_db()
        assert order.state == State.PLACED, "not before its time"
        ordering.ask_about(at=timezone.now() + LATER)
        order.refresh_from_db()
        assert order.state == State.MOVING

    def test_is_never_altered(self, bench: Bench, order: CourierOrder):
        from django.db import IntegrityError, transaction

        happens(bench, order, "moving")
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            CourierNews.objects.filter(order=order).update(state="delivered")


def test_an_order_that_the_company_has_lost_is_placed_again(world, bench: Bench, patient: Patient):
    rx = world.dispensed(patient, "courier")
    made = ordered(rx)
    CourierOrder.objects.filter(id=made.id).update(number="Clost" + made.number[5:])
    ordering.ask_about(at=timezone.now() + LATER)
    made.refresh_from_db()
    assert made.state == State.DUE
    assert ordered(rx, later=LATER + LATER).state == State.PLACED


def test_what_needs_no_fetching_is_called_off(world: World, bench: Bench, patient: Patient):
    """The courier's page was faster than the port."""
    rx = world.dispensed(patient, "courier")
    order = ordered(rx)
    world.courier.command(of(rx, "ship"))
    assert ordered(rx, later=queries_parcels.ASK_AGAIN).state == State.PLACED, "news comes later"
    patient.client.command(of(rx, "deliver"))
    assert ordered(rx, later=2 * queries_parcels.ASK_AGAIN).state == State.CANCELLED
    (told,) = at_the_company(bench, order.number).json()["news"]
    assert told["state"] == "cancelled"


def test_one_refused_order_holds_up_nobody(world: World, bench: Bench, patient: Patient):
    first = ordered(world.dispensed(patient, "courier"))
    Prescription.objects.filter(id=first.prescription_id).update(status="dispensed")
    CourierOrder.objects.filter(id=first.id).update(state=State.DUE, cold=not first.cold)
    rx = world.dispensed(patient, "courier")
    order = ordered(rx, later=queries_parcels.ASK_AGAIN)
    assert order.state == State.PLACED
    first.refresh_from_db()
    assert first.state == State.DUE


def test_nothing_of_the_patient_leaves(world: World, bench: Bench, patient: Patient):
    rx = world.dispensed(patient, "courier")
    told = json.dumps(at_the_company(bench, ordered(rx).number).json(), ensure_ascii=False)
    assert rx not in told
    for secret in (patient.id_number, "138", patient.client.account):
        assert str(secret) not in told


def test_a_silent_company_holds_up_one_order_at_a_time(world, bench: Bench, patient: Patient):
    """F9: who does not answer is not asked again within a round, whatever waits."""
    waiting = [world.dispensed(patient, "courier") for _ in range(2)]
    bench.tell("behaviour", answer="500", path="/v1/orders", times=20)
    ordering.order_due(at=timezone.now())
    asked = CourierOrder.objects.filter(prescription__id__in=waiting, asked_at__isnull=False)
    assert asked.count() <= 1
