"""What the gateway makes of answers that are late, lost, forged, or none."""

import json
import time

import pytest

from config.simulators import signing
from insurance.gateways.wechat_pay import Refused, Unavailable, UnknownOrder
from tests.insurance.wechat_pay_gateway.merchant import HASTY, an_order, client_of, paid, refund
from tests.simulators.server import serving


class TestFaults:
    """F9, for WeChat Pay."""

    @pytest.mark.parametrize("fault", ["429", "500", "lost"])
    def test_an_order_is_opened_once_though_asked_thrice(self, bench, client, fault):
        order = an_order()
        bench.tell("behaviour", answer=fault, path="/v3/pay/", times=2)

        assert client.prepay(order) == bench.order(order.out_trade_no)["prepay_id"]

    def test_a_refund_whose_answer_was_lost_happens_once(self, bench, client):
        order = paid(bench, client, an_order())
        bench.tell("behaviour", answer="lost", path="/v3/refund/", times=2)

        state = refund(client, order, f"{order.out_trade_no}-1", 3001)

        assert state.status == "SUCCESS"
        assert len(bench.order(order.out_trade_no)["refunds"]) == 1

    @pytest.mark.parametrize("fault", ["429", "500", "lost", "slow"])
    def test_it_gives_up_after_three_attempts(self, bench, client, fault):
        bench.tell("behaviour", answer=fault, path="/v3/", times=3, seconds=1)

        with pytest.raises(Unavailable):
            client.prepay(an_order())

        assert client.prepay(an_order()), "the fourth question was not asked before"

    @pytest.mark.parametrize(
        "fault", ["garbage", "302", "huge", "unsigned", "forged", "stale", "other"]
    )
    def test_an_answer_that_wechat_pay_did_not_sign_now_is_none(self, bench, client, fault):
        order = an_order()
        client.prepay(order)
        bench.tell("behaviour", answer=fault, path="/v3/")

        with pytest.raises(Unavailable):
            client.query(order.out_trade_no)

    @pytest.mark.parametrize("fault", ["unsigned", "forged"])
    def test_a_close_that_nobody_signed_has_not_happened(self, bench, client, fault):
        order = an_order()
        client.prepay(order)
        bench.tell("behaviour", answer=fault, path="/v3/")

        with pytest.raises(Unavailable):
            client.close(order.out_trade_no)

    def test_a_refusal_may_lack_a_signature_but_not_have_a_wrong_one(self, bench, client):
        bench.tell("behaviour", answer="unsigned", path="/v3/")
        with pytest.raises(UnknownOrder):
            client.query("NEVER-OPENED")

        bench.tell("behaviour", answer="forged", path="/v3/")
        with pytest.raises(Unavailable):
            client.query("NEVER-OPENED")

    @pytest.mark.parametrize(("fault", "seconds"), [("slow", 1), ("drip", 0.1)])
    def test_patience_is_about_the_whole_answer(self, bench, client, fault, seconds):
        order = an_order()
        client.prepay(order)
        bench.tell("behaviour", answer=fault, path="/v3/", times=3, seconds=seconds)
        began = time.monotonic()

        with pytest.raises(Unavailable, match="no answer within"):
            client.query(order.out_trade_no)

        assert time.monotonic() - began < 3 * HASTY.wall_s + 1

    def test_a_genuine_answer_to_another_question_is_none(self, bench, client):
        known = bench.order(paid(bench, client, an_order()).out_trade_no)
        known |= {"status": "SUCCESS", "refund_id": "5", "out_refund_no": "ANOTHER"}
        known["amount"]["refund"] = 1
        body = json.dumps(known).encode()
        signer = signing.Signer.read(bench.folder / "simulator")

        def replay(_, start_response):
            start_response("200 OK", list(signer.headers(body).items()))
            return [body]

        with serving(replay) as url:
            misled, order = client_of(bench, base=url), an_order()
            with pytest.raises(Unavailable, match="another question"):
                misled.query(order.out_trade_no)
            with pytest.raises(Unavailable, match="another question"):
                refund(misled, order, f"{order.out_trade_no}-1", 1)

    def test_a_page_that_is_not_found_says_nothing_about_an_order(self, bench):
        def astray(_, start_response):
            start_response("404 Not Found", [])
            return [b'{"code": "NOT_FOUND", "message": ""}']

        with serving(astray) as url, pytest.raises(Refused) as refusal:
            client_of(bench, base=url).query("NEVER-OPENED")

        assert not isinstance(refusal.value, UnknownOrder)

    def test_our_wrong_key_is_a_refusal(self, bench):
        with pytest.raises(Refused, match="SIGN_ERROR"):
            client_of(bench, merchant_serial="0" * 40).query("NEVER-OPENED")

    def test_a_lost_notice_leaves_the_query(self, bench, client):
        """I18"""
        order = an_order()
        bench.tell("behaviour", out_trade_no=order.out_trade_no, callback={"lost": True})
        paid(bench, client, order)

        assert client.query(order.out_trade_no).trade_state == "SUCCESS"
        assert bench.box.letters == []
