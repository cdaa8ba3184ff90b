"""One simulator for all tests here; for each test a letter box, so that no late notice disturbs."""

import dataclasses
from collections.abc import Iterator

import pytest

from insurance.gateways import wechat_pay
from tests.insurance.wechat_pay_gateway.merchant import client_of
from tests.simulators.server import Bench, LetterBox, running_simulator, serving


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("pay")) as running:
        yield running


@pytest.fixture
def bench(simulator: Bench) -> Iterator[Bench]:
    box = LetterBox()
    with serving(box) as url:
        yield dataclasses.replace(simulator, box=box, notify_url=f"{url}/notice")
    simulator.tell("behaviour", reset=True)


@pytest.fixture
def client(bench: Bench) -> wechat_pay.WeChatPayClient:
    return client_of(bench)
