"""A feed tells an organisation what happened to what concerns it, once, in order, and no more."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hospital.client import Problem
from hospital.feeds import cursors, forgetting, numbering, publishing, queries
from hospital.feeds.kinds import Kind
from hospital.feeds.models import Endpoint, Feed, Item
from hospital.models import Organisation
from ledger import queries as ledger
from prescriptions import concern, lifecycle
from prescriptions.models import CHOSEN
from tests.feeding import (
    FEED,
    a_pharmacy_with,
    a_subject,
    an_entry,
    end,
    numbers,
    tell,
    told,
    versions,
    wake,
    whole,
)
from tests.journeys import writes
from tests.journeys.watching import at_once, raw, subject

FIELDS = {"cursor", "subject", "version", "kind", "move", "state", "leaf", "at"}


def since(by, cursor, rx):
    """The moves of one prescription in the caller's feed."""
    wake()
    return [one["move"] for one in whole(by, cursor) if one["subject"] == subject(rx)]


# --- who is told what ----------------------------------------------------------------------------


def test_a_pharmacy_is_told_from_the_authorization_on(world, patient):
    """And the courier company from the moment when there is something to carry."""
    at_pharmacy, at_courier = end(world.pharmacist), end(world.courier)
    ready = writes.hand_over(world, patient)
    ready.by.write(ready.path, ready.body)
    assert since(world.pharmacist, at_pharmacy, ready.rx) == [
        *("authorize", "pay", "dispense", "ship", "hand_over")
    ]
    assert since(world.courier, at_courier, ready.rx) == ["dispense", "ship", "hand_over"]


def test_every_kind_that_concerns_an_organisation_can_be_asked_for():
    moves = {
        move.kind
        for move in lifecycle.MOVES
        if {*move.sources, move.target} & {*CHOSEN, *concern.TO_CARRY}
    }
    assert moves | {
        "settlement.due",
        "insurance.settle",
        "insurance.remit",
        "insurance.clawback",
    } == {kind.value for kind in Kind}


def test_after_a_withdrawal_a_pharmacy_is_told_nothing_more(world, patient):
    before = end(world.pharmacist)
    ready = writes.withdraw(world, patient)
    ready.by.write(ready.path, ready.body)
    world.doctor.command(writes.of(ready.rx, "cancel"), {"reason": "patient_request"})
    assert since(world.pharmacist, before, ready.rx) == ["authorize", "pay", "withdraw"]


@pytest.mark.parametrize("name", ["cancel", "extend", "change", "keep", "ask_change"])
def test_what_others_do_meanwhile_is_told(world, patient, name):
    """As far as a pharmacy had been chosen when it happened."""
    before = end(world.pharmacist)
    ready = getattr(writes, name)(world, patient)
    chosen = bool(since(world.pharmacist, before, ready.rx))
    ready.by.write(ready.path, ready.body)
    assert (since(world.pharmacist, before, ready.rx)[-1:] == [name]) == chosen


def test_who_settles_and_who_is_paid_are_told(world, patient):
    before, paid = end(world.fund_officer), end(world.pharmacist)
    ready = writes.settle(world, patient)
    ready.by.write(ready.path, ready.body)
    wake()
    *earlier, settled = whole(world.fund_officer, before)
    assert settled["kind"] == "insurance.settle"
    assert {one["subject"] for one in earlier} == {subject(ready.rx)}, "from the delivery on"
    assert settled["subject"].startswith("settlement/")
    assert whole(world.pharmacist, paid)[-1]["leaf"] == settled["leaf"]
    assert {"decide", "claim"} & set(since(world.pharmacist, paid, ready.rx))


def test_another_organisation_is_told_nothing(world, patient):
    """Z1, Z3, Z7"""
    foreign = [world.other_pharmacist, world.other_officer]
    before = [end(one) for one in foreign]
    world.delivered(patient)
    wake()
    assert [whole(one, cursor) for one, cursor in zip(foreign, before, strict=True)] == [[], []]


def test_an_item_says_nothing_of_a_person(world, patient):
    """P1, Z4: what the public ledger says of the same entry, and less."""
    before = end(world.pharmacist)
    rx = world.delivered(patient)
    wake()
    items = [one for one in whole(world.pharmacist, before) if one["subject"] == subject(rx)]
    entries = {one.version: one for one in ledger.entries_about(subject(rx))}
    for item in items:
        entry = entries[item["version"]]
        assert set(item) == FIELDS
        assert (item["leaf"], item["kind"]) == (entry.leaf.hex(), entry.kind)
    text = json.dumps(items, ensure_ascii=False)
    for secret in (patient.id_number, "测试患者", patient.account, patient.openid, "J06"):
        assert secret not in text


def test_a_change_that_fails_is_not_told(world, patient):
    """F5, L8: the item is rolled back with the entry."""
    pharmacy, client = a_pharmacy_with()
    with transaction.atomic():
        publishing.publish({pharmacy.id}, an_entry(a_subject(), 1), kind="a.b", move="", state="")
        transaction.set_rollback(True)
    wake()
    assert whole(client) == []
    with pytest.raises(publishing.PublishedOutsideTransaction):
        publishing.publish({pharmacy.id}, an_entry(a_subject(), 1), kind="a.b", move="", state="")


def test_a_patient_who_has_left_stays_a_number(world):
    """P6: a feed holds nothing that erasing would have to take away."""
    patient = world.a_patient()
    before = end(world.pharmacist)
    rx = world.delivered(patient)
    wake()
    kept = whole(world.pharmacist, before)
    patient.client.enter_with_key()
    patient.client.command("/api/me/erasure")
    assert whole(world.pharmacist, before)[: len(kept)] == kept
    assert subject(rx) in {one["subject"] for one in kept}


# --- order, and what is committed late ------------------------------------------------------------


def test_a_cursor_never_skips_what_is_committed_late(world):
    """An early id, a late commit: whoever went by ids would never be told of the first."""
    pharmacy, client = a_pharmacy_with()
    late, early = a_subject(), a_subject()
    inserted, may_commit = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            said = {"kind": "a.b", "move": "m", "state": "s"}
            publishing.publish({pharmacy.id}, an_entry(late, 1), **said)
            inserted.set()
            may_commit.wait(10)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    inserted.wait(10)
    told(pharmacy, early, 1)
    page = client.get(FEED)
    may_commit.set()
    thread.join()
    wake()
    ids = dict(Item.objects.filter(organisation=pharmacy).values_list("subject", "id"))
    assert ids[late] < ids[early]
    assert versions(page["items"]) == [(early, 1)]
    assert versions(whole(client, page["next"])) == [(late, 1)]


def test_many_who_number_at_once_leave_no_gap_and_no_double(world):
    pharmacy, client = a_pharmacy_with()
    subjects = [a_subject() for _ in range(6)]
    writers = [lambda one=one: tell(pharmacy, one, *range(1, 6)) for one in subjects]
    at_once(*writers, *[lambda: [numbering.number(pharmacy.id) for _ in range(10)]] * 3)
    wake()
    assert numbers(pharmacy) == list(range(1, 31))
    found = versions(whole(client, size=7))
    for one in subjects:
        assert [number for name, number in found if name == one] == [1, 2, 3, 4, 5]


def test_a_numberer_that_dies_leaves_nothing(world, monkeypatch):
    """F3: the numbers and how far they go commit together."""
    pharmacy, _ = a_pharmacy_with()
    tell(pharmacy, a_subject(), 1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(Feed, "save", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            numbering.number(pharmacy.id)
    assert numbers(pharmacy) == [None, None]
    wake()
    assert numbers(pharmacy) == [1, 2]


# --- pages ---------------------------------------------------------------------------------------


def test_a_feed_is_read_again_from_any_cursor(world):
    pharmacy, client = a_pharmacy_with()
    told(pharmacy, a_subject(), *range(1, 8))
    everything = whole(client)
    for at, item in enumerate(everything):
        assert whole(client, item["cursor"], size=3) == everything[at + 1 :]
    page = client.get(FEED, cursor=everything[-1]["cursor"])
    assert (page["items"], page["next"], page["more"]) == ([], everything[-1]["cursor"], False)


def test_an_empty_feed_has_a_cursor_to_go_on_from(world):
    pharmacy, client = a_pharmacy_with()
    page = client.get(FEED)
    assert (page["items"], page["more"]) == ([], False)
    told(pharmacy, a_subject(), 1)
    assert len(whole(client, page["next"])) == 1


@pytest.mark.parametrize(
    "cursor",
    [
        *(
            "",
            "0",
            "-",
            "x",
            "1-",
            "-1-00",
            "\x00",
            "\u0663-aa",
            "1" * 5_000,
            "ffffffffffffffffff-0",
        ),
        *("1_0-0000000000000000", " 1-0000000000000000", "1-0000000000000000\n", "NaN", "9e999"),
    ],
)
def test_what_no_page_gave_is_no_cursor(world, cursor):
    """D4, D3"""
    _, client = a_pharmacy_with()
    answer = client.http.get(
        FEED, params={"cursor": cursor}, headers={"Authorization": f"Bearer {client.token}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "page.bad_cursor")


@pytest.mark.parametrize("size", ["0", "51", "1000000", "-1", "x", "1e1"])
def test_a_page_has_a_most(world, size):
    """D3"""
    _, client = a_pharmacy_with()
    with pytest.raises(Problem, match=r"page\.bad_size"):
        client.get(FEED, size=size)


def test_anothers_cursor_is_none(world):
    """Z1, Z7: not even how far another's feed is can be learnt."""
    pharmacy, client = a_pharmacy_with()
    _, foreign = a_pharmacy_with()
    told(pharmacy, a_subject(), 1)
    cursor = whole(client)[0]["cursor"]
    with pytest.raises(Problem, match=r"page\.bad_cursor"):
        foreign.get(FEED, cursor=cursor)


def test_a_page_costs_what_it_holds(world):
    """Two queries whatever there is, by the index, and never the table."""
    pharmacy, _ = a_pharmacy_with()
    told(pharmacy, a_subject(), *range(1, 61))
    costs = []
    for after, size in ((None, 5), (0, 50), (55, 50)):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            queries.page(pharmacy.id, after, size)
        costs.append(len(asked))
    assert costs == [2, 2, 2]
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {asked.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "fed_in_one_place" in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan


# --- how long ------------------------------------------------------------------------------------


def test_what_is_forgotten_is_gone_and_said_to_be(world):
    pharmacy, client = a_pharmacy_with()
    now = timezone.now()
    long_ago = now - forgetting.KEPT
    told(pharmacy, a_subject(), 1, 2, at=long_ago - timedelta(microseconds=1))
    told(pharmacy, a_subject(), 1, at=long_ago)
    first, second, third = whole(client)
    beginning = cursors.cursor(pharmacy.id, 0)
    forgetting.forget_old(at=now)
    assert whole(client) == [third]
    assert whole(client, second["cursor"]) == [third]
    for gone in (beginning, first["cursor"]):
        answer = raw(client, "GET", f"{FEED}?cursor={gone}")
        assert (answer.status_code, answer.json()["code"]) == (410, "feed.forgotten")


def test_what_is_young_keeps_what_comes_behind_it(world):
    """A feed is forgotten from its beginning on, so that no page has a hole."""
    pharmacy, client = a_pharmacy_with()
    now = timezone.now()
    told(pharmacy, a_subject(), 1, at=now)
    told(pharmacy, a_subject(), 1, at=now - 2 * forgetting.KEPT)
    forgetting.forget_old(at=now)
    assert len(whole(client)) == 2


def test_a_page_that_is_forgotten_while_it_is_read_is_not_shown(world, monkeypatch):
    """The rows are read first: what was lost between is a 410 and no silent gap."""
    pharmacy, _ = a_pharmacy_with()
    now = timezone.now()
    told(pharmacy, a_subject(), 1, 2, at=now - 2 * forgetting.KEPT)
    told(pharmacy, a_subject(), 1, at=now)
    checked = queries.check_kept

    def late(*asked):
        forgetting.forget_old(at=now)
        return checked(*asked)

    monkeypatch.setattr(queries, "check_kept", late)
    with pytest.raises(queries.Forgotten):
        queries.page(pharmacy.id, 0, 50)


def test_a_feed_that_was_set_back_says_so(world):
    """L12: a cursor from before a restore is ahead of the feed."""
    pharmacy, client = a_pharmacy_with()
    told(pharmacy, a_subject(), 1)
    answer = raw(client, "GET", f"{FEED}?cursor={cursors.cursor(pharmacy.id, 2)}")
    assert (answer.status_code, answer.json()["code"]) == (409, "feed.cursor_ahead")


def test_who_takes_no_part_in_prescriptions_of_others_has_no_feed(world, patient):
    for one in (patient.client, world.doctor, world.reviewer, world.regulator):
        with pytest.raises(Problem, match=r"access\.wrong_role"):
            one.get(FEED)


def test_every_organisation_has_its_own_numbers(world):
    (one, _), (other, _) = a_pharmacy_with(), a_pharmacy_with()
    with transaction.atomic():
        said = {"kind": "a.b", "move": "m", "state": "s"}
        publishing.publish({one.id, other.id}, an_entry(a_subject(), 1), **said)
    wake()
    assert (numbers(one), numbers(other)) == ([1], [1])
    assert Organisation.objects.filter(id__in=[one.id, other.id], feed__last=1).count() == 2
    assert not Endpoint.objects.filter(organisation__in=[one, other]).exists()
