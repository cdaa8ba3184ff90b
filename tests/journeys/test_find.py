"""A patient finds a pharmacy: which has it, how far, open or not, how it comes, the own share."""

import functools
import json
import logging
import random
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hospital import calendar, records
from hospital.calendar import legal_day
from hospital.models import Organisation, SealedRecord
from hospital.roles import OrganisationKind
from pharmacy import queries_near
from pharmacy.models import Carriage, Lot, Opening, StockItem
from tests.journeys import narcotics
from tests.journeys.finding import Town, finds, pages, path, slugs
from tests.journeys.guarding import guarded, refused
from tests.journeys.looking import own_list
from tests.journeys.test_looks import last_view
from tests.journeys.watching import count_entries, raw
from tests.openings import watched
from tests.shelves import a_lot, a_shelf
from tests.world import a_medicine, an_organisation


@pytest.fixture
def town(world):
    return Town.found()


@pytest.fixture
def rx(world, patient, town):
    return town.prescribed(world, patient)


class TestNearest:
    def test_the_nearest_first_with_distances(self, patient, rx, town):
        far, near, middle = (town.sells(m, 100, 50) for m in (9_000, 100, 2_500))

        page = finds(patient, rx, town)

        assert slugs(page) == [near.slug, middle.slug, far.slug]
        assert [one["distance_m"] for one in page["pharmacies"]] == [100, 2_500, 9_000]
        near.refresh_from_db()
        place = {"lng": f"{near.longitude:.6f}", "lat": f"{near.latitude:.6f}"}
        assert page["pharmacies"][0]["place"] == place
        assert (page["next"], page["searched_m"], page["within_m"]) == (None, 50_000, 50_000)

    def test_only_within_the_distance(self, patient, rx, town):
        near = town.sells(9_990, 100, 50)
        town.sells(10_010, 100, 50)
        assert slugs(finds(patient, rx, town, within_m=10_000)) == [near.slug]

    def test_only_who_has_all_of_it_or_else_which_lines(self, patient, rx, town):
        """Two units of the first medicine are one too many for who has one."""
        whole, second_only, first_only = town.sells(1, 100, 50), town.sells(2), town.sells(3, 100)
        a_shelf(second_only, town.medicines[1], price_fen=70, on_hand=1)
        town.sells(4, 100, on_hand=1)

        assert slugs(finds(patient, rx, town)) == [whole.slug]
        rows = finds(patient, rx, town, partly=True)["pharmacies"]

        assert [(one["pharmacy"], one["whole"], one["lines"]) for one in rows] == [
            (whole.slug, True, ["1", "2"]),
            (second_only.slug, False, ["2"]),
            (first_only.slug, False, ["1"]),
        ]
        assert [one["total_fen"] for one in rows] == [250, 70, 200]

    @pytest.mark.parametrize(
        ("days", "state", "found"), [(0, "open", 1), (-1, "open", 0), (1, "quarantined", 0)]
    )
    def test_what_may_not_be_given_out_is_not_there(self, patient, rx, town, days, state, found):
        shop = town.sells(1, 100, 50, on_hand=0)
        for item in StockItem.objects.filter(pharmacy=shop):
            lot = a_lot(item, 10, expires_on=legal_day(timezone.now()) + timedelta(days=days))
            Lot.objects.filter(id=lot.id).update(state=state, state_reason="x")
        assert len(finds(patient, rx, town)["pharmacies"]) == found

    def test_what_is_recalled_is_not_there(self, world, patient, rx, town):
        town.sells(1, 100, 50)
        body = {"medicine": town.medicines[0].code, "grade": 1, "reason": "quality"}
        named = world.regulator.command("/api/recalls", body)["id"]
        assert finds(patient, rx, town)["pharmacies"] == []
        world.regulator.command(f"/api/recalls/{named}/lift", {"reason": "unfounded"})
        assert len(finds(patient, rx, town)["pharmacies"]) == 1

    def test_what_is_kept_for_somebody_is_not_there(self, patient, rx, town):
        shop = town.sells(1, 100, 50)
        StockItem.objects.filter(pharmacy=shop, medicine=town.medicines[0]).update(reserved=9)
        assert finds(patient, rx, town)["pharmacies"] == []

    def test_who_has_no_place_or_is_no_pharmacy_is_not_found(self, patient, rx, town):
        town.sells(1, 100, 50, longitude=None, latitude=None)
        closed = town.sells(2, 100, 50)
        Organisation.objects.filter(id=closed.id).update(kind=OrganisationKind.COURIER)
        assert finds(patient, rx, town)["pharmacies"] == []


class TestOwnShare:
    def test_is_that_of_the_bill_to_the_fen(self, world, patient, rx, town):
        """Whatever ceiling and rates: the very figures that are signed afterwards."""
        world.covers(patient, fund_bp=6_667, insurer_bp=3_333)
        shop = town.sells(10, 12_345, 6_789)

        (row,) = finds(patient, rx, town)["pharmacies"]
        choice = {"pharmacy": shop.slug, "way": "collect", "key": patient.client.key_name}
        signed = patient.client.post(f"/api/prescriptions/{rx}/authorize/statement", choice)

        bill = signed["shows"]["bill"]
        same = ("total_fen", "patient_fen", "payers")
        assert {name: row[name] for name in same} == {name: bill[name] for name in same}
        assert 0 < row["patient_fen"] < row["total_fen"]

    def test_is_asked_of_the_payers_that_are_named(self, world, patient, rx, town):
        world.covers(patient, insurer_bp=5_000)
        town.sells(10, 1_000, 1_000)
        shares = [
            finds(patient, rx, town, payers=payers)["pharmacies"][0]["patient_fen"]
            for payers in ([], [world.insurer.slug], [world.fund.slug])
        ]
        assert shares == [3_000, 1_500, 900]
        uncovered = (422, "payer.not_covering")
        assert refused(finds, patient, rx, town, payers=["nobody"]) == uncovered

    def test_the_cheapest_first_of_those_that_have_all_of_it(self, patient, rx, town):
        dear, cheap, same = (
            town.sells(metres, price, 50) for metres, price in ((1, 300), (900, 100), (800, 100))
        )
        town.sells(2, 1)
        page = finds(patient, rx, town, order="cheapest")
        assert slugs(page) == [same.slug, cheap.slug, dear.slug]
        assert slugs(finds(patient, rx, town, order="cheapest", size=1)) == [same.slug]
        assert slugs(finds(patient, rx, town, order="cheapest", within_m=500)) == [dear.slug]

    def test_the_cheapest_says_how_far_it_has_looked(self, patient, rx, town, monkeypatch):
        for metres in (10, 20, 30):
            town.sells(metres, 100 - metres, 50)
        bounded = functools.partial(queries_near.nearest, looked_at=2)
        monkeypatch.setattr(queries_near, "nearest", bounded)
        page = finds(patient, rx, town, order="cheapest")
        assert [one["distance_m"] for one in page["pharmacies"]] == [20, 10]
        assert page["next"] is None
        assert page["searched_m"] in (19, 20)


class TestNarcotics:
    def test_are_found_at_their_hospital_alone_wherever_it_is(self, world, patient, town):
        """Decision 0022: nobody knows where it is, it is the only one, and no courier brings it."""
        rx = narcotics.reviewed(world, narcotics.issued(world, patient))
        shop = town.sells(1)
        a_shelf(shop, world.morphine, on_hand=100)
        offer = {"up_to_m": 10**6, "fee_fen": 1, "minutes": 1}
        own = world.own_pharmacy
        Carriage.objects.create(pharmacy=own, courier=world.courier_company, **offer)

        (row,) = finds(patient, rx, town, within_m=1)["pharmacies"]

        assert (row["pharmacy"], row["distance_m"], row["place"]) == (own.slug, None, None)
        assert row["ways"] == {"collect": True, "courier": []}


class TestService:
    def test_open_or_when_it_opens_or_nobody_has_said(self, world, patient, rx, town):
        at, shop = timezone.now(), town.sells(1, 100, 50)
        assert finds(patient, rx, town)["pharmacies"][0]["hours"] == {
            "open": None,
            "opens_at": None,
            "closes_at": None,
        }
        for weekday in range(7):
            Opening.objects.create(pharmacy=shop, weekday=weekday, opens=0, closes=1_440)
        hours = finds(patient, rx, town)["pharmacies"][0]["hours"]
        assert hours == {"open": True, "opens_at": None, "closes_at": None}
        Opening.objects.all().filter(pharmacy=shop).exclude(
            weekday=(legal_day(at).weekday() + 2) % 7
        ).delete()
        hours = finds(patient, rx, town)["pharmacies"][0]["hours"]
        opens = calendar.begins(legal_day(at) + timedelta(days=2))
        assert hours["open"] is False
        assert hours["opens_at"].startswith(f"{opens:%Y-%m-%dT%H:%M}")

    def test_couriers_by_the_shortest_band_that_reaches(self, world, patient, rx, town):
        """The fee is shown beside the bill and is no part of it."""
        shop = town.sells(5_000, 100, 50)
        for up_to_m, fee_fen in ((4_999, 1), (5_000, 500), (90_000, 900)):
            Carriage.objects.create(
                pharmacy=shop,
                courier=world.courier_company,
                up_to_m=up_to_m,
                fee_fen=fee_fen,
                minutes=40,
            )
        other = an_organisation(OrganisationKind.COURIER)
        Carriage.objects.create(pharmacy=shop, courier=other, up_to_m=4_000, fee_fen=1, minutes=1)
        (row,) = finds(patient, rx, town)["pharmacies"]
        courier = {"courier": world.courier_company.slug, "fee_fen": 500, "minutes": 40}
        assert row["ways"] == {"collect": True, "courier": [courier]}
        assert row["total_fen"] == 250

    def test_a_pharmacy_says_it_itself(self, world, patient):
        hours = {
            "week": [{"weekday": 6, "opens": 1_200, "closes": 1_500}],
            "closed": [(legal_day(timezone.now()) + timedelta(days=3)).isoformat()],
        }
        world.pharmacist.write("/api/hours", hours)
        assert world.pharmacist.get("/api/hours") == hours
        world.pharmacist.write("/api/hours", {"week": []})
        assert world.pharmacist.get("/api/hours") == {"week": [], "closed": []}

        courier = world.courier_company.slug
        band = {"up_to_m": 3_000, "fee_fen": 500, "minutes": 40}
        bands = [{**band, "up_to_m": 9_000}, band]
        world.pharmacist.write("/api/carriages", {"courier": courier, "bands": bands})
        told = world.pharmacist.get("/api/carriages")["carriages"]
        assert told == [{"courier": courier, **one} for one in (band, bands[0])]
        assert world.other_pharmacist.get("/api/carriages") == {"carriages": []}
        world.pharmacist.write("/api/carriages", {"courier": courier, "bands": []})
        assert world.pharmacist.get("/api/carriages") == {"carriages": []}

    @pytest.mark.parametrize(
        ("hours", "reason"),
        [
            ({"week": [{"weekday": 0, "opens": 60, "closes": 60}]}, "lasts"),
            ({"week": [{"weekday": 0, "opens": 60, "closes": 1_501}]}, "lasts"),
            ({"week": [{"weekday": 0, "opens": 60, "closes": 90}] * 2}, "overlap"),
            ({"week": [], "closed": ["2090-01-01"] * 2}, "twice"),
            ({"week": [], "closed": ["2020-01-01"]}, "past"),
        ],
    )
    def test_hours_that_cannot_be(self, world, hours, reason):
        """D4"""
        answer = raw(world.pharmacist, "POST", "/api/hours", body=hours)
        assert (answer.status_code, answer.json()["code"]) == (422, "hours.invalid")
        assert answer.json()["reason"] == reason

    def test_carriages_that_cannot_be(self, world):
        """D4: twice as far as itself, further and quicker, by who carries nothing."""
        band = {"up_to_m": 3_000, "fee_fen": 500, "minutes": 40}
        for bands in ([band, band], [band, {**band, "up_to_m": 4_000, "minutes": 39}]):
            body = {"courier": world.courier_company.slug, "bands": bands}
            answer = raw(world.pharmacist, "POST", "/api/carriages", body=body)
            assert (answer.status_code, answer.json()["code"]) == (422, "carriage.invalid")
        body = {"courier": world.pharmacy.slug, "bands": [band]}
        answer = raw(world.pharmacist, "POST", "/api/carriages", body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "organisation.unknown")


class TestPages:
    def test_have_no_gaps_and_no_doubles_while_stock_changes(self, patient, rx, town):
        """D3: who has it all the time is there once, whatever the others do between the pages."""
        drawn = random.Random(7)
        shops = [town.sells(metres, 100, 50) for metres in [5] * 4 + [*range(10, 70, 10)]]
        steady, changing = shops[::2], shops[1::2]
        seen: list[str] = []
        for page in pages(patient, rx, town, size=2):
            seen += slugs(page)
            for shop in changing:
                StockItem.objects.filter(pharmacy=shop).update(reserved=drawn.choice([0, 10]))
        assert len(seen) == len(set(seen))
        assert {one.slug for one in steady} <= set(seen) <= {one.slug for one in shops}

    def test_of_one_distance_stand_in_one_order(self, patient, rx, town):
        shops = [town.sells(5, 100, 50) for _ in range(5)]
        found = [slugs(page) for page in pages(patient, rx, town, size=2)]
        ordered = [one.slug for one in shops]
        assert found == [ordered[:2], ordered[2:4], ordered[4:]]

    def test_end_when_enough_shelves_were_looked_at_and_say_so(
        self, patient, rx, town, monkeypatch
    ):
        """D3: nobody near has it: pages without a row go on, and none says that nobody has it."""
        for metres in range(10, 80, 10):
            town.sells(metres)
        last = town.sells(90, 100, 50)
        bounded = functools.partial(queries_near.nearest, looked_at=3)
        monkeypatch.setattr(queries_near, "nearest", bounded)

        found = list(pages(patient, rx, town, size=50, within_m=1_000))

        assert [slugs(page) for page in found] == [[], [], [last.slug]]
        searched = [page["searched_m"] for page in found]
        assert searched[0] in (29, 30)
        assert searched[1] in (59, 60)
        assert searched[2] == 1_000

    def test_a_cursor_serves_its_prescription_alone(self, world, patient, rx, town):
        """Z7, D3: it is sealed, and says neither where the patient is nor what comes next."""
        for metres in (10, 20):
            town.sells(metres, 100, 50)
        cursor = finds(patient, rx, town, size=1)["next"]
        other = town.prescribed(world, patient)
        for wrong, text in (
            (other, cursor),
            (rx, cursor[:-8] + "AAAAAAA="),
            (rx, "x"),
            (rx, "中"),
            (rx, "A" * 4_096),
        ):
            answer = raw(patient.client, "POST", path(wrong), body={"cursor": text})
            assert (answer.status_code, answer.json()["code"]) == (422, "page.bad_cursor")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"near": {"lng": "181", "lat": "0"}},
            {"near": {"lng": "0", "lat": "NaN"}},
            {"near": {"lng": "0", "lat": "0"}, "size": 51},
            {"near": {"lng": "0", "lat": "0"}, "within_m": 500_001},
            {"near": {"lng": "0", "lat": "0"}, "cursor": "x"},
            {"near": {"lng": "0", "lat": "0"}, "order": "cheapest", "partly": True},
        ],
    )
    def test_refuses_what_asks_for_nothing_or_for_too_much(self, patient, rx, body):
        """D3, D4"""
        answer = raw(patient.client, "POST", path(rx), body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")


class TestLooks:
    def test_each_page_is_a_look_of_the_patients(self, patient, rx, town):
        """L15: entered and committed before the lines are opened, and in the own list of looks."""
        for metres in (10, 20):
            town.sells(metres, 100, 50)
        before = count_entries(kind="record.view")
        with watched() as watch:
            assert len(list(pages(patient, rx, town, size=1))) == 2
        assert count_entries(kind="record.view") == before + 2
        assert len(watch.opened) == 2
        for one in watch.opened:
            assert one.wrongs(patient.account) == []
        facts = last_view().facts
        assert (facts["purpose"], facts["basis"]) == ("find", "own_record")
        assert facts["fields"] == ["coverage/", "line/"]
        assert "find" in [one.facts.get("purpose") for one in own_list(patient)]
        told = patient.client.get("/api/me/looks")["looks"]
        assert any("查找可配药的药店" in json.dumps(one, ensure_ascii=False) for one in told)

    def test_the_answer_names_no_medicine(self, patient, rx, town):
        """L13"""
        town.sells(10, 100, 50)
        with watched() as watch:
            answer = raw(patient.client, "POST", path(rx), body={"near": town.here})
        assert answer.json()["pharmacies"]
        assert watch.texts
        assert not [text for text in watch.texts if text in answer.text]
        assert not [one for one in town.medicines if one.code in answer.text]

    def test_where_the_patient_is_stands_nowhere(self, patient, rx, town, caplog):
        """L13: neither in a log, nor in the answer, nor in an entry, nor in the address."""
        caplog.set_level(logging.DEBUG)
        caplog.set_level(logging.INFO, "django.db.backends")  # which is off where it runs
        place = {"lng": "101.234567", "lat": "23.456789"}
        for body in ({"near": place}, {"near": place, "within_m": 0}):
            answer = raw(patient.client, "POST", path(rx), body=body)
            said = [answer.text, caplog.text, str(last_view().facts)]
            assert not [text for text in said if "234567" in text or "456789" in text]

    def test_a_stranger_learns_nothing_and_it_is_written_down(self, world, patient, rx, town):
        """Z1, Z7"""
        town.sells(10, 100, 50)
        before = count_entries(kind="record.refuse")
        stranger = replace(patient, client=world.other_patient.client)
        assert refused(finds, stranger, rx, town) == (403, "access.wrong_patient")
        unknown = str(uuid4())
        assert refused(finds, stranger, unknown, town) == (404, "prescription.unknown")
        assert count_entries(kind="record.refuse") == before + 2

    def test_a_guardian_finds_for_the_ward(self, world, mother, child, town):
        by, rx = guarded(mother, child), town.prescribed(world, child)
        shop = town.sells(10, 100, 50)
        with watched() as watch:
            assert slugs(finds(by, rx, town)) == [shop.slug]
        for one in watch.opened:
            assert one.wrongs(by.account) == []
        assert last_view().facts["purpose"] == "guardianship"
        assert refused(finds, mother, rx, town) == (403, "access.wrong_patient")

    def test_what_is_not_to_be_fetched_is_not_looked_for(self, world, patient, town):
        rx = world.dispensed(patient)
        views = count_entries(kind="record.view")
        assert refused(finds, patient, rx, town) == (409, "find.nothing_to_fetch")
        assert count_entries(kind="record.view") == views

    def test_a_draft_is_not_the_patients_yet(self, world, patient, town):
        rx = world.drafted(patient)
        assert refused(finds, patient, rx, town) == (403, "access.no_basis")

    def test_what_was_erased_is_gone(self, patient, rx, town):
        records.forget(SealedRecord.objects.filter(prescription__id=rx))
        answer = raw(patient.client, "POST", path(rx), body={"near": town.here})
        assert (answer.status_code, answer.json()["code"]) == (410, "record.erased")


def test_a_page_costs_the_same_with_one_row_as_with_twelve(world, patient, rx, town):
    """D3"""
    world.covers(patient, insurer_bp=5_000)

    def page() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            finds(patient, rx, town, size=50)
        return [one["sql"] for one in captured.captured_queries]

    few: list[str] = []
    for count in range(12):
        shop = town.sells(count, 100, 50)
        Opening.objects.create(pharmacy=shop, weekday=1, opens=60, closes=120)
        Carriage.objects.create(
            pharmacy=shop,
            courier=an_organisation(OrganisationKind.COURIER),
            up_to_m=9_000,
            fee_fen=1,
            minutes=1,
        )
        few = few or page()
    many = page()
    assert len(many) == len(few) <= 14, "\n".join(many)


def test_a_price_that_is_told_is_that_of_now(patient, rx, town):
    """Nothing is remembered: the next page asks the shelves again."""
    town.sells(10, 100, 50)
    shop = town.sells(20, 100, 50)
    first = finds(patient, rx, town, size=1)
    StockItem.objects.filter(pharmacy=shop, medicine=town.medicines[1]).update(price_fen=51)
    page = patient.client.post(path(rx), {"cursor": first["next"]})
    assert [one["total_fen"] for one in page["pharmacies"]] == [251]
    assert a_medicine().code not in json.dumps(page)
