"""The simulated WeChat Pay is as strict as the original, and lives by its clock."""

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from wechatpayv3.type import RequestType
from wechatpayv3.utils import (
    build_authorization,
    load_private_key,
    load_public_key,
    rsa_sign,
    rsa_verify,
)

from config.simulators.clock import rfc3339
from tests.simulators.server import Bench, running_simulator

PREPAY = "/v3/pay/transactions/jsapi"
numbers = (f"SIM{number:08d}" for number in itertools.count())


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("strict")) as running:
        yield running


def terms(bench: Bench, **changed: object) -> dict[str, object]:
    return {
        "appid": bench.merchant.appid,
        "mchid": bench.merchant.mchid,
        "description": "药费",
        "out_trade_no": next(numbers),
        "notify_url": bench.notify_url,
        "amount": {"total": 100, "currency": "CNY"},
        "payer": {"openid": "o-zhang"},
    } | changed


def signed(bench: Bench, path: str, content: object = None, method: str = "POST", **wrong: str):
    """A request as a merchant signs it; ``wrong`` fields replace those in the header."""
    folder = bench.folder / "merchant"
    body = json.dumps(content) if content is not None else ""
    header = build_authorization(
        path,
        RequestType[method].value,
        wrong.get("mchid", bench.merchant.mchid),
        wrong.get("serial_no", (folder / "merchant_serial").read_text()),
        load_private_key((folder / "merchant.key").read_text()),
        data=body,
    )
    headers = {"Authorization": header, "Content-Type": "application/json"}
    return httpx.request(method, bench.url + path, content=body, headers=headers, verify=False)


def code(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


class TestAuthorization:
    def test_is_what_makes_an_order(self, bench):
        assert signed(bench, PREPAY, terms(bench)).status_code == 200

    def test_is_wanted_for_every_interface_of_wechat_pay(self, bench):
        for path in (PREPAY, "/v3/certificates", "/v3/nonsense"):
            answer = httpx.post(bench.url + path, json=terms(bench), verify=False)
            assert (answer.status_code, code(answer)) == (401, "SIGN_ERROR")

    @pytest.mark.parametrize("wrong", [{"mchid": "1900000009"}, {"serial_no": "0" * 40}])
    def test_names_the_merchant_and_its_certificate(self, bench, wrong):
        answer = signed(bench, PREPAY, terms(bench), **wrong)

        assert (answer.status_code, code(answer)) == (401, "SIGN_ERROR")

    @pytest.mark.parametrize(("offset", "status"), [(-290, 200), (-310, 401), (310, 401)])
    def test_ages(self, bench, monkeypatch, offset, status):
        real = time.time()
        with monkeypatch.context() as patch:
            patch.setattr("wechatpayv3.utils.time.time", lambda: real + offset)
            headers, body = self.prepared(bench)

        answer = httpx.post(bench.url + PREPAY, content=body, headers=headers, verify=False)

        assert answer.status_code == status

    def test_covers_every_byte_of_the_body(self, bench):
        headers, body = self.prepared(bench)

        altered = body.replace("100", "101")
        answer = httpx.post(bench.url + PREPAY, content=altered, headers=headers, verify=False)

        assert (answer.status_code, code(answer)) == (401, "SIGN_ERROR")

    def test_covers_method_path_and_query(self, bench):
        number = next(numbers)
        path = f"/v3/pay/transactions/out-trade-no/{number}?mchid={bench.merchant.mchid}"
        assert code(signed(bench, path, method="GET")) == "ORDER_NOT_EXIST"

        headers = {
            "Authorization": signed(bench, path, method="GET").request.headers["Authorization"]
        }
        for other in (f"{path}&x=1", path.replace(number, next(numbers))):
            answer = httpx.get(bench.url + other, headers=headers, verify=False)
            assert (answer.status_code, code(answer)) == (401, "SIGN_ERROR")

    @staticmethod
    def prepared(bench: Bench) -> tuple[dict[str, str], str]:
        folder: Path = bench.folder / "merchant"
        body = json.dumps(terms(bench))
        header = build_authorization(
            PREPAY,
            "POST",
            bench.merchant.mchid,
            (folder / "merchant_serial").read_text(),
            load_private_key((folder / "merchant.key").read_text()),
            data=body,
        )
        return {"Authorization": header}, body


@pytest.mark.parametrize("ok", [True, False])
def test_every_answer_is_signed(bench, ok):
    answer = signed(bench, PREPAY if ok else "/v3/nonsense", terms(bench))
    mark = answer.headers

    assert rsa_verify(
        mark["Wechatpay-Timestamp"],
        mark["Wechatpay-Nonce"],
        answer.text,
        mark["Wechatpay-Signature"],
        load_public_key((bench.folder / "merchant" / "wechatpay_public.pem").read_text()),
    )


class TestTerms:
    @pytest.mark.parametrize(
        "changed",
        [
            {"out_trade_no": "short"},
            {"out_trade_no": "x" * 33},
            {"description": ""},
            {"amount": {"total": 0, "currency": "CNY"}},
            {"amount": {"total": 1.5, "currency": "CNY"}},
            {"amount": {"total": True, "currency": "CNY"}},
            {"amount": {"total": 1, "currency": "USD"}},
            {"payer": {}},
            {"notify_url": "http://merchant.example/notice?x=1"},
            {"notify_url": "merchant.example/notice"},
            {"time_expire": "tomorrow"},
            {"time_expire": "2020-01-01T00:00:00+08:00"},
            {"time_expire": "2099-01-01T00:00:00"},
        ],
    )
    def test_that_are_bad_open_nothing(self, bench, changed):
        answer = signed(bench, PREPAY, terms(bench, **changed))

        assert (answer.status_code, code(answer)) == (400, "PARAM_ERROR")

    @pytest.mark.parametrize("field", ["appid", "mchid"])
    def test_of_another_merchant_open_nothing(self, bench, field):
        answer = signed(bench, PREPAY, terms(bench, **{field: "another"}))

        assert code(answer) == "APPID_MCHID_NOT_MATCH"

    def test_of_a_refund_are_checked_too(self, bench):
        asked = {"out_trade_no": "x", "out_refund_no": "y", "amount": {"refund": -1, "total": 1}}
        for content in ({}, {"out_refund_no": "y", "amount": 7}, asked):
            answer = signed(bench, "/v3/refund/domestic/refunds", content)
            assert code(answer) == "PARAM_ERROR"


class TestTime:
    """Each test turns the clock, so it has a simulator of its own."""

    @pytest.fixture
    def bench(self, tmp_path):
        with running_simulator(tmp_path) as running:
            yield running

    def test_makes_a_prepay_id_void_after_two_hours_and_gives_a_new_one(self, bench):
        asked = terms(bench)
        first = signed(bench, PREPAY, asked).json()["prepay_id"]

        bench.tell("clock", forward_s=7200)

        assert self.pay(bench, first) == "PREPAY_EXPIRED"
        second = signed(bench, PREPAY, asked).json()["prepay_id"]
        assert second != first
        assert self.pay(bench, first) == "PREPAY_UNKNOWN"
        assert self.pay(bench, second) == ""

    def test_ends_the_time_to_pay_that_the_merchant_set(self, bench):
        soon = rfc3339(datetime.now(UTC) + timedelta(minutes=10))
        prepay_id = signed(bench, PREPAY, terms(bench, time_expire=soon)).json()["prepay_id"]

        bench.tell("clock", forward_s=601)

        assert self.pay(bench, prepay_id) == "PREPAY_EXPIRED"

    @staticmethod
    def pay(bench: Bench, prepay_id: str) -> str:
        """Pay by phone; the refusal's code, or nothing."""
        key = load_private_key((bench.folder / "merchant" / "merchant.key").read_text())
        package = f"prepay_id={prepay_id}"
        lines = [bench.merchant.appid, str(int(time.time())), "n", package]
        parameters = {
            "timeStamp": lines[1],
            "nonceStr": "n",
            "package": package,
            "signType": "RSA",
            "paySign": rsa_sign(key, "\n".join(lines) + "\n"),
        }
        answer = httpx.post(f"{bench.url}/simulator/pay", json=parameters, verify=False)
        return "" if answer.status_code == 200 else code(answer)
