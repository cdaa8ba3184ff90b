"""Counts of those who share: noisy, the same again for nothing, never beyond a privacy budget."""

import pytest

from hospital import sharing
from hospital.client import Problem
from prescriptions.sharing import noise
from prescriptions.sharing.models import Delivery, Offer, PrivacyLoss, Use
from tests.journeys.guarding import refused
from tests.journeys.sharers import (
    GROUP,
    REWARD_FEN,
    approved,
    counting,
    counts,
    records,
    sharers,
    withdraws,
)
from tests.journeys.test_sharing import looks_of
from tests.journeys.watching import at_once, count_entries


@pytest.fixture
def no_noise(monkeypatch):
    """What is counted, without what hides it."""
    monkeypatch.setattr(noise, "discrete_laplace", lambda scale, below: 0)


def an_offer(world, **changes):
    return approved(world, **counting(**changes))


def test_who_shares_is_counted_by_medicine_and_by_diagnosis(world, no_noise):
    offer = an_offer(world)
    sharers(world, offer)
    names = [one.generic_name for one in world.medicines[:2]]
    told = counts(world.researcher, offer)
    assert {name: told["counts"][name] for name in names} == dict.fromkeys(names, GROUP)
    assert len(told["counts"]) == 2
    assert counts(world.researcher, offer, by="diagnosis")["counts"] == {"J": GROUP}
    assert counts(world.researcher, offer, month="2001-01")["counts"] == {}


def test_an_answer_carries_noise(world):
    """Of three times 26 groups at this epsilon, hardly ever all are what they are."""
    offer = an_offer(world)
    sharers(world, offer)
    told = [counts(world.researcher, offer, by="diagnosis", epsilon_milli=n) for n in (10, 20, 30)]
    assert any(one["counts"] != {"J": GROUP} for one in told)


def test_the_same_question_again_gives_the_same_answer_and_costs_nothing(world):
    offer = an_offer(world)
    first, *_ = sharers(world, offer)
    (opt_in,) = first.client.get("/api/me/opt-ins")["opt_ins"]

    told = counts(world.researcher, offer, by="diagnosis")
    entries = count_entries(kind="record.view")
    again = counts(world.researcher, offer, by="diagnosis")

    assert again == told
    assert told["cost_fen"] == GROUP * REWARD_FEN
    assert told["epsilon_left_milli"] == 2_500
    assert count_entries(kind="record.view") == entries
    assert Use.objects.filter(patient__id=first.account).count() == 1
    (look,) = looks_of(opt_in)
    assert look.facts["purpose"] == sharing.Mode.COUNTS.value


def test_an_answer_that_was_not_stored_is_counted_for_nothing_by_another_look(world, monkeypatch):
    """The process died between the commit and the answer."""
    from prescriptions.sharing.actions import counting as action

    offer = an_offer(world)
    first, *_ = sharers(world, offer)
    (opt_in,) = first.client.get("/api/me/opt-ins")["opt_ins"]
    with monkeypatch.context() as patch:
        patch.setattr(action, "_answer", _dies)
        with pytest.raises(Problem, match="500"):
            counts(world.researcher, offer)
    assert Delivery.objects.get(offer__id=offer).answer is None

    told = counts(world.researcher, offer)

    assert told["cost_fen"] == GROUP * REWARD_FEN
    assert Offer.objects.get(id=offer).spent_fen == GROUP * REWARD_FEN
    assert len(looks_of(opt_in)) == 2


def test_no_question_goes_beyond_the_offers_privacy_budget(world):
    """Two questions whose difference would be one patient's cost two epsilons."""
    offer = an_offer(world)
    first, *_ = sharers(world, offer, GROUP + 1)
    (opt_in,) = first.client.get("/api/me/opt-ins")["opt_ins"]
    counts(world.researcher, offer, by="diagnosis", epsilon_milli=1_600)
    withdraws(first, opt_in)
    assert refused(counts, world.researcher, offer, by="diagnosis", epsilon_milli=1_500) == (
        409,
        "offer.epsilon_used_up",
    )
    told = counts(world.researcher, offer, by="diagnosis", epsilon_milli=1_400)
    assert told["epsilon_left_milli"] == 0


def test_no_patient_tells_more_than_the_own_privacy_budget_in_all_offers(world):
    """Who has too little left is not counted, not paid and not looked at."""
    offer = an_offer(world)
    spent, *others = sharers(world, offer, GROUP + 1)
    most = sharing.MOST_LOSS_MILLI
    PrivacyLoss.objects.create(patient_id=spent.account, epsilon_milli=most - 499)

    told = counts(world.researcher, offer, epsilon_milli=500)

    assert told["cost_fen"] == GROUP * REWARD_FEN
    assert not Use.objects.filter(patient__id=spent.account).exists()
    loss = dict(PrivacyLoss.objects.values_list("patient__id", "epsilon_milli"))
    assert {str(key): value for key, value in loss.items() if str(key) == spent.account} == {
        spent.account: most - 499
    }
    for other in others:
        assert PrivacyLoss.objects.get(patient__id=other.account).epsilon_milli == 500


def test_an_offer_of_records_counts_nothing_and_the_other_way_round(world):
    of_records, of_counts = approved(world), an_offer(world)
    wrong = (409, "offer.wrong_mode")
    assert refused(counts, world.researcher, of_records) == wrong
    assert refused(records, world.researcher, of_counts) == wrong


def test_only_offered_fields_are_counted(world):
    offer = an_offer(world, opens=["line/"])
    sharers(world, offer)
    assert refused(counts, world.researcher, offer, by="diagnosis") == (
        422,
        "offer.field_not_offered",
    )


@pytest.mark.parametrize("wrong", [{"month": "2026-13"}, {"by": "name"}, {"epsilon_milli": 0}])
def test_a_question_is_one_of_a_few(world, wrong):
    offer = an_offer(world)
    assert refused(counts, world.researcher, offer, **wrong) == (422, "body.invalid")


def test_the_same_question_at_once_is_paid_once_and_answered_alike(world):
    offer = an_offer(world)
    sharers(world, offer)
    told = at_once(*[lambda: counts(world.researcher, offer, by="diagnosis")] * 2)
    assert told[0] == told[1]
    assert Offer.objects.get(id=offer).spent_fen == GROUP * REWARD_FEN
    assert Offer.objects.get(id=offer).epsilon_spent_milli == 500


def _dies(*_):
    raise OSError("killed")
