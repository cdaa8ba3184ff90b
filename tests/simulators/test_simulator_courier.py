"""The simulated courier company is strict, and knows no more than a parcel's number."""

import json
import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from hospital.gateways.exchange import Patience
from pharmacy.gateways.courier import CouriersClient, Order, Refused, Secret, UnknownOrder
from tests.simulators.server import Bench, running_simulator

ORDERS = "/v1/orders"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("strict")) as running:
        yield running


@pytest.fixture
def secret(bench: Bench) -> Secret:
    return Secret(bench.courier("")["app"], bench.courier("")["secret"])


@pytest.fixture
def client(bench: Bench, secret: Secret) -> CouriersClient:
    return CouriersClient(secret, base=bench.url, patience=Patience(attempts=1))


@pytest.fixture
def order() -> Order:
    return Order(f"C{uuid4().hex[:30]}", "pharmacy", cold=False)


def test_the_same_number_is_the_same_order(client: CouriersClient, order: Order):
    client.order(order)
    client.order(order)
    with pytest.raises(Refused) as refusal:
        client.order(Order(order.number, order.pharmacy, cold=True))
    assert refusal.value.code == "OTHER_ORDER"


def test_an_order_is_told_no_address(bench: Bench, secret: Secret, order: Order):
    asked = {"number": order.number, "from": "pharmacy", "goods": "药品", "cold": False}
    body = json.dumps({**asked, "to": "广西柳州市示例路1号"}).encode()
    headers = secret.headers("POST", ORDERS, body, at=int(time.time()))
    assert httpx.post(bench.url + ORDERS, content=body, headers=headers).status_code == 400


@pytest.mark.parametrize("wrong", ["secret", "app", "path", "body", "time"])
def test_only_its_customer_orders(bench: Bench, secret: Secret, order: Order, wrong: str):
    body = json.dumps({"number": order.number}).encode()
    by = {
        "secret": Secret(secret.app, "another"),
        "app": Secret("another", secret.secret),
    }.get(wrong, secret)
    path = "/v1/other" if wrong == "path" else ORDERS
    at = int(time.time()) - (301 if wrong == "time" else 0)
    headers = by.headers("POST", path, body, at=at)
    sent = body + b" " if wrong == "body" else body
    assert httpx.post(bench.url + ORDERS, content=sent, headers=headers).status_code == 401


def test_what_was_fetched_is_not_called_off(bench: Bench, client: CouriersClient, order: Order):
    client.order(order)
    bench.tell(f"parcels/{order.number}", state="picked_up")
    with pytest.raises(Refused) as refusal:
        client.cancel(order.number)
    assert refusal.value.code == "FETCHED"


def test_an_order_is_called_off_as_often_as_asked(client: CouriersClient, order: Order):
    client.order(order)
    client.cancel(order.number)
    client.cancel(order.number)
    assert [one.state for one in client.query(order.number)] == ["cancelled"]


def test_nobody_knows_what_was_never_ordered(client: CouriersClient, order: Order):
    for ask in (client.query, client.cancel):
        with pytest.raises(UnknownOrder):
            ask(order.number)


def test_all_that_happened_is_told_in_its_order(bench: Bench, client, order: Order):
    client.order(order)
    for state in ("assigned", "picked_up", "moving", "failed", "returning", "returned"):
        bench.tell(f"parcels/{order.number}", state=state)
    told = client.query(order.number)
    assert [one.number for one in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1].state == "returned"


def test_keeps_its_secret_out_of_every_word(secret: Secret):
    assert secret.secret not in repr(secret)
