"""Orders, closing, refunds, and what the phone is given."""

import dataclasses
from datetime import timedelta

import pytest
from django.test import override_settings

from insurance.gateways import wechat_pay
from insurance.gateways.wechat_pay import Refused, UnknownOrder
from tests.insurance.wechat_pay_gateway.merchant import (
    an_order,
    now,
    paid,
    refund,
)


class TestOrder:
    def test_is_unpaid_once_opened(self, client):
        order = an_order()
        assert client.prepay(order)

        state = client.query(order.out_trade_no)

        assert (state.trade_state, state.total_fen) == ("NOTPAY", 3001)
        assert (state.transaction_id, state.success_at) == ("", None)

    def test_is_paid_once_the_phone_has_confirmed_our_signature(self, bench, client):
        order = paid(bench, client, an_order())

        state = client.query(order.out_trade_no)

        assert state.trade_state == "SUCCESS"
        assert (state.total_fen, state.currency) == (3001, "CNY")
        assert (state.appid, state.mchid) == (bench.merchant.appid, bench.merchant.mchid)
        assert (state.openid, len(state.transaction_id)) == ("o-zhang", 28)
        assert state.success_at is not None
        assert abs(state.success_at - now()) < timedelta(seconds=5)

    def test_is_the_same_when_repeated(self, client):
        order = an_order()

        assert client.prepay(order) == client.prepay(order)

    @pytest.mark.parametrize(
        "changed", [{"total_fen": 3002}, {"openid": "o-li"}, {"description": "别"}]
    )
    def test_keeps_its_parameters_for_ever(self, client, changed):
        order = an_order()
        client.prepay(order)

        with pytest.raises(Refused) as refusal:
            client.prepay(dataclasses.replace(order, **changed))

        assert refusal.value.code == "INVALID_REQUEST"

    def test_cannot_be_opened_again_once_paid(self, bench, client):
        order = paid(bench, client, an_order())

        with pytest.raises(Refused) as refusal:
            client.prepay(order)

        assert refusal.value.code == "ORDERPAID"

    @pytest.mark.parametrize(
        "number", ["short", "x" * 33, "../../certificates", "a b c d e", "订单订单订单"]
    )
    def test_has_a_number_that_needs_no_escaping(self, client, number):
        with pytest.raises(ValueError, match="not an order number"):
            client.query(number)

    def test_unknown_to_wechat_pay_is_said_so(self, client):
        with pytest.raises(UnknownOrder) as refusal:
            client.query("NEVER-OPENED")

        assert refusal.value.code == "ORDER_NOT_EXIST"

    @pytest.mark.parametrize(
        "changed", [{"total_fen": 0}, {"total_fen": -1}, {"description": "x" * 128}]
    )
    def test_with_bad_terms_is_refused(self, client, changed):
        with pytest.raises(Refused) as refusal:
            client.prepay(an_order(**changed))

        assert refusal.value.code == "PARAM_ERROR"


class TestClose:
    def test_is_final_and_may_be_repeated(self, bench, client):
        order = an_order()
        parameters = client.phone_parameters(client.prepay(order))

        client.close(order.out_trade_no)
        client.close(order.out_trade_no)

        assert client.query(order.out_trade_no).trade_state == "CLOSED"
        with pytest.raises(AssertionError, match="ORDER_CLOSED"):
            bench.tell("pay", **parameters)
        with pytest.raises(Refused, match="ORDER_CLOSED"):
            client.prepay(order)

    def test_comes_too_late_for_a_paid_order(self, bench, client):
        order = paid(bench, client, an_order())

        with pytest.raises(Refused, match="ORDERPAID"):
            client.close(order.out_trade_no)

    def test_of_an_unknown_order_is_refused(self, client):
        with pytest.raises(UnknownOrder):
            client.close("NEVER-OPENED")


class TestRefund:
    def test_gives_back_in_parts_but_never_more_than_was_paid(self, bench, client):
        order = paid(bench, client, an_order())

        first = refund(client, order, f"{order.out_trade_no}-1", 1000)
        second = refund(client, order, f"{order.out_trade_no}-2", 2001)

        assert (first.status, first.refund_fen) == ("PROCESSING", 1000)
        assert second.refund_id != first.refund_id
        assert client.query(order.out_trade_no).trade_state == "REFUND"
        with pytest.raises(Refused, match="INVALID_REQUEST"):
            refund(client, order, f"{order.out_trade_no}-3", 1)

    def test_repeated_with_its_number_happens_once(self, bench, client):
        order = paid(bench, client, an_order())
        number = f"{order.out_trade_no}-1"

        first = refund(client, order, number, 3001)
        again = refund(client, order, number, 3001)

        assert again.refund_id == first.refund_id
        assert again.status == "SUCCESS"
        assert len(bench.order(order.out_trade_no)["refunds"]) == 1

    def test_keeps_its_amount_for_ever(self, bench, client):
        order = paid(bench, client, an_order())
        refund(client, order, f"{order.out_trade_no}-1", 1)

        with pytest.raises(Refused, match="INVALID_REQUEST"):
            refund(client, order, f"{order.out_trade_no}-1", 2)

    def test_of_an_unpaid_order_or_another_total_is_refused(self, bench, client):
        unpaid, full = an_order(), paid(bench, client, an_order())
        client.prepay(unpaid)

        with pytest.raises(Refused, match="INVALID_REQUEST"):
            refund(client, unpaid, f"{unpaid.out_trade_no}-1", 1)
        with pytest.raises(Refused, match="INVALID_REQUEST"):
            refund(client, full, f"{full.out_trade_no}-1", 1, total=9999)

    def test_of_an_unknown_order_is_said_so(self, client):
        with pytest.raises(UnknownOrder):
            refund(client, an_order(), "NEVER-OPENED-1", 1)

    def test_notices_tell_what_became_of_it(self, bench, client):
        order = paid(bench, client, an_order())
        bench.tell("behaviour", out_trade_no=order.out_trade_no, refund="ABNORMAL")

        refund(client, order, f"{order.out_trade_no}-1", 1000)

        letters = bench.box.wait_for(2)
        notices = [client.read_notice(*letter, at=now()) for letter in letters]
        (notice,) = [one for one in notices if isinstance(one, wechat_pay.RefundNotice)]
        assert (notice.event_type, notice.status) == ("REFUND.ABNORMAL", "ABNORMAL")
        assert (notice.refund_fen, notice.total_fen, notice.success_at) == (1000, 3001, None)
        assert notice.out_refund_no == f"{order.out_trade_no}-1"


class TestPhoneParameters:
    @pytest.mark.parametrize("name", ["timeStamp", "nonceStr", "package", "paySign", "signType"])
    def test_are_worthless_once_altered(self, bench, client, name):
        parameters = client.phone_parameters(client.prepay(an_order()))

        with pytest.raises(AssertionError, match="PAY_SIGN"):
            bench.tell("pay", **{**parameters, name: parameters[name][:-1] + "0x"})

    def test_are_what_the_mini_program_takes(self, client):
        assert set(client.phone_parameters("wx1")) == {
            "timeStamp",
            "nonceStr",
            "package",
            "signType",
            "paySign",
        }

    def test_pay_once(self, bench, client):
        parameters = client.phone_parameters(client.prepay(an_order()))
        bench.tell("pay", **parameters)

        with pytest.raises(AssertionError, match="ORDERPAID"):
            bench.tell("pay", **parameters)


def test_the_settings_make_one_client_per_process(bench):
    with override_settings(WECHAT=bench.settings()):
        configured = wechat_pay.client()
        assert configured is wechat_pay.client()
        order = an_order()
        assert configured.prepay(order)
        assert configured.query(order.out_trade_no).trade_state == "NOTPAY"
