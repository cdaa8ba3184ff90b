"""Notices travel as WeChat Pay's do: until somebody answers 2xx; and in wrong ways on demand."""

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from insurance.gateways import wechat_pay
from insurance.gateways.wechat_pay_core import Keys
from tests.simulators.server import Bench, eventually, running_simulator

numbers = (f"NOTE{number:08d}" for number in itertools.count())


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("notices"), scale=1000) as running:
        yield running


@pytest.fixture(autouse=True)
def empty_box(bench: Bench) -> None:
    bench.box.letters.clear()
    bench.box.statuses.clear()


def client_of(bench: Bench) -> wechat_pay.WeChatPayClient:
    return wechat_pay.WeChatPayClient(
        Keys.read(bench.folder / "merchant"),
        base=bench.url,
        appid=bench.merchant.appid,
        mchid=bench.merchant.mchid,
        notify_url=bench.notify_url,
    )


def paid(bench: Bench, **callback: Any) -> str:
    """An order of a person who pays at once; its number."""
    client, number = client_of(bench), next(numbers)
    expires_at = datetime.now(UTC) + timedelta(minutes=30)
    order = wechat_pay.Order(number, "药费", 100, "o-zhang", expires_at)
    parameters = client.phone_parameters(client.prepay(order))
    bench.tell("behaviour", out_trade_no=number, callback=callback)
    bench.tell("pay", **parameters)
    return number


def statuses(bench: Bench, number: str) -> list[int]:
    return [one["status"] for one in bench.order(number)["deliveries"]]


@pytest.mark.parametrize("answered", [[], [500], [404, 302, 401]])
def test_a_notice_is_repeated_until_a_2xx_answer_and_no_longer(bench, answered):
    bench.box.statuses.extend(answered)
    number = paid(bench)

    eventually(lambda: statuses(bench, number)[-1:] == [204])

    assert statuses(bench, number) == [*answered, 204]
    ids = {json.loads(body)["id"] for _, body in bench.box.letters}
    nonces = {headers["Wechatpay-Nonce"] for headers, _ in bench.box.letters}
    assert (len(ids), len(nonces)) == (1, len(answered) + 1)


def test_wechat_pay_gives_up_after_fifteen_repetitions(tmp_path):
    with running_simulator(tmp_path, notify_url="http://127.0.0.1:1/notice", scale=1e6) as bench:
        number = paid(bench)

        eventually(lambda: len(statuses(bench, number)) == 16, within_s=10)

        assert set(statuses(bench, number)) == {0}


def test_copies_arrive_whatever_the_answer(bench):
    """I12"""
    number = paid(bench, copies=50)

    letters = bench.box.wait_for(50)

    assert {json.loads(body)["id"] for _, body in letters} == {json.loads(letters[0][1])["id"]}
    assert bench.order(number)["trade_state"] == "SUCCESS"


def test_only_the_genuine_notice_is_repeated(bench):
    """I19: a probe that was refused, as it should be, does not come back."""
    bench.box.statuses.extend([401] * 4)
    number = paid(bench, forgery="probe", copies=2)

    eventually(lambda: 204 in statuses(bench, number))
    time.sleep(0.1)

    sent = bench.order(number)["deliveries"]
    assert [one["forgery"] for one in sent].count("probe") == 1
    assert [one["attempt"] for one in sent].count(1) == 1


def test_a_late_notice_comes_after_the_refund(bench):
    """I16"""
    number = paid(bench, delay_s=0.3)
    bench.tell("behaviour", out_trade_no=number, callback={})
    client = client_of(bench)
    client.refund(
        out_trade_no=number, out_refund_no=f"{number}-1", refund_fen=100, total_fen=100, reason="x"
    )

    letters = bench.box.wait_for(2)

    events = [json.loads(body)["event_type"] for _, body in letters]
    assert events == ["REFUND.SUCCESS", "TRANSACTION.SUCCESS"]


def test_a_lost_notice_never_comes(bench):
    """I18"""
    number = paid(bench, lost=True)
    paid(bench)

    bench.box.wait_for(1)

    assert statuses(bench, number) == []
    assert len(bench.box.letters) == 1


def test_the_merchants_answer_to_a_notice_out_of_turn_is_told(bench):
    """I16: a failure after the success."""
    number = paid(bench)
    bench.box.wait_for(1)
    bench.box.statuses.append(409)

    told = bench.tell("notify", out_trade_no=number, content={"trade_state": "PAYERROR"})

    assert told == {"status": 409}
    notice = client_of(bench).read_notice(*bench.box.letters[1], at=datetime.now(UTC))
    assert isinstance(notice, wechat_pay.Notice)
    assert notice.trade_state == "PAYERROR"


@pytest.mark.parametrize(
    "content",
    [
        {"answer": "nonsense"},
        {"out_trade_no": "NOTE99999999", "callback": {"forgery": "nonsense"}},
        {"out_trade_no": "NOTE99999999", "callback": {"nonsense": 1}},
        {"out_trade_no": "NOTE99999999", "refund": "SUCCESS"},
    ],
)
def test_a_behaviour_that_does_not_exist_is_refused(bench, content):
    answer = httpx.post(f"{bench.url}/simulator/behaviour", json=content, verify=False)

    assert 400 <= answer.status_code < 500
