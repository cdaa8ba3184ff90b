"""Rewards reach the patient's WeChat once, whatever answers are lost, late or no."""

from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from insurance.actions import rewarding
from insurance.gateways.wechat_transfer import TransferState
from insurance.models import Transfer
from prescriptions.sharing.models import Use
from tests.journeys.guarding import refused
from tests.journeys.sharers import GROUP, REWARD_FEN, approved, records, sharers
from tests.journeys.watching import at_once, count_entries

PATH = "/v3/fund-app/mch-transfer/"
DAY = timedelta(days=1, minutes=10)


@pytest.fixture
def used(world, wechat_as_it_is):
    """One of the patients whose data were used once, and nobody has paid."""
    _settle_the_others()
    offer = approved(world)
    first, *_ = sharers(world, offer)
    records(world.researcher, offer)
    return first


@pytest.fixture
def wechat_as_it_is(world):
    yield
    world.wechat.post("/simulator/behaviour", json={"reset": True})


def _settle_the_others():
    """What other tests have left due would take this one's turns."""
    unfinished = Transfer.objects.exclude(state__in=["done", "failed"])
    uses = Use.objects.filter(Q(due_at__isnull=False) | Q(transfers__in=unfinished))
    Use.objects.filter(id__in=list(uses.values_list("id", flat=True))).update(
        due_at=timezone.now() + timedelta(days=365)
    )
    unfinished.update(state="failed")


def pays(later=timedelta(0)):
    return rewarding.pay_rewards(at=timezone.now() + later)


def reward(patient):
    (one,) = patient.client.get("/api/me/rewards")["rewards"]
    return one


def at_wechat(world, patient):
    return world.wechat.get(f"/simulator/transfers/{patient.openid}").json()["transfers"]


def confirms(world, patient, **more):
    asked = {**reward(patient)["confirm"], **more}
    return world.wechat.post("/simulator/confirm", json=asked).raise_for_status().json()["state"]


def goes_wrong(world, answer, times=1):
    world.wechat.post(
        "/simulator/behaviour", json={"answer": answer, "path": PATH, "times": times}
    ).raise_for_status()


def test_a_reward_is_earned_sent_confirmed_and_paid(world, used):
    assert reward(used)["state"] == "due"
    pays()
    assert reward(used)["zh"] == "请在微信中确认收款"
    assert confirms(world, used) == "SUCCESS"
    pays(timedelta(minutes=2))
    paid = reward(used)
    assert (paid["state"], paid["zh"], "confirm" in paid) == ("done", "已到账", False)
    (transfer,) = at_wechat(world, used)
    assert (transfer["transfer_amount"], transfer["state"]) == (REWARD_FEN, "SUCCESS")
    notices = [one["kind"] for one in used.client.get("/api/me/notices")["notices"]]
    assert notices.count("reward.waits") == 1


def test_the_institute_reads_what_it_owes_and_what_was_paid(world, used):
    offer = Use.objects.get(patient__id=used.account).delivery.offer_id
    pays()
    confirms(world, used)
    pays(timedelta(minutes=2))
    (owed,) = [
        one
        for one in world.researcher.get("/api/rewards/owed", size=50)["offers"]
        if one["offer"] == str(offer)
    ]
    assert owed["owed_fen"] == GROUP * REWARD_FEN
    assert (owed["uses"], owed["paid_fen"]) == (GROUP, REWARD_FEN)


@pytest.mark.parametrize("fault", ["lost", "500", "garbage", "unsigned", "forged", "429"])
def test_an_answer_that_is_none_is_asked_for_again_and_nothing_is_paid_twice(world, used, fault):
    goes_wrong(world, fault, times=10)
    pays()
    assert reward(used)["state"] == "due"
    world.wechat.post("/simulator/behaviour", json={"reset": True})
    for minute in (1, 2):
        pays(timedelta(minutes=minute))
    assert len(at_wechat(world, used)) == 1
    assert confirms(world, used) == "SUCCESS", "the package of a lost answer is asked for again"
    for minute in (3, 4):
        pays(timedelta(minutes=minute))
    assert reward(used)["state"] == "done"
    assert len(at_wechat(world, used)) == 1


def test_two_workers_at_once_begin_one_transfer(world, used):
    at_once(pays, pays)
    pays(timedelta(minutes=1))
    assert len(at_wechat(world, used)) == 1
    assert Transfer.objects.filter(use__patient__id=used.account).count() == 1


def test_one_that_failed_is_tried_again_a_day_later_under_another_number(world, used):
    pays()
    assert confirms(world, used, refuse=True) == "FAIL"
    pays(timedelta(minutes=2))
    assert reward(used)["state"] == "due"
    pays(timedelta(minutes=4))
    assert len(at_wechat(world, used)) == 1
    pays(DAY)
    first, second = at_wechat(world, used)
    assert {first["state"], second["state"]} == {"FAIL", "WAIT_USER_CONFIRM"}
    assert first["out_bill_no"] != second["out_bill_no"]


def test_what_is_paid_stays_paid_whatever_comes_later(world, used):
    pays()
    confirms(world, used)
    pays(timedelta(minutes=2))
    done = Transfer.objects.get(use__patient__id=used.account)
    stale = TransferState(done.out_bill_no, "1", "FAIL", 0, "")
    rewarding._book(done, stale, timezone.now())
    done.refresh_from_db()
    assert done.state == "done"
    assert Use.objects.get(patient__id=used.account).due_at is None


def test_another_amount_than_was_asked_for_is_not_booked(world, used):
    pays()
    one = Transfer.objects.get(use__patient__id=used.account)
    told = TransferState(one.out_bill_no, "1", "SUCCESS", REWARD_FEN + 1, "")
    rewarding._book(one, told, timezone.now())
    one.refresh_from_db()
    assert one.state == "waiting"


def test_a_reward_writes_no_entry(world, used):
    before = count_entries()
    pays()
    assert count_entries() == before


def test_who_is_owed_a_reward_gets_it_before_everything_is_erased(world, used):
    for rx in used.client.get("/api/prescriptions")["prescriptions"]:
        used.client.command(f"/api/prescriptions/{rx['id']}/cancel", {"reason": "patient_request"})
    assert refused(used.client.command, "/api/me/erasure") == (409, "erasure.unfinished")
    pays()
    used.client.command("/api/me/erasure")


def test_who_has_everything_erased_shares_nothing_any_more(world, used):
    use = Use.objects.select_related("opt_in", "delivery__offer").get(patient__id=used.account)
    for rx in used.client.get("/api/prescriptions")["prescriptions"]:
        used.client.command(f"/api/prescriptions/{rx['id']}/cancel", {"reason": "patient_request"})
    pays()
    used.client.command("/api/me/erasure")
    use.opt_in.refresh_from_db()
    assert (use.opt_in.pseudonym, use.opt_in.withdrawn_at is None) == ("", False)
    assert refused(records, world.researcher, str(use.delivery.offer_id)) == (
        409,
        "offer.too_few",
    )
