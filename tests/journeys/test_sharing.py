"""Patients share for a reward: offered, approved, opted in, used, told, paid, withdrawn."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from hospital import sharing
from hospital.client import Problem
from hospital.models import Organisation
from hospital.roles import OrganisationKind, Role
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.note import parse
from prescriptions.sharing.models import Delivery, Offer, OptIn, Use
from tests.journeys.guarding import appoints, refused
from tests.journeys.sharers import (
    GROUP,
    OFFERS,
    REWARD_FEN,
    approved,
    counting,
    counts,
    offering,
    opts_in,
    published,
    records,
    sharers,
    withdraws,
)
from tests.journeys.test_query_counts import queries_of
from tests.journeys.watching import account, at_once, count_entries, outcomes
from tests.openings import watched
from tests.world import a_member, an_organisation


def looks_of(opt_in):
    """The statements of the looks that rest on it."""
    return [one for one in everybodys_looks() if one.facts.get("basis") == opt_in["subject"]]


def everybodys_looks():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT note FROM ledger_event WHERE kind = 'record.view' ORDER BY id DESC LIMIT 300"
        )
        return [Statement.parse(parse(bytes(note)).text) for (note,) in cursor.fetchall()]


def ask_counts(world, offer):
    return counts(world.researcher, offer)


def offers_of(client):
    found, cursor = [], None
    while True:
        page = client.get(OFFERS, size=50, **({"cursor": cursor} if cursor else {}))
        found += page["offers"]
        if (cursor := page["next"]) is None:
            return {one["id"]: one for one in found}


class TestOffer:
    def test_is_seen_by_patients_once_a_regulator_has_approved_it(self, world, patient):
        offer = published(world)
        assert offer not in offers_of(patient.client)
        assert offer in offers_of(world.regulator)

        world.regulator.command(f"{OFFERS}/{offer}/decide", {"decision": "approve"})

        seen = offers_of(patient.client)[offer]
        assert "药品安全性研究" in seen["zh"]
        assert "诊断、药品" in seen["zh"]
        assert "¥5.00" in seen["zh"]
        assert "budget_fen" not in seen
        assert offer not in offers_of(world.regulator)
        assert offers_of(world.researcher)[offer]["spent_fen"] == 0

    def test_that_was_refused_or_closed_takes_nobody_in(self, world, patient):
        turned_down, shut = published(world), approved(world)
        world.regulator.command(f"{OFFERS}/{turned_down}/decide", {"decision": "refuse"})
        world.researcher.command(f"{OFFERS}/{shut}/close")
        assert not {turned_down, shut} & offers_of(patient.client).keys()
        assert refused(opts_in, patient, turned_down) == (404, "offer.unknown")
        assert refused(opts_in, patient, shut) == (410, "offer.over")

    def test_is_decided_once_and_not_by_who_made_it(self, world):
        offer, decide = published(world), {"decision": "approve"}
        made_by = account(world.researcher).person
        own = a_member(
            Role.REGULATOR,
            Organisation.objects.get(account__id=world.regulator.account),
            person=made_by,
        )
        path = f"{OFFERS}/{offer}/decide"
        assert refused(own.command, path, decide) == (403, "offer.own")
        world.regulator.command(path, decide)
        assert refused(world.regulator.command, path, decide) == (409, "offer.wrong_state")

    def test_is_closed_by_its_institute_alone(self, world):
        offer = approved(world)
        stranger = a_member(Role.RESEARCHER, an_organisation(OrganisationKind.RESEARCH))
        assert refused(stranger.command, f"{OFFERS}/{offer}/close") == (404, "offer.unknown")
        assert refused(records, stranger, offer)[1] == "offer.unknown"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"ethics": "无"}, "offer.bad_ethics"),
            ({"ethics": "KY 2026'; --"}, "offer.bad_ethics"),
            ({"budget_fen": GROUP * REWARD_FEN - 1}, "offer.wrong_budget"),
            ({"epsilon_milli": 1}, "offer.wrong_budget"),
            ({"mode": sharing.Mode.COUNTS.value}, "offer.wrong_budget"),
            ({"until": "2020-01-01T00:00:00Z"}, "offer.wrong_period"),
            ({"until": "2036-01-01T00:00:00Z"}, "offer.wrong_period"),
            ({"opens": ["patient/"]}, "body.invalid"),
            ({"reward_fen": sharing.LEAST_REWARD_FEN - 1}, "body.invalid"),
            ({"group_size": sharing.LEAST_GROUP - 1}, "body.invalid"),
        ],
    )
    def test_with_wrong_terms_is_refused(self, world, changes, code):
        assert refused(world.researcher.command, OFFERS, offering(**changes)) == (422, code)


class TestOptIn:
    def test_is_signed_over_exactly_the_offers_terms(self, world, patient):
        offer = approved(world)
        statement = patient.client.post(
            f"{OFFERS}/{offer}/opt-in/statement", {"key": patient.client.key_name}
        )
        said = Statement.parse(statement["statement"].encode())
        terms = offers_of(world.researcher)[offer]
        stored = Offer.objects.get(id=offer)
        assert said.facts == {
            "approval": bytes(stored.approval or b"").hex(),
            "fields": terms["opens"],
            "mode": terms["mode"],
            "offer": terms["subject"],
            "reward_fen": terms["reward_fen"],
            "to": terms["organisation"],
            "until": terms["until"],
        }
        assert terms["zh"] in statement["shows"]["zh"]
        approval = ledger.entries_by_leaves([bytes(stored.approval or b"")])[
            bytes(stored.approval or b"")
        ]
        assert Statement.parse(parse(approval.note).text).kind == "offer.approve"

    def test_is_given_once_and_again_after_it_was_withdrawn(self, world, patient):
        offer = approved(world)
        first = opts_in(patient, offer)
        assert refused(opts_in, patient, offer) == (409, "optin.exists")
        withdraws(patient, first)
        assert refused(withdraws, patient, first) == (409, "optin.withdrawn")
        second = opts_in(patient, offer)
        assert first["id"] != second["id"]
        listed = patient.client.get("/api/me/opt-ins")["opt_ins"]
        assert [bool(one["withdrawn_at"]) for one in listed] == [False, True]

    def test_is_no_childs_and_no_guardians(self, world, mother, child, daughter):
        offer = approved(world)
        assert refused(opts_in, child, offer) == (403, "optin.child")
        appoints(mother, daughter)
        opt_in = opts_in(mother, offer)
        assert refused(withdraws, daughter, opt_in) == (404, "optin.unknown")
        assert OptIn.objects.get(offer__id=offer).patient_id == account(mother.client).id

    def test_of_two_phones_at_once_is_one(self, world, patient):
        offer = approved(world)
        done = outcomes(at_once(*[lambda: opts_in(patient, offer)] * 2))
        assert OptIn.objects.filter(offer__id=offer).count() == 1, done


class TestUse:
    def test_twice_is_told_and_owed_twice(self, world):
        offer = approved(world)
        (first, *_) = sharers(world, offer)
        (opt_in,) = first.client.get("/api/me/opt-ins")["opt_ins"]

        told = [records(world.researcher, offer) for _ in range(2)]

        assert [one["cost_fen"] for one in told] == [GROUP * REWARD_FEN] * 2
        assert told[1]["left_fen"] == 100_000 - 2 * GROUP * REWARD_FEN
        looks = looks_of(opt_in)
        assert [one.facts["purpose"] for one in looks] == [sharing.Mode.RECORDS.value] * 2
        assert Use.objects.filter(patient__id=first.account).count() == 2
        notices = first.client.get("/api/me/notices")["notices"]
        assert [one["kind"] for one in notices].count("optin.used") == 2

    def test_shows_nothing_that_names_anybody(self, world):
        offer = approved(world)
        patients = sharers(world, offer)
        told = records(world.researcher, offer)

        assert len(told["patients"]) == GROUP
        for one in told["patients"]:
            (rx,) = one["prescribed"]
            assert set(rx) == {"month", "medicines", "diagnoses"}
            assert len(rx["month"]) == 7
            assert rx["diagnoses"] == ["J06"]
            assert rx["medicines"] == sorted(one.generic_name for one in world.medicines[:2])
        text = str(told)
        for private in ("测试患者", world.hospital.slug, world.hospital.name, world.doctor.account):
            assert private not in text
        for patient in patients:
            assert patient.id_number not in text
            assert patient.account not in text

    def test_leaves_out_what_few_have_in_common(self, world):
        offer = approved(world)
        sharers(world, offer)
        rare = world.a_patient()
        line = {**world.draft(rare)["lines"][0], "medicine": world.medicines[2].code}
        world.issued(rare, lines=[line])
        opts_in(rare, offer)
        told = records(world.researcher, offer)
        assert len(told["patients"]) == GROUP + 1
        assert world.medicines[2].generic_name not in str(told)

    def test_asked_again_for_a_lost_answer_costs_nothing_and_is_another_look(self, world):
        offer, delivery = approved(world), str(uuid4())
        (first, *_) = sharers(world, offer)
        (opt_in,) = first.client.get("/api/me/opt-ins")["opt_ins"]
        one = records(world.researcher, offer, delivery)
        again = records(world.researcher, offer, delivery)
        assert again == one
        assert Use.objects.filter(delivery__id=delivery).count() == GROUP
        assert len(looks_of(opt_in)) == 2

    def test_of_who_withdrew_between_two_answers_of_one_delivery_is_over(self, world):
        offer, delivery = approved(world), str(uuid4())
        first, *_ = sharers(world, offer, GROUP + 1)
        (opt_in,) = first.client.get("/api/me/opt-ins")["opt_ins"]
        records(world.researcher, offer, delivery)
        withdraws(first, opt_in)
        again = records(world.researcher, offer, delivery)
        assert len(again["patients"]) == GROUP
        assert len(looks_of(opt_in)) == 1
        other = records(world.researcher, offer)
        assert len(other["patients"]) == GROUP
        assert Use.objects.filter(patient__id=first.account).count() == 1
        assert OptIn.objects.get(id=opt_in["id"]).pseudonym == ""

    def test_asked_again_of_an_offer_that_was_closed_is_over(self, world):
        offer, delivery = approved(world), str(uuid4())
        sharers(world, offer)
        records(world.researcher, offer, delivery)
        world.researcher.command(f"{OFFERS}/{offer}/close")
        assert refused(records, world.researcher, offer, delivery) == (410, "offer.over")

    def test_by_another_under_the_same_delivery_is_refused(self, world):
        offer, delivery = approved(world), str(uuid4())
        sharers(world, offer)
        records(world.researcher, offer, delivery)
        colleague = a_member(Role.RESEARCHER, world.institute)
        assert refused(records, colleague, offer, delivery) == (409, "delivery.taken")

    def test_of_too_few_is_refused_and_costs_nothing(self, world):
        offer = approved(world)
        sharers(world, offer, GROUP - 1)
        assert refused(records, world.researcher, offer) == (409, "offer.too_few")
        assert Offer.objects.get(id=offer).spent_fen == 0

    def test_ends_with_the_budget_and_goes_to_the_least_used_first(self, world):
        """The last two are not delivered and not paid; what is left pays no group any more."""
        offer = approved(world, budget_fen=(2 * GROUP + 1) * REWARD_FEN)
        patients = sharers(world, offer, GROUP + 3)
        first, second = (records(world.researcher, offer, most=n) for n in (GROUP, 50))
        assert [len(one["patients"]) for one in (first, second)] == [GROUP, GROUP + 1]
        uses = [Use.objects.filter(patient__id=one.account).count() for one in patients]
        assert sorted(uses) == [1] * (GROUP) + [2] * 3
        assert second["left_fen"] == 0
        assert refused(records, world.researcher, offer) == (409, "offer.budget_used_up")
        assert offer not in offers_of(patients[0].client)

    def test_ends_with_the_period(self, world):
        offer = approved(world)
        sharers(world, offer)
        Offer.objects.filter(id=offer).update(until=timezone.now() - timedelta(seconds=1))
        assert refused(records, world.researcher, offer) == (410, "offer.over")

    def test_is_none_of_an_offer_that_nobody_approved(self, world):
        assert refused(records, world.researcher, published(world)) == (410, "offer.over")

    def test_that_cannot_be_recorded_is_no_use(self, world, monkeypatch):
        """No entry, no reward and no data."""
        from hospital import access

        offer = approved(world)
        sharers(world, offer)
        monkeypatch.setattr(access, "view", _full_disk)
        with pytest.raises(Problem, match="500"):
            records(world.researcher, offer)
        assert not Delivery.objects.filter(offer__id=offer).exists()
        assert Offer.objects.get(id=offer).spent_fen == 0

    def test_is_in_the_patients_own_list_of_looks_in_chinese(self, world):
        from hospital import lookwords

        offer = approved(world)
        (first, *_) = sharers(world, offer)
        (opt_in,) = first.client.get("/api/me/opt-ins")["opt_ins"]
        records(world.researcher, offer)
        (look,) = looks_of(opt_in)
        text = lookwords.sentence(look.facts, look.at, "某研究所的研究人员", in_list=False)
        assert "查看了您的诊断、药品。目的：研究使用（去标识化数据）" in text
        assert "依据：您签署的数据共享同意" in text


def test_every_opening_rests_on_the_look_of_this_reader_at_this_patient(world):
    """L15: records and counts alike."""
    of_records, of_counts = approved(world), approved(world, **counting())
    patients = sharers(world, of_records)
    for patient in patients:
        opts_in(patient, of_counts)
    for ask in (
        lambda: records(world.researcher, of_records),
        lambda: ask_counts(world, of_counts),
    ):
        with watched() as watch:
            ask()
        assert len(watch.opened) == GROUP
        for one in watch.opened:
            assert one.wrongs(world.researcher.account) == []


def test_a_delivery_costs_each_patient_the_same_number_of_queries(world):
    """And the list of offers a fixed one."""
    offer = approved(world)
    sharers(world, offer, GROUP + 2)
    few, many = (
        len(queries_of(lambda: records(world.researcher, offer, most=number)))  # noqa: B023
        for number in (GROUP, GROUP + 2)
    )
    assert (many - few) // 2 <= 8
    assert few - GROUP * (many - few) // 2 <= 16
    assert len(queries_of(lambda: offers_of(world.regulator))) <= 6


def test_two_requests_at_once_never_overspend(world):
    """Six share and the money is for six uses: one delivery of the two comes through."""
    offer = approved(world, budget_fen=(GROUP + 1) * REWARD_FEN)
    sharers(world, offer, GROUP + 1)
    entries = count_entries(kind="record.view")

    done = at_once(*[lambda: records(world.researcher, offer)] * 2)

    refusals = [one for one in done if isinstance(one, Problem)]
    assert [one.code for one in refusals] == ["offer.budget_used_up"]
    assert Offer.objects.get(id=offer).spent_fen == (GROUP + 1) * REWARD_FEN
    assert Use.objects.filter(delivery__offer__id=offer).count() == GROUP + 1
    assert count_entries(kind="record.view") == entries + GROUP + 1


def test_a_withdrawal_comes_first_or_waits(world):
    """Whichever it is: as many looks as rewards, and none of a use that was not paid."""
    offer = approved(world)
    first, *_ = sharers(world, offer, GROUP + 1)
    (opt_in,) = first.client.get("/api/me/opt-ins")["opt_ins"]
    done = at_once(lambda: withdraws(first, opt_in), lambda: records(world.researcher, offer))
    assert not [one for one in done if isinstance(one, Exception)], done
    assert len(looks_of(opt_in)) == Use.objects.filter(patient__id=first.account).count()
    assert len(done[1]["patients"]) - GROUP <= len(looks_of(opt_in))


def _full_disk(**_):
    raise OSError("disk full")
