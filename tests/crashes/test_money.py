"""
Nothing is paid twice and nothing lost, whoever dies: afterwards WeChat Pay's bills agree with us.

``RX_COUNT`` says over how many prescriptions; 500 take long. A failure says its seed:
``RX_SEED=<seed> RX_COUNT=<count> ./rx test --all -k kill_9_while_money_moves``.
"""

import os

import pytest

from tests.crashes import runs

pytestmark = [pytest.mark.slow, pytest.mark.alone]
VICTIMS = ("web", "web/child", "worker", "worker/child", "wechat", "wechat/child")


def test_f1_kill_9_while_money_moves_and_the_day_is_closed_without_a_difference(home):
    """F1, F3, F9, C2, I18: worker, web and WeChat die at random moments."""
    count = int(os.environ.get("RX_COUNT", "12"))
    kills, seed = max(6, count // 2), int(os.environ.get("RX_SEED", "71"))
    report = runs.money(home, count, VICTIMS, seed=seed, most=kills)

    runs.calm(report)
    assert (report["owed"], report["differences"]) == (0, 0)
    assert len(report["ends"]) == count
    assert len(report["killed"]) >= 5
    # Each payment and each refund that was done stands in both bills.
    assert report["lines"] == 2 * (report["paid"] + report["refunded"])
    assert report["paid"] >= count // 2
    assert report["insured"] >= count // 6
    assert report["insured_back"] >= 1
    # Not all of them had something to pay: another payer bore the whole of some bills.
    assert report["refunded"] >= 1
    assert report["given_back"] >= report["to_give_back"] // 2
