"""Our client of a merchant that verifies by the platform's certificates, which it holds not yet."""

import dataclasses

import pytest

from insurance.gateways import wechat_pay, wechat_pay_core
from insurance.gateways.wechat_pay import ForgedNotice, Unavailable
from tests.insurance.wechat_pay_gateway.merchant import an_order, client_of, now, paid, refund


@pytest.fixture
def certified(bench):
    """WeChat Pay signs by certificate; the client has no public key of it, and asked nothing."""
    bench.tell("behaviour", signs_with="certificate")
    return client_of(bench, wechatpay_public="", wechatpay_public_id="")


def test_does_all_that_the_other_does(bench, certified):
    order = paid(bench, certified, an_order())
    ((headers, body),) = bench.box.wait_for(1)

    assert certified.query(order.out_trade_no).trade_state == "SUCCESS"
    notice = certified.read_notice(headers, body, at=now())
    assert notice.out_trade_no == order.out_trade_no
    assert refund(certified, order, f"{order.out_trade_no}-1", 1).status == "PROCESSING"
    assert certified.query_refund(f"{order.out_trade_no}-1").status == "SUCCESS"
    certified.close(certified_open := an_order_opened(certified))
    assert certified.query(certified_open).trade_state == "CLOSED"


def an_order_opened(client: wechat_pay.WeChatPay) -> str:
    order = an_order()
    client.prepay(order)
    return order.out_trade_no


def test_a_strangers_notices_have_certificates_fetched_once_a_minute(bench, certified):
    """F9: not one request for each notice that names an unknown number."""
    paid(bench, client_of(bench), an_order())
    ((headers, body),) = bench.box.wait_for(1)
    asked: list[str] = []
    send = certified._core._send

    def counted(path, *arguments):
        asked.append(path)
        return send(path, *arguments)

    certified._core._send = counted
    for serial in ("ABCDEF", "123456", "not hexadecimal", ""):
        with pytest.raises(ForgedNotice, match="serial"):
            certified.read_notice({**headers, "Wechatpay-Serial": serial}, body, at=now())

    assert asked == [wechat_pay_core.CERTIFICATES]


def test_the_other_mode_s_key_is_not_believed(bench, certified):
    """I13: a notice that the public key signed, at a merchant that knows certificates alone."""
    bench.tell("behaviour", signs_with="public key")
    paid(bench, client_of(bench), an_order())
    (letter,) = bench.box.wait_for(1)

    with pytest.raises(ForgedNotice, match="serial"):
        certified.read_notice(*letter, at=now())


def test_certificates_that_another_sealed_are_none(bench):
    """They are believed for the APIv3 key alone, which nobody else has."""
    bench.tell("behaviour", signs_with="certificate")
    client = client_of(bench, wechatpay_public="", wechatpay_public_id="", apiv3_key="x" * 32)

    with pytest.raises(Unavailable, match="serial"):
        client.query("NEVER-OPENED")


@pytest.mark.parametrize("fault", ["forged", "garbage", "500", "unsigned", "stale"])
def test_certificates_that_come_badly_are_none_and_are_asked_for_again(bench, certified, fault):
    order = an_order()
    client_of(bench).prepay(order)
    bench.tell("behaviour", answer=fault, path="/v3/certificates", times=3)

    with pytest.raises(Unavailable):
        certified.query(order.out_trade_no)

    bench.tell("behaviour", reset=True)
    bench.tell("behaviour", signs_with="certificate")
    certified._core._renewed_at -= wechat_pay_core.RENEW_S
    assert certified.query(order.out_trade_no).trade_state == "NOTPAY"


def test_the_folder_tells_the_mode(bench, tmp_path):
    for path in (bench.folder / "merchant").iterdir():
        if not path.name.startswith("wechatpay_public"):
            (tmp_path / path.name).write_bytes(path.read_bytes())

    read = wechat_pay_core.Keys.read(tmp_path)

    whole = wechat_pay_core.Keys.read(bench.folder / "merchant")
    assert read == dataclasses.replace(whole, wechatpay_public="", wechatpay_public_id="")
