"""
Any life of a prescription's money: ordered, paid, taken back, given out, claimed, settled, brought
back, in any order, with WeChat's messages lost, doubled and late, and processes that are killed.

After every step the journal balances and says what the tables say; at the end each prescription is
paid and given out, or WeChat has given everything back, and nobody has paid twice.

A failure names the seed and the steps. To see it again: ``RX_SEED=<seed>``.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from insurance import queries
from insurance.journal import accounts
from insurance.models import Bill
from tests import moneybooks
from tests.journeys.anymoney import ANY_TIME, STEPS, Purse
from tests.journeys.fundpays import InsuredPurse
from tests.simulators.server import Bench
from tests.world import World

DIES_OF = 3
"""One step of so many is killed, before one of its first ``STATEMENTS`` if it has so many."""
STATEMENTS = 40
Kind = type[Purse]
ENDS = {"delivered", "claimed", "taken_back", "cancelled"}


def live(kind: Kind, world: World, bench: Bench, steps: int, seed: int) -> Counter[str]:
    """One prescription's life of so many steps; how they came out."""
    chance, purse, came = random.Random(seed), kind.of(world, bench), Counter[str]()
    told: list[str] = []
    for _ in range(steps):
        likely = STEPS.get(purse.status) or ANY_TIME
        name = chance.choice(likely if chance.random() < 0.7 else ANY_TIME)
        dies = chance.randint(1, STATEMENTS) if chance.randrange(DIES_OF) == 0 else 0
        outcome = purse.take(name, chance.randrange(2**16), dies)
        told.append(f"{name} {outcome}")
        came.update([outcome, told[-1]])
        assert purse.faults() == [], (seed, told)
    purse.come_to_an_end()
    came[f"ended {purse.status}"] += 1
    assert ended(purse) == [], (seed, told)
    return came


def ended(purse: Purse) -> list[str]:
    """What is not as it has to be once everything has come to rest."""
    found = [*purse.faults(), *purse.left_at_the_fund()]
    if purse.status not in ENDS:
        found.append(f"it is {purse.status}")
    posted = moneybooks.posted(purse.bills)
    for account in (
        accounts.patient(purse.patient_id),
        accounts.REFUNDS_DUE,
        accounts.REFUNDS_FAILED,
    ):
        if posted[account]:
            found.append(f"{posted[account]} fen are left at {account}")
    bill = Bill.objects.filter(purse.bills).exclude(state=Bill.State.VOID).first()
    pays = queries.reckoned(bill).patient_fen if bill else 0
    if not posted[accounts.WECHAT] == purse.at_wechat() == pays:
        found.append(f"{posted[accounts.WECHAT]} posted, {purse.at_wechat()} paid of {pays}")
    return found


def lives(kind: Kind, world: World, bench: Bench, many: int, steps: int) -> Counter[str]:
    seed = int(os.environ.get("RX_SEED", "2026"))
    came = Counter[str]()
    for number in range(many):
        came += live(kind, world, bench, steps, seed + number)
    return came


def test_c1_any_money_balances(world, bench):
    """C1, C2, C4, I15, I16: a slice of what the slow test does."""
    came = lives(Purse, world, bench, 4, steps=30)

    assert came["died"] > 3
    assert came["done"] > 40


def test_c1_any_money_of_a_fund_at_payment_balances(world, bench):
    """C1, C2, C4, I15, I16: two parts, two letters, a fund that may refuse."""
    came = lives(InsuredPurse, world, bench, 1, steps=40)

    assert came["done"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Purse, InsuredPurse])
def test_c1_any_money_balances_in_many_lives(world, bench, kind):
    """C1, C2, C4, I15, I16: every kind of step, of which a third dies."""
    came = lives(kind, world, bench, int(os.environ.get("RX_COUNT", "30")), steps=60)

    done = {name.split()[0] for name in came if name.endswith(" done")}
    assert done >= {"authorize", "pay", "hear", "ask", "refund", "give", "deliver", "decide"}
    assert came["died"] > 20
