"""
The simulated WeChat Pay and ``wechatpayv3`` as it is, in both of its modes.

Nothing of ours stands between them: the SDK's own core signs, sends, verifies and decrypts. So what
the simulator speaks is what a program of anybody's expects of the original.
"""

import gzip
import hashlib
import itertools
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from wechatpayv3 import SignType, WeChatPay, WeChatPayType
from wechatpayv3 import core as sdk

from config.simulators.clock import BEIJING
from config.simulators.notices import PAUSES_S
from tests.simulators.server import Bench, LetterBox, eventually, running_simulator, serving

numbers = (f"SDK{number:08d}" for number in itertools.count())
LOCAL = {"http": "", "https": "", "no_proxy": "*"}


@pytest.fixture(scope="module", params=["public key", "certificate"])
def mode(request) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bench(mode, tmp_path_factory) -> Iterator[Bench]:
    with running_simulator(tmp_path_factory.mktemp("sdk"), scale=1000) as running:
        running.tell("behaviour", signs_with=mode)
        yield running


@pytest.fixture(scope="module")
def merchant(mode, bench) -> WeChatPay:
    return program_of(bench, mode)


def program_of(bench: Bench, mode: str) -> WeChatPay:
    """A merchant's program; in certificate mode its constructor fetches ``/v3/certificates``."""
    folder = bench.folder / "merchant"
    texts = {path.name: path.read_text().strip() for path in folder.iterdir()}
    public = {
        "public_key": texts["wechatpay_public.pem"],
        "public_key_id": texts["wechatpay_public_id"],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sdk, "Core", _core_at(bench.url))
        return WeChatPay(
            wechatpay_type=WeChatPayType.MINIPROG,
            mchid=bench.merchant.mchid,
            private_key=texts["merchant.key"],
            cert_serial_no=texts["merchant_serial"],
            appid=bench.merchant.appid,
            apiv3_key=texts["apiv3.key"],
            notify_url=bench.notify_url,
            proxy=LOCAL,
            timeout=(2, 5),
            **(public if mode == "public key" else {}),
        )


def _core_at(url: str) -> type[sdk.Core]:
    """The SDK's core, which names its address nowhere but in an attribute."""

    class Core(sdk.Core):  # type: ignore[misc]
        _gate_way = property(lambda self: url, lambda self, value: None)

    return Core


def done(answer: tuple[int, Any]) -> dict[str, Any]:
    status, body = answer
    assert 200 <= status < 300, body
    return dict(json.loads(body)) if body else {}


def refused(answer: tuple[int, Any]) -> str:
    status, body = answer
    assert status >= 400
    return str(json.loads(body)["code"])


def ordered(merchant: WeChatPay, number: str, fen: int = 300, **changed: Any) -> tuple[int, Any]:
    asked = {"openid": "o-zhang"} | changed
    answer: tuple[int, Any] = merchant.pay(
        description="处方药品", out_trade_no=number, amount={"total": fen}, payer=asked
    )
    return answer


def paid(bench: Bench, merchant: WeChatPay, **callback: Any) -> str:
    number = next(numbers)
    prepay_id = done(ordered(merchant, number))["prepay_id"]
    if callback:
        bench.tell("behaviour", out_trade_no=number, callback=callback)
    package = f"prepay_id={prepay_id}"
    lines = [bench.merchant.appid, "1700000000", "nonce", package]
    bench.tell(
        "pay",
        timeStamp=lines[1],
        nonceStr=lines[2],
        package=package,
        signType="RSA",
        paySign=merchant.sign(lines, SignType.RSA_SHA256),
    )
    return number


def refund(merchant: WeChatPay, number: str, of: str, fen: int, total: int = 300):
    amount = {"refund": fen, "total": total, "currency": "CNY"}
    return merchant.refund(out_refund_no=number, out_trade_no=of, amount=amount, reason="缺货")


def test_an_order_is_opened_paid_and_given_back_in_parts(bench, merchant):
    number = paid(bench, merchant)

    assert done(merchant.query(out_trade_no=number))["trade_state"] == "SUCCESS"
    assert done(refund(merchant, f"{number}A", number, 100))["status"] == "PROCESSING"
    assert done(refund(merchant, f"{number}B", number, 200))["amount"]["refund"] == 200
    assert refused(refund(merchant, f"{number}C", number, 1)) == "INVALID_REQUEST"
    assert done(merchant.query_refund(f"{number}A"))["status"] == "SUCCESS"
    assert done(merchant.query(out_trade_no=number))["trade_state"] == "REFUND"


def test_a_number_stands_for_its_parameters_and_closes_for_good(merchant):
    number = next(numbers)
    first = done(ordered(merchant, number))

    assert done(ordered(merchant, number)) == first
    assert refused(ordered(merchant, number, 301)) == "INVALID_REQUEST"
    assert refused(ordered(merchant, number, openid="o-li")) == "INVALID_REQUEST"
    done(merchant.close(number))
    done(merchant.close(number))
    assert done(merchant.query(out_trade_no=number))["trade_state"] == "CLOSED"
    assert refused(ordered(merchant, number)) == "ORDER_CLOSED"
    assert refused(merchant.query(out_trade_no=next(numbers))) == "ORDER_NOT_EXIST"


def test_callbacks_open_and_probes_do_not(bench, merchant):
    """I13, I19: the SDK's own verification tells one from the other."""
    for forgery in ("probe", "signature", "body"):
        bench.box.letters.clear()
        number = paid(bench, merchant, forgery=forgery)

        opened = [merchant.callback(*letter) for letter in bench.box.wait_for(2)]

        (genuine,) = [one for one in opened if one]
        assert genuine["event_type"] == "TRANSACTION.SUCCESS"
        assert genuine["resource"]["out_trade_no"] == number
        assert genuine["resource"]["amount"]["total"] == 300


def test_callbacks_come_late_doubled_out_of_order_or_never(bench, merchant):
    """I12, I16, I18"""
    bench.box.letters.clear()
    late = paid(bench, merchant, delay_s=0.4)
    bench.tell("behaviour", out_trade_no=late, callback={})
    done(refund(merchant, f"{late}A", late, 300))
    lost, doubled = paid(bench, merchant, lost=True), paid(bench, merchant, copies=2)

    letters = [merchant.callback(*letter) for letter in bench.box.wait_for(4)]

    assert all(letters)
    told = [(one["event_type"], one["resource"]["out_trade_no"]) for one in letters]
    assert told.count(("TRANSACTION.SUCCESS", doubled)) == 2
    assert told.index(("REFUND.SUCCESS", late)) < told.index(("TRANSACTION.SUCCESS", late))
    assert lost not in [number for _, number in told]
    assert done(merchant.query(out_trade_no=lost))["trade_state"] == "SUCCESS"


def test_the_originals_table_of_repetitions_on_a_scaled_clock(bench, merchant):
    """F9: 15 s, 15 s, 30 s, 3 min, 10 min … while the merchant answers 500."""
    assert (
        *(15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600),
        *(10800, 10800, 10800, 21600, 21600),
    ) == PAUSES_S
    box = LetterBox(statuses=[500, 500, 500])
    with serving(box) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(merchant, "_notify_url", f"{url}/notice")
        number = paid(bench, merchant)
        letters = box.wait_for(4)

        eventually(lambda: len(bench.order(number)["deliveries"]) == 4)
    attempts = [one["attempt"] for one in bench.order(number)["deliveries"]]
    assert attempts == [0, 1, 2, 3]
    assert all(merchant.callback(*letter) for letter in letters)


@pytest.mark.parametrize("fault", ["429", "500"])
def test_a_refusal_of_the_moment_leaves_nothing(bench, merchant, fault):
    number = next(numbers)
    bench.tell("behaviour", answer=fault, path="/v3/pay/")

    assert refused(ordered(merchant, number)) in ("FREQUENCY_LIMITED", "SYSTEM_ERROR")
    assert refused(merchant.query(out_trade_no=number)) == "ORDER_NOT_EXIST"
    assert done(ordered(merchant, number))["prepay_id"]


@pytest.mark.parametrize("fault", ["forged", "unsigned"])
def test_an_answer_that_is_not_signed_is_none(bench, merchant, fault):
    number = paid(bench, merchant)
    bench.tell("behaviour", answer=fault, path="/v3/")

    with pytest.raises(Exception, match=r"signature|algorithm"):
        merchant.query(out_trade_no=number)


@pytest.mark.parametrize("asked", ["trade_bill", "fundflow_bill"])
def test_the_bill_of_a_day_is_fetched_and_is_what_its_hash_says(tmp_path, mode, asked):
    """In a simulator of its own, whose clock has gone to the next day."""
    with running_simulator(tmp_path) as bench:
        bench.tell("behaviour", signs_with=mode)
        program = program_of(bench, mode)
        number = paid(bench, program)
        done(refund(program, f"{number}A", number, 100))
        bench.tell("clock", forward_s=34 * 3600)
        day = datetime.now(BEIJING).date().isoformat()
        described = done(getattr(program, asked)(day))
        assert refused(getattr(program, asked)("2020-01-01")) == "NO_STATEMENT_EXIST"
        status, packed = program.download_bill(described["download_url"])

    text = gzip.decompress(packed)
    assert status == 200
    assert hashlib.sha1(text, usedforsecurity=False).hexdigest() == described["hash_value"]
    lines = text.decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert all(value.startswith("`") for value in lines[1].split(","))
    assert number in lines[1]
    assert f"{number}A" in lines[2]
