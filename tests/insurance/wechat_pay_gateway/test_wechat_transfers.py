"""Transfers to persons: signed both ways, once for each number, never guessed."""

import dataclasses
import itertools

import pytest

from insurance.gateways.wechat_pay_core import Keys
from insurance.gateways.wechat_transfer import (
    Refused,
    Reward,
    TransfersClient,
    Unavailable,
    UnknownTransfer,
)
from tests.insurance.wechat_pay_gateway.merchant import HASTY
from tests.simulators.server import serving

PATH = "/v3/fund-app/mch-transfer/"
numbers = (f"T{number:08d}" for number in itertools.count())


def client_of(bench, base="", **changed):
    keys = dataclasses.replace(Keys.read(bench.folder / "merchant"), **changed)
    merchant = bench.merchant
    return TransfersClient(
        keys,
        base=base or bench.url,
        appid=merchant.appid,
        mchid=merchant.mchid,
        scene="1000",
        patience=HASTY,
    )


@pytest.fixture
def transfers(bench):
    return client_of(bench)


def a_reward(**changed):
    return dataclasses.replace(Reward(next(numbers), "o-zhang", 500), **changed)


def confirm(bench, package, **more):
    named = {"mchId": bench.merchant.mchid, "appId": bench.merchant.appid}
    return bench.tell("confirm", **named, package=package, **more)


class TestTransfer:
    def test_waits_for_the_person_and_is_paid_once_confirmed(self, bench, transfers):
        reward = a_reward()
        begun = transfers.transfer(reward)
        assert begun.state == "WAIT_USER_CONFIRM"
        confirm(bench, begun.package_info)
        done = transfers.query(reward.out_bill_no)
        assert (done.state, done.amount_fen) == ("SUCCESS", 500)
        assert done.transfer_bill_no == begun.transfer_bill_no

    def test_repeated_is_the_same_and_with_other_terms_refused(self, transfers):
        reward = a_reward()
        begun = transfers.transfer(reward)
        assert transfers.transfer(reward) == begun
        for other in ({"amount_fen": 501}, {"openid": "o-li"}):
            with pytest.raises(Refused, match="INVALID_REQUEST"):
                transfers.transfer(dataclasses.replace(reward, **other))

    def test_that_nobody_confirms_within_a_day_has_failed(self, bench, transfers):
        reward = a_reward()
        transfers.transfer(reward)
        bench.tell("clock", forward_s=86_400)
        assert transfers.query(reward.out_bill_no).state == "FAIL"

    def test_of_an_unknown_number_is_none(self, transfers):
        with pytest.raises(UnknownTransfer):
            transfers.query("T99")

    @pytest.mark.parametrize("amount_fen", [0, 9, 200_000])
    def test_has_a_least_and_needs_a_name_from_2000_yuan(self, transfers, amount_fen):
        with pytest.raises(Refused, match="transfer_amount"):
            transfers.transfer(a_reward(amount_fen=amount_fen))

    @pytest.mark.parametrize("number", ["", "a/b", "a?b", "x" * 33, "号"])
    def test_has_a_number_that_needs_no_escaping(self, transfers, number):
        with pytest.raises(ValueError, match="number"):
            transfers.query(number)


class TestFaults:
    """F9, for transfers."""

    @pytest.mark.parametrize("fault", ["429", "500", "lost"])
    def test_asked_thrice_it_happens_once(self, bench, transfers, fault):
        reward = a_reward(openid=f"o-{fault}")
        bench.tell("behaviour", answer=fault, path=PATH, times=2)
        begun = transfers.transfer(reward)
        assert transfers.query(reward.out_bill_no).transfer_bill_no == begun.transfer_bill_no

    @pytest.mark.parametrize(
        "fault", ["garbage", "302", "huge", "unsigned", "forged", "stale", "other"]
    )
    def test_an_answer_that_wechat_pay_did_not_sign_now_is_none(self, bench, transfers, fault):
        reward = a_reward()
        transfers.transfer(reward)
        bench.tell("behaviour", answer=fault, path=PATH)
        with pytest.raises(Unavailable):
            transfers.query(reward.out_bill_no)

    def test_our_wrong_key_is_a_refusal(self, bench):
        with pytest.raises(Refused, match="SIGN_ERROR"):
            client_of(bench, merchant_serial="0" * 40).query("T1")

    @pytest.mark.parametrize(
        "wrong", [{"out_bill_no": "T2"}, {"state": ""}, {"state": 1}, {"transfer_amount": "500"}]
    )
    def test_a_genuine_answer_of_another_shape_is_none(self, bench, wrong):
        import json

        from config.simulators import signing

        told = {"out_bill_no": "T1", "state": "SUCCESS", "transfer_amount": 500, **wrong}
        body = json.dumps(told).encode()
        signer = signing.Signer.read(bench.folder / "simulator")

        def misleading(_, start_response):
            start_response("200 OK", list(signer.headers(body).items()))
            return [body]

        with serving(misleading) as url, pytest.raises(Unavailable):
            client_of(bench, base=url).query("T1")
