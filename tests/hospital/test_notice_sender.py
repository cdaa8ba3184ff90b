"""The sender of subscribe messages, over real HTTP against the simulator."""

import logging
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from hospital import calendar
from hospital.gateways import wechat_notice
from hospital.notices import actions, sending
from hospital.notices.kinds import Kind, topic
from hospital.notices.models import Notice, Subscription
from tests.journeys.watching import at_once
from tests.simulators.server import serving

SEND = "/cgi-bin/message/subscribe/send"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def quiet(world, bench):
    """Nothing else is due, and nothing is left to go wrong."""
    Notice.objects.filter(due_at__isnull=False).update(due_at=None, outcome="failed")
    yield
    bench.tell("behaviour", reset=True)


@pytest.fixture
def told(quiet, patient):
    """A notice that was just told to a patient who has accepted one message."""
    Notice.objects.filter(due_at__isnull=False).update(due_at=None, outcome="failed")
    return tell(patient)


def tell(patient, kind=Kind.APPROVED):
    subject = f"rx/{uuid4().hex}"
    with transaction.atomic():
        actions.tell(UUID(patient.account), kind, subject, 2, at=timezone.now())
    return Notice.objects.get(subject=subject)


def accepts(patient, bench, *, at_wechat=1, here=1, kind=Kind.APPROVED):
    """The taps of the patient, as WeChat counts them and as the phone has told us."""
    template = settings.WECHAT_TEMPLATES[topic(kind)]
    for _ in range(at_wechat):
        bench.tell("accept", openid=patient.openid, template_id=template)
    for _ in range(here):
        answers = [{"template": template, "answer": "accept"}]
        patient.client.write("/api/me/notices/subscriptions", {"answers": answers})


def got(patient, bench):
    answer = httpx.get(f"{bench.url}/simulator/messages/{patient.openid}", trust_env=False)
    return answer.json()["messages"]


def state(notice):
    notice.refresh_from_db()
    return notice.outcome, notice.tries, notice.due_at is not None


def left(patient):
    return sum(
        Subscription.objects.filter(account_id=patient.account).values_list("left", flat=True)
    )


def wake(after=timedelta(0)):
    return sending.send_due(at=timezone.now() + after)


def test_says_the_same_whatever_happened(world, patient, bench, told):
    """P1: to WeChat go the openid, a template, and words that fit any notice."""
    accepts(patient, bench)
    wake()
    (message,) = got(patient, bench)
    assert state(told) == ("sent", 1, False)
    assert set(message) == {"touser", "template_id", "page", "data"}
    assert set(message["data"]) == {"thing1", "time2"}
    assert message["data"]["thing1"]["value"] == sending.TEXT
    assert len(sending.TEXT) <= 20
    assert told.subject.partition("/")[2] not in str(message)
    assert left(patient) == 0


def test_one_accept_is_one_message(world, patient, bench, told):
    other = tell(patient)
    accepts(patient, bench, at_wechat=2, here=1)
    wake()
    assert sorted([state(told)[0], state(other)[0]]) == ["sent", "unsubscribed"]
    assert len(got(patient, bench)) == 1


def test_what_wechat_knows_better_stays_in_the_inbox(world, patient, bench, told):
    """43101: the phone claimed more than was accepted; the count is set right, nothing repeated."""
    accepts(patient, bench, at_wechat=0, here=3)
    wake()
    assert state(told) == ("unsubscribed", 1, False)
    assert left(patient) == 0
    assert wake(MINUTE) == 0


@pytest.mark.parametrize("fault", ["limit", "500", "busy", "garbage", "302"])
def test_backs_off_and_comes_back(world, patient, bench, told, fault):
    """45009, 5xx, -1 and nonsense: not before a minute, and with the accept set aside for it."""
    accepts(patient, bench)
    if fault in ("garbage", "302"):  # these are done before they go wrong
        accepts(patient, bench, here=0)
    bench.tell("behaviour", answer=fault, path=SEND)
    wake()
    assert state(told) == ("", 1, True)
    assert wake() == 0
    assert wake(MINUTE) == 1
    assert state(told) == ("sent", 2, False)


def test_gives_up_after_so_many_tries(world, patient, bench, told):
    accepts(patient, bench)
    bench.tell("behaviour", answer="500", path=SEND, times=100)
    for hour in range(0, 100, 7):
        wake(timedelta(hours=hour))
    assert state(told) == ("failed", len(sending.PAUSES), False)
    assert got(patient, bench) == []


def test_an_outage_costs_one_try_a_wake_up(world, patient, bench, told):
    """The rest is not tried against a wall."""
    other = tell(patient)
    accepts(patient, bench, at_wechat=2, here=2)
    bench.tell("behaviour", answer="500", path=SEND)
    assert wake() == 1
    assert sorted([state(told)[1], state(other)[1]]) == [0, 1]


def test_an_unknown_openid_is_given_up(world, patient, bench, told):
    """40003"""
    accepts(patient, bench)
    bench.tell("behaviour", answer="openid", path=SEND)
    wake()
    assert state(told) == ("no_wechat", 1, False)


def test_an_old_token_is_replaced_once(world, patient, bench, told):
    """42001, and 40001 of a token that has ended: at once, within the same try."""
    accepts(patient, bench)
    bench.tell("behaviour", answer="token", path=SEND)
    wake()
    assert state(told) == ("sent", 1, False)


def test_a_token_that_stays_old_is_asked_for_once(world, patient, bench, told):
    accepts(patient, bench)
    bench.tell("behaviour", answer="token", path=SEND, times=2)
    wake()
    assert state(told) == ("", 1, True)


def test_a_sender_that_dies_before_it_sends_loses_nothing(world, patient, bench, told):
    """F6: after a minute somebody else sends it, under the accept that was set aside."""
    accepts(patient, bench)
    taken = sending.take(at=timezone.now())
    assert taken is not None
    assert taken.notice == told.id
    assert (wake(), left(patient)) == (0, 0)
    assert wake(MINUTE) == 1
    assert (state(told), len(got(patient, bench))) == (("sent", 2, False), 1)


def test_a_sender_that_dies_after_it_sent_sends_again(world, patient, bench, told):
    """F6: at least once; what WeChat has counted as used it refuses, and nothing is lost by it."""
    accepts(patient, bench)
    taken = sending.take(at=timezone.now())
    assert taken is not None
    assert taken.letter is not None
    wechat_notice.client().send(taken.letter)
    wake(MINUTE)
    assert (state(told), len(got(patient, bench))) == (("unsubscribed", 2, False), 1)


def test_who_comes_late_changes_nothing(world, patient, bench, told):
    """A sender that slept through its minute does not undo what the next one has found."""
    accepts(patient, bench)
    late = sending.take(at=timezone.now())
    assert late is not None
    wake(MINUTE)
    sending.settle(late, "failed")
    assert state(told) == ("sent", 2, False)


def test_two_senders_send_once(world, patient, bench, told):
    """R1: each takes what the other does not have, and the accepts are not spent twice."""
    more = [tell(patient) for _ in range(5)]
    accepts(patient, bench, at_wechat=9, here=3)
    at = timezone.now()
    for _ in range(3):
        at_once(*[lambda: sending.send_due(at=at)] * 4)
    outcomes = sorted(state(one)[0] for one in [told, *more])
    assert outcomes == ["sent"] * 3 + ["unsubscribed"] * 3
    assert (len(got(patient, bench)), left(patient)) == (3, 0)


def test_a_day_has_a_limit_but_not_for_thieves(world, patient, bench, told):
    """What is urgent goes out above it; the next legal day begins at Shanghai's midnight."""
    day = calendar.begins(calendar.legal_day(timezone.now()))
    ordinary = [told, *[tell(patient) for _ in range(sending.MOST_A_DAY)]]
    for one in ordinary:
        Notice.objects.filter(id=one.id).update(created_at=day, due_at=day)
    accepts(patient, bench, at_wechat=20, here=20)
    sending.send_due(at=day + MINUTE)
    outcomes = [state(one)[0] for one in ordinary]
    assert (outcomes.count("sent"), outcomes.count("limit")) == (sending.MOST_A_DAY, 1)

    urgent = tell(patient, Kind.KEY_WAITS)
    accepts(patient, bench, kind=Kind.KEY_WAITS)
    Notice.objects.filter(id=urgent.id).update(due_at=day)
    sending.send_due(at=day + MINUTE)
    assert state(urgent)[0] == "sent"

    tomorrow = tell(patient)
    Notice.objects.filter(id=tomorrow.id).update(due_at=day)
    sending.send_due(at=day + timedelta(days=1))
    assert state(tomorrow)[0] == "sent"


def test_without_a_template_the_inbox_is_enough(world, patient, bench, told):
    accepts(patient, bench)
    with override_settings(WECHAT_TEMPLATES={}):
        wake()
    assert (state(told), left(patient)) == (("no_wechat", 0, False), 1)


def test_nothing_personal_is_logged(world, patient, bench, told, caplog):
    """L13"""
    caplog.set_level(logging.DEBUG)
    accepts(patient, bench)
    bench.tell("behaviour", answer="limit", path=SEND)
    wake()
    bench.tell("behaviour", answer="openid", path=SEND)
    wake(MINUTE)
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("hospital"))
    assert "45009" in ours
    for word in (patient.openid, patient.account, told.subject, str(told.id)):
        assert word not in ours
    assert patient.openid not in caplog.text


def test_refused_values_are_our_fault_and_not_repeated(world, patient, bench, told, caplog):
    """47003 and its like: somebody has to look at the settings."""

    def refuses(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        token = environ["PATH_INFO"] == "/cgi-bin/stable_token"
        return [b'{"access_token":"t","expires_in":7200}' if token else b'{"errcode":47003}']

    accepts(patient, bench)
    with serving(refuses) as url, override_settings(WECHAT={**settings.WECHAT, "api_base": url}):
        wake()
    assert state(told) == ("failed", 1, False)
    assert "47003" in caplog.text
