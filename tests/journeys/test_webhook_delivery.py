"""Webhooks over real HTTP: at least once, in order per prescription, whatever the receiver does."""

import socket
import ssl
import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.utils import timezone
from nacl.public import PrivateKey

from config.celery import WEBHOOKS, app
from hospital import boxes
from hospital.client import Problem
from hospital.feeds import actions, forgetting, numbering, sending
from hospital.feeds.models import Delivery, Endpoint
from hospital.gateways import exchange
from hospital.roles import Role
from tests.feeding import ENDPOINTS, FEED, a_pharmacy_with, a_subject, send, silence, told, whole
from tests.journeys import reading
from tests.journeys.watching import at_once
from tests.receiving import receiving, registered
from tests.world import a_member

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
QUICK = exchange.Patience(wall_s=1.0, attempts=1, max_bytes=16 * 1024)


@pytest.fixture(autouse=True)
def local(world, monkeypatch):
    """Endpoints on this machine, a short patience, and nothing left of other tests."""
    silence()
    monkeypatch.setattr(sending, "PATIENCE", QUICK)
    with override_settings(FEEDS_LOCAL=True):
        yield
    silence()


@pytest.fixture
def receiver(local):
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def pharmacy(local):
    return a_pharmacy_with()


def state(by, made):
    return by.get(f"{ENDPOINTS}/{made['id']}")


def rows(made):
    return Delivery.objects.filter(endpoint_id=made["id"]).order_by("sequence")


def taken(at) -> sending.Taken:
    found = sending.take(at=at)
    assert found is not None
    return found


def outcomes(made):
    return [one.outcome for one in rows(made)]


# --- the straight way ----------------------------------------------------------------------------


def test_a_system_is_told_what_the_feed_tells(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1, 2)
    assert send() == 2
    assert [says["data"] for _, says in receiver.got] == [
        {"organisation": of.slug, **one} for one in whole(client)
    ]
    assert {says["type"] for _, says in receiver.got} == {"insurance.pay"}
    assert outcomes(made) == ["acknowledged"] * 2
    assert receiver.refused == 0


def test_nothing_personal_is_in_address_or_headers(receiver, pharmacy):
    """P1"""
    of, client = pharmacy
    registered(receiver, client)
    told(of, a_subject(), 1)
    send()
    (headers,) = receiver.headers
    assert set(headers) <= {
        *("host", "accept", "accept-encoding", "connection", "user-agent"),
        *("webhook-id", "webhook-timestamp", "webhook-signature"),
    }


def test_only_wanted_kinds_are_told(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client, kinds=["pharmacy.dispense"])
    told(of, a_subject(), 1)
    assert (send(), receiver.got) == (0, [])
    assert state(client, made)["position"] == whole(client)[-1]["cursor"]


def test_a_test_is_sent_and_its_result_seen(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    for _ in range(2):
        client.write(f"{ENDPOINTS}/{made['id']}/test", {})
    assert state(client, made)["test"]["outcome"] == ""
    assert send() == 1
    ((_, says),) = receiver.got
    assert (says["type"], says["data"]) == ("feed.test", {"organisation": of.slug})
    assert state(client, made)["test"]["answered"] == 204


def test_other_organisations_endpoints_are_unknown(receiver, pharmacy):
    """Z1: as if there were none."""
    _, client = pharmacy
    made = registered(receiver, client)
    _, foreign = a_pharmacy_with()
    assert foreign.get(ENDPOINTS) == {"endpoints": []}
    for read in ("", "/failures"):
        with pytest.raises(Problem, match=r"feed\.unknown_endpoint"):
            foreign.get(f"{ENDPOINTS}/{made['id']}{read}")
    for write in ("key", "replay", "test", "remove"):
        with pytest.raises(Problem, match=r"feed\.unknown_endpoint"):
            foreign.write(f"{ENDPOINTS}/{made['id']}/{write}", {})


def test_a_foreign_systems_messages_are_not_ours(receiver, pharmacy):
    """Each endpoint has a key of its own: what is for one passes at no other."""
    (one, first), (_, second) = pharmacy, a_pharmacy_with()
    registered(receiver, first)
    receiver.keys = second.write(ENDPOINTS, {"url": f"{receiver.url}/other"})["keys"]
    told(one, a_subject(), 1)
    send()
    assert (receiver.got, receiver.refused) == ([], 1)


def test_five_endpoints_are_the_most_even_at_once(receiver, pharmacy):
    of, client = pharmacy
    results = at_once(
        *[lambda n=n: client.write(ENDPOINTS, {"url": f"{receiver.url}/n{n}"}) for n in range(8)]
    )
    refused = [one for one in results if isinstance(one, Problem)]
    assert {one.code for one in refused} == {"feed.too_many_endpoints"}
    assert Endpoint.objects.filter(organisation=of).count() == actions.MOST_ENDPOINTS


# --- order and crashes ---------------------------------------------------------------------------


def test_one_that_fails_holds_up_its_prescription_and_no_other(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    bad, good = a_subject(), a_subject()
    receiver.manners = {bad: [500, 204]}
    told(of, bad, 1, 2, 3)
    told(of, good, 1, 2)
    send()
    assert dict(receiver.told) == {bad: [1], good: [1, 2]}
    send(timezone.now() + 6 * SECOND)
    assert receiver.told[bad] == [1, 1, 2, 3]
    assert set(outcomes(made)) == {"acknowledged"}


def test_two_senders_keep_the_order_of_each_prescription(receiver, pharmacy):
    """F3: whoever sends; some answers fail, and are repeated."""
    of, client = pharmacy
    made = registered(receiver, client)
    subjects = [a_subject() for _ in range(5)]
    receiver.manners = {one: [204, 500, 204, 503] for one in subjects}
    for one in subjects:
        told(of, one, *range(1, 7))
    for later in range(6):
        at_once(*[lambda later=later: send(timezone.now() + later * 6 * SECOND)] * 3)
        rows(made).filter(due_at__isnull=False).update(due_at=timezone.now())
    for one in subjects:
        arrived = receiver.told[one]
        assert sorted(set(arrived)) == [1, 2, 3, 4, 5, 6]
        assert arrived == sorted(arrived)
    assert set(outcomes(made)) == {"acknowledged"}


def test_the_next_one_waits_while_the_former_is_on_its_way(receiver, pharmacy, monkeypatch):
    of, client = pharmacy
    registered(receiver, client)
    told(of, a_subject(), 1, 2)
    receiver.free.clear()
    monkeypatch.setattr(sending, "PATIENCE", exchange.Patience(wall_s=10, attempts=1))
    thread = threading.Thread(target=at_once, args=(send,))
    thread.start()
    assert receiver.came.wait(10)
    assert send() == 0
    receiver.free.set()
    thread.join()
    assert [says["data"]["version"] for _, says in receiver.got] == [1, 2]


def test_a_sender_that_dies_after_sending_sends_it_again_with_the_same_id(
    receiver, pharmacy, monkeypatch
):
    """F3, I8: sent, not marked; receivers know it again by its id. Nothing later comes before."""
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "settle", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send()
    assert send() == 0
    assert send(timezone.now() + sending.LEASE) == 2
    assert [says["data"]["version"] for _, says in receiver.got] == [1, 1, 2]
    first, again, second = [message for message, _ in receiver.got]
    assert first == again != second
    assert set(outcomes(made)) == {"acknowledged"}


def test_a_sender_that_comes_too_late_changes_nothing(receiver, pharmacy):
    """Its lease was over, another has taken it, and its own answer counts for nothing."""
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1)
    now = timezone.now()
    slow, other = taken(now), taken(now + sending.LEASE)
    assert slow.message == other.message
    sending.settle(slow, sending.Result(204), at=now)
    assert outcomes(made) == [""]
    sending.settle(other, sending.Result(204), at=now)
    assert outcomes(made) == ["acknowledged"]


def test_the_database_lets_no_two_of_a_prescription_go(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1, 2)
    second = rows(made).filter(sequence=2)
    with pytest.raises(IntegrityError, match="one_of_a_subject_under_way"), transaction.atomic():
        second.update(due_at=timezone.now())


def test_what_comes_in_while_one_is_settled_is_not_forgotten(receiver, pharmacy):
    """The endpoint's row orders the two: the new one is due, or is made due."""
    of, client = pharmacy
    made = registered(receiver, client)
    one = a_subject()
    for version in range(1, 9):
        at_once(partial(told, of, one, version), send)
    numbering.number_all(at=timezone.now())
    send()
    assert receiver.told[one] == list(range(1, 9))
    assert set(outcomes(made)) == {"acknowledged"}


def test_a_broker_that_loses_everything_loses_nothing(receiver, pharmacy):
    """F4: what is due stands in the database, and a later wake-up finds it."""
    of, client = pharmacy
    registered(receiver, client)
    told(of, a_subject(), 1)
    assert send(timezone.now() + DAY) == 1


# --- receivers that fail -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manner", "answered", "fault"),
    [
        (500, 500, ""),
        (404, 404, ""),
        (304, None, "unusable_answer"),
        ("redirect", None, "unusable_answer"),
        ("huge", None, "unusable_answer"),
        ("drip", None, "no_answer"),
    ],
)
def test_whatever_a_receiver_answers_is_bounded_and_tried_again(
    receiver, pharmacy, manner, answered, fault
):
    """F9, D7: nothing but 2xx counts, no redirect is followed, no answer fills the memory."""
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1)
    receiver.manners = {"": [manner]}
    assert send() == 1
    (row,) = rows(made)
    assert (row.answered, row.fault, row.outcome, row.tries) == (answered, fault, "", 1)
    assert len(receiver.got) == 1
    assert send() == 0
    assert send(timezone.now() + 31 * SECOND) == 1
    assert outcomes(made) == ["acknowledged"]


def test_who_hangs_keeps_no_sender_from_others(receiver, pharmacy):
    """Without an answer an endpoint rests; what is due elsewhere goes on."""
    of, client = pharmacy
    made = registered(receiver, client)
    for _ in range(3):
        told(of, a_subject(), 1)
    receiver.manners = {"": "drip"}
    with receiving() as better:
        other, second = a_pharmacy_with()
        registered(better, second)
        told(other, a_subject(), 1)
        assert send() == 2
        assert (len(receiver.got), len(better.got)) == (1, 1)
    assert state(client, made)["failing_since"] is not None


def test_webhooks_have_a_worker_of_their_own():
    """A receiver that hangs keeps no task of the ledger waiting."""
    app.loader.import_default_modules()
    queues = {task: app.amqp.router.route({}, task)["queue"].name for task in app.tasks}
    assert {task for task, queue in queues.items() if queue == WEBHOOKS} == {"feeds.send_due"}


def test_who_has_too_much_is_left_alone_as_long_as_was_asked(receiver, pharmacy):
    """429 with Retry-After, an hour at most."""
    of, client = pharmacy
    registered(receiver, client)
    told(of, a_subject(), 1)
    told(of, a_subject(), 1)
    receiver.manners = {"": ["busy"]}
    now = timezone.now()
    assert send(now) == 1
    assert send(now + 599 * SECOND) == 0
    assert send(now + 600 * SECOND) == 2


def test_each_pause_is_as_written_and_a_share_more():
    for tries, usual in enumerate(sending.PAUSES, start=1):
        for number in range(50):
            drawn = sending.pause(Delivery(pk=number, tries=tries))
            assert usual <= drawn <= usual * 1.1
            assert drawn == sending.pause(Delivery(pk=number, tries=tries))
    assert len({sending.pause(Delivery(pk=number, tries=1)) for number in range(50)}) > 30
    assert sum(sending.PAUSES, timedelta(0)) * 1.1 < sending.STOPPED_AFTER


def test_after_the_last_try_the_next_one_has_its_turn(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    one = a_subject()
    told(of, one, 1, 2)
    receiver.without_clock, receiver.manners = True, {one: [500] * 10}
    now = timezone.now()
    for tried in range(9):
        assert send(now) == 1, tried
        now += sending.PAUSES[tried] * 1.1
    send(now)
    assert receiver.told[one] == [1] * 10 + [2]
    assert outcomes(made) == ["given_up", "acknowledged"]
    failed = client.get(f"{ENDPOINTS}/{made['id']}/failures")
    (failure,) = failed["failures"]
    assert (failure["version"], failure["answered"], failure["tries"]) == (1, 500, 10)
    again = client.get(f"{ENDPOINTS}/{made['id']}/failures", cursor=failed["next"])
    assert again["failures"] == []


def test_an_endpoint_that_is_gone_is_left_alone_until_it_is_replayed(receiver, pharmacy):
    """410: nothing more is sent there, and nothing is lost."""
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1, 2)
    receiver.manners = {"": [410]}
    send()
    assert outcomes(made) == ["stopped", "stopped"]
    shown = state(client, made)
    assert (shown["state"], shown["reason"], shown["waiting"]) == ("disabled", "gone", 0)
    told(of, a_subject(), 1)
    assert send(timezone.now() + DAY) == 0
    with pytest.raises(Problem, match=r"feed\.endpoint_disabled"):
        client.write(f"{ENDPOINTS}/{made['id']}/test", {})
    back = client.write(f"{ENDPOINTS}/{made['id']}/replay", {"cursor": made["position"]})
    assert (back["state"], back["reason"]) == ("active", "")
    numbering.number_all(at=timezone.now())
    assert send() == 3
    assert set(outcomes(made)) == {"acknowledged"}


def test_days_without_a_success_end_it(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    receiver.without_clock, receiver.manners = True, {"": 500}
    told(of, a_subject(), 1)
    now = timezone.now()
    assert send(now) == 1
    told(of, a_subject(), 1, at=now + sending.STOPPED_AFTER - SECOND)
    send(now + sending.STOPPED_AFTER - SECOND)
    assert state(client, made)["state"] == "active"
    told(of, a_subject(), 1, at=now + sending.STOPPED_AFTER)
    send(now + sending.STOPPED_AFTER)
    assert state(client, made)["reason"] == "failing"
    assert set(outcomes(made)) == {"stopped"}


def test_one_success_and_it_is_not_failing(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    receiver.manners = {"": [500, 204]}
    told(of, a_subject(), 1)
    send()
    assert state(client, made)["failing_since"]
    send(timezone.now() + 6 * SECOND)
    assert state(client, made)["failing_since"] is None


# --- replay, keys, boxes, retention ---------------------------------------------------------------


def test_a_replay_sends_all_again_in_order_with_the_same_ids(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    one, other = a_subject(), a_subject()
    told(of, one, 1, 2)
    told(of, other, 1)
    send()
    first = {(message, says["data"]["cursor"]) for message, says in receiver.got}
    receiver.got.clear()
    client.write(f"{ENDPOINTS}/{made['id']}/replay", {})
    numbering.number_all(at=timezone.now())
    assert send() == 3
    assert {(message, says["data"]["cursor"]) for message, says in receiver.got} == first
    assert dict(receiver.told) == {one: [1, 2], other: [1]}
    receiver.got.clear()
    client.write(f"{ENDPOINTS}/{made['id']}/replay", {"cursor": whole(client)[1]["cursor"]})
    numbering.number_all(at=timezone.now())
    send()
    assert dict(receiver.told) == {other: [1]}


def test_a_replay_while_one_is_on_its_way_counts_anew(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1, 2)
    in_hand = taken(timezone.now())
    client.write(f"{ENDPOINTS}/{made['id']}/replay", {})
    numbering.number_all(at=timezone.now())
    sending.settle(in_hand, sending.Result(204), at=timezone.now())
    assert outcomes(made) == ["", ""]
    send()
    assert [says["data"]["version"] for _, says in receiver.got] == [1, 2]


def test_a_replay_begins_at_no_foreign_cursor(receiver, pharmacy):
    """Z1"""
    _, client = pharmacy
    made = registered(receiver, client)
    foreign = a_pharmacy_with()[1].get(FEED)["next"]
    with pytest.raises(Problem, match=r"page\.bad_cursor"):
        client.write(f"{ENDPOINTS}/{made['id']}/replay", {"cursor": foreign})


def test_more_than_the_window_waits_in_the_feed(receiver, pharmacy, monkeypatch):
    monkeypatch.setattr(numbering, "WINDOW", 3)
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), *range(1, 8))
    assert state(client, made)["waiting"] == 3
    for _ in range(3):
        send()
        numbering.number_all(at=timezone.now())
    assert [says["data"]["version"] for _, says in receiver.got] == list(range(1, 8))


def test_a_new_key_signs_beside_the_old_one_for_a_day(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    renewed = client.write(f"{ENDPOINTS}/{made['id']}/key", {})
    assert renewed["keys"][1:] == made["keys"]
    for keys in (made["keys"], renewed["keys"][:1]):
        receiver.keys = keys
        told(of, a_subject(), 1)
        send()
    assert receiver.refused == 0
    endpoint = Endpoint.objects.get(id=made["id"])
    before, after = (timezone.now() + actions.OVERLAP + one for one in (-HOUR, HOUR))
    assert len(sending.signing_seeds(endpoint, before)) == 2
    assert len(sending.signing_seeds(endpoint, after)) == 1
    assert "seed" not in str(state(client, made))


def test_an_organisation_with_a_reading_key_is_told_in_boxes(receiver, pharmacy):
    """Decision 0042; and while that key is revoked, nothing at all."""
    of, client = pharmacy
    made = registered(receiver, client)
    second, key = a_member(Role.PHARMACIST, of), PrivateKey.generate()
    reading.in_force(key, client, second)
    client.reading_keys.append(key)
    one = a_subject()
    told(of, one, 1)
    send()
    (body,) = receiver.bodies
    assert one.encode() not in body
    assert reading.is_box(body)
    says = boxes.opened(receiver.got[0][1], [key])
    assert says["data"]["subject"] == one
    assert [item["version"] for item in whole(client)] == [1]
    client.command(f"{reading.ONE}/revoke")
    told(of, a_subject(), 1)
    assert send() == 1
    assert len(receiver.bodies) == 1
    assert [row.fault for row in rows(made)] == ["", "no_reading_key"]


def test_what_is_forgotten_takes_its_deliveries_along(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    now = timezone.now()
    told(of, a_subject(), 1, at=now - 2 * forgetting.KEPT)
    send()
    forgetting.forget_old(at=now)
    assert rows(made).count() == 0
    with pytest.raises(Problem, match=r"feed\.forgotten"):
        client.write(f"{ENDPOINTS}/{made['id']}/replay", {"cursor": made["position"]})


def test_a_removed_endpoint_is_told_nothing(receiver, pharmacy):
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1)
    client.write(f"{ENDPOINTS}/{made['id']}/remove", {})
    assert (send(), client.get(ENDPOINTS)) == (0, {"endpoints": []})


# --- where it goes -------------------------------------------------------------------------------


def test_an_endpoint_that_has_become_ours_is_not_called(receiver, pharmacy):
    """D7: registered where it was lawful; the settings, or the name's address, are others now."""
    of, client = pharmacy
    made = registered(receiver, client)
    told(of, a_subject(), 1)
    with override_settings(FEEDS_LOCAL=False):
        send()
    assert receiver.bodies == []
    assert [row.fault for row in rows(made)] == ["address"]


def test_a_name_that_is_rebound_is_asked_once(receiver, pharmacy, monkeypatch):
    """D7: what was checked is what is called; a second answer of the name server reaches nobody."""
    of, client = pharmacy
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    called = []

    def getaddrinfo(host, port, **_):
        return [(2, 1, 6, "", (one, port)) for one in answers.pop(0)]

    def ask(method, url, *, address, **_):
        called.append((url, address))
        return exchange.Answer(204, {}, b"")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(exchange, "ask", ask)
    with override_settings(FEEDS_LOCAL=False):
        client.write(ENDPOINTS, {"url": "https://hooks.example.cn/rx"})
        told(of, a_subject(), 1)
        send()
        assert called == [("https://hooks.example.cn/rx", "93.184.215.14")]
        told(of, a_subject(), 1)
        send()
    assert len(called) == 1


def test_the_connection_goes_to_the_address_and_the_host_stays(receiver):
    """The name is one that leads nowhere: nobody has looked it up."""
    port = receiver.url.rpartition(":")[2]
    exchange.ask(*("POST", f"http://nowhere.invalid:{port}/x"), patience=QUICK, address="127.0.0.1")
    assert receiver.headers[0]["host"] == f"nowhere.invalid:{port}"


def test_the_certificate_must_be_the_names(receiver, monkeypatch):
    """TLS is asked for by the name, not by the address that it is called at."""
    asked = []
    wrap = ssl.SSLContext.wrap_bio

    def noted(self, *given, **named):
        asked.append(named["server_hostname"])
        return wrap(self, *given, **named)

    monkeypatch.setattr(ssl.SSLContext, "wrap_bio", noted)
    port = receiver.url.rpartition(":")[2]
    with pytest.raises(exchange.Busy):
        exchange.ask(
            *("POST", f"https://nowhere.invalid:{port}/x"), patience=QUICK, address="127.0.0.1"
        )
    assert [one.decode() for one in asked] == ["nowhere.invalid"]
