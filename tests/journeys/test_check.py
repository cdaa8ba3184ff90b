"""What a doctor learns while writing: findings, prices, coverage, own share, in one call."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hospital.calendar import legal_day
from hospital.client import Problem
from hospital.roles import OrganisationKind
from pharmacy.models import Lot, StockItem
from prescriptions.facts import Control
from tests.journeys.looking import own_list
from tests.journeys.test_judged_again import line
from tests.journeys.watching import everything
from tests.shelves import a_lot, a_shelf
from tests.world import a_medicine, an_organisation

CHECK = "/api/prescriptions/check"
OF_TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.fixture
def medicines(world):
    """Two that no pharmacy of another test sells."""
    return [a_medicine(price_fen=1_000), a_medicine(price_fen=500)]


def sold(medicines, *prices_fen, on_hand=10, place=(None, None)) -> str:
    """A new pharmacy that sells the first medicines for these prices of one unit; its slug."""
    pharmacy = an_organisation(OrganisationKind.PHARMACY)
    pharmacy.longitude, pharmacy.latitude = place
    pharmacy.save()
    shelf(pharmacy, medicines, *prices_fen, on_hand=on_hand)
    return pharmacy.slug


def shelf(pharmacy, medicines, *prices_fen, on_hand=10) -> None:
    for medicine, price_fen in zip(medicines, prices_fen, strict=False):
        a_shelf(pharmacy, medicine, price_fen=price_fen, on_hand=on_hand)


def basket(world, patient, medicines, **changes):
    """Two units of the first medicine, one of the second."""
    lines = [line(medicines[0], quantity=2, days=7), line(medicines[1])]
    return world.draft(patient, lines=lines, **changes)


def totals(answer) -> list[int]:
    return [answer["prices"][name]["total_fen"] for name in ("lowest", "median", "highest")]


class TestPrices:
    @pytest.mark.parametrize(
        ("prices", "expected"),
        [
            ([(100, 50)], [250, 250, 250]),
            ([(300, 50), (100, 50)], [250, 250, 650]),
            ([(300, 50), (100, 50), (200, 50)], [250, 450, 650]),
            ([(300, 50), (100, 50), (200, 50), (400, 50)], [250, 450, 850]),
            ([(100, 50)] * 5, [250, 250, 250]),
        ],
    )
    def test_range_over_the_pharmacies_that_have_everything(
        self, world, patient, medicines, prices, expected
    ):
        for pair in prices:
            sold(medicines, *pair)

        answer = world.doctor.post(CHECK, basket(world, patient, medicines))

        assert (answer["pharmacies"], totals(answer)) == (len(prices), expected)

    def test_leave_out_who_has_not_all_of_it(self, world, patient, medicines):
        sold(medicines, 100)
        sold(medicines, 100, 50, on_hand=1)
        reserved = sold(medicines, 100, 50, on_hand=2)
        StockItem.objects.filter(pharmacy__slug=reserved, medicine=medicines[0]).update(reserved=1)

        answer = world.doctor.post(CHECK, basket(world, patient, medicines))

        assert (answer["pharmacies"], answer["prices"]) == (0, {})

    @pytest.mark.parametrize(
        ("days", "state", "found"), [(0, "open", 1), (-1, "open", 0), (1, "quarantined", 0)]
    )
    def test_leave_out_what_may_not_be_given_out(
        self, world, patient, medicines, days, state, found
    ):
        """R14: the last day of use counts; the day after it, and what was put aside, does not."""
        slug = sold(medicines, 100, 50, on_hand=0)
        for item in StockItem.objects.filter(pharmacy__slug=slug):
            lot = a_lot(item, 10, expires_on=legal_day(timezone.now()) + timedelta(days=days))
            Lot.objects.filter(id=lot.id).update(state=state, state_reason="x")
        answer = world.doctor.post(CHECK, basket(world, patient, medicines))
        assert answer["pharmacies"] == found

    def test_near_a_place_are_those_within_ten_kilometres(self, world, patient, medicines):
        """A degree of latitude is 111.195 km on the sphere of 6 371 km."""
        here = {"lng": "109.41", "lat": "24.31"}
        for price, metres in ((100, 9_990), (200, -9_990), (300, 10_010)):
            sold(medicines, price, 50, place=(109.41, round(24.31 + metres / 111_195, 6)))
        sold(medicines, 10, 50)
        body = basket(world, patient, medicines)

        everywhere, near = (
            world.doctor.post(CHECK, body),
            world.doctor.post(CHECK, {**body, "near": here}),
        )

        assert (everywhere["pharmacies"], near["pharmacies"]) == (4, 2)
        assert totals(near) == [250, 250, 450]

    @pytest.mark.parametrize("control", [Control.NARCOTIC, Control.PSYCHOTROPIC_1])
    def test_of_narcotics_are_the_hospitals_own(self, world, patient, medicines, control):
        """Whatever else stands beside them; retail, and other hospitals' own, do not count."""
        medicines[1] = a_medicine(control=control)
        other = an_organisation(OrganisationKind.HOSPITAL)
        foreign = an_organisation(OrganisationKind.PHARMACY, hospital=other)
        sold(medicines, 100, 50)
        shelf(foreign, medicines, 200, 50)
        body = basket(world, patient, medicines)
        nowhere = world.doctor.post(CHECK, body)
        shelf(world.own_pharmacy, medicines, 300, 50)

        answer = world.doctor.post(CHECK, body)

        assert (nowhere["pharmacies"], nowhere["prices"]) == (0, {})
        assert (answer["pharmacies"], totals(answer)) == (1, [650, 650, 650])

    @pytest.mark.parametrize("control", [Control.PSYCHOTROPIC_2, Control.TOXIC])
    def test_of_other_controlled_medicines_are_all(self, world, patient, medicines, control):
        medicines[1] = a_medicine(control=control)
        sold(medicines, 100, 50)
        sold(medicines, 200, 50)

        answer = world.doctor.post(CHECK, basket(world, patient, medicines))

        assert answer["pharmacies"] == 2

    @pytest.mark.parametrize("near", [{"lng": 181, "lat": 0}, {"lng": 0, "lat": -91}, {"lng": 1}])
    def test_no_place_is_off_the_earth(self, world, patient, medicines, near):
        with pytest.raises(Problem) as refusal:
            world.doctor.post(CHECK, {**basket(world, patient, medicines), "near": near})
        assert refusal.value.code == "body.invalid"

    def test_add_up_lines_of_the_same_medicine(self, world, patient, medicines):
        sold(medicines, 100, on_hand=3)
        twice = [line(medicines[0], quantity=2), line(medicines[0], quantity=2)]

        answer = world.doctor.post(CHECK, world.draft(patient, lines=twice))

        assert answer["pharmacies"] == 0
        assert "rx.duplicate_medicine" in {one["rule"] for one in answer["findings"]}


def test_the_own_share_is_the_bill_s(world, patient):
    """What the doctor was told is what the patient accepts and pays, fen for fen."""
    world.covers(patient, fund_bp=6_543, insurer_bp=1_234)
    body = world.draft(patient)
    told = world.doctor.post(CHECK, body)
    rx = world.approved(patient)

    answer = patient.client.command(f"/api/prescriptions/{rx}/authorize", world.choice(patient))

    bill, price = answer["bill"], told["prices"]["median"]
    assert price["total_fen"] == bill["total_fen"]
    assert price["patient_fen"] == bill["patient_fen"]
    assert price["payers"] == {
        world.fund.slug: bill["fund_fen"],
        world.insurer.slug: bill["insurer_fen"],
    }
    assert told["covered_by"] == [world.fund.slug, world.insurer.slug]


def test_without_cover_the_patient_pays_all(world, patient):
    price = world.doctor.post(CHECK, world.draft(patient))["prices"]["lowest"]

    assert price["patient_fen"] == price["total_fen"]
    assert price["payers"] == {}


class TestFindings:
    def test_are_shown_and_block_nothing(self, world, patient, medicines):
        morphine = a_medicine(control=Control.NARCOTIC)
        lines = [line(morphine, days=4), line(medicines[0], days=8)]

        answer = world.doctor.post(CHECK, world.draft(patient, lines=lines, online=False))

        found = {one["rule"] for one in answer["findings"]}
        assert {"rx.controlled_right", "rx.controlled_days", "rx.days_supply"} <= found
        assert answer["form"] == "narcotic"

    def test_are_those_that_the_draft_is_refused_with(self, world, patient, medicines):
        body = basket(world, patient, medicines, allergies="青霉素过敏", diagnoses=[])

        checked = world.doctor.post(CHECK, body)

        with pytest.raises(Problem) as refusal:
            world.doctor.write("/api/prescriptions", body)
        assert refusal.value.body["findings"] == checked["findings"]

    def test_know_the_consultation(self, world, patient, medicines):
        body = basket(world, patient, medicines, online=True)

        found = {one["rule"] for one in world.doctor.post(CHECK, body)["findings"]}
        alone = {**body, "consultation": None}
        del alone["consultation"]
        without = {one["rule"] for one in world.doctor.post(CHECK, alone)["findings"]}

        assert "rx.online_first_visit" not in found
        assert "rx.online_first_visit" in without

    def test_and_the_draft_name_the_patient_by_the_consultation(self, world, patient, medicines):
        """Online nobody tells the doctor an identity number; a stranger's consultation, no more."""
        body = basket(world, patient, medicines, online=True)
        unnamed = {name: value for name, value in body.items() if name != "patient"}

        one, other = (world.doctor.post(CHECK, each) for each in (unnamed, body))
        named = ("findings", "form", "pharmacies", "prices", "covered_by")
        assert [one[each] for each in named] == [other[each] for each in named]
        assert world.doctor.write("/api/prescriptions", unnamed)["status"] == "draft"
        for path, call in ((CHECK, "post"), ("/api/prescriptions", "write")):
            with pytest.raises(Problem) as refusal:
                getattr(world.foreign_doctor, call)(path, unnamed)
            assert refusal.value.code == "prescription.wrong_consultation"
        del unnamed["consultation"]
        with pytest.raises(Problem) as refusal:
            world.doctor.post(CHECK, unnamed)
        assert refusal.value.code == "body.invalid"


def test_nothing_is_stored_but_the_look(world, patient, medicines):
    """L15: the patient reads that a doctor looked at the coverage, and that is all there is."""
    world.covers(patient)
    body, doctor = basket(world, patient, medicines), world.doctor
    before = everything()

    doctor.post(CHECK, body)

    after = everything()
    assert after.pop("entries")[0] == before.pop("entries")[0] + 1
    assert after == before
    last = own_list(patient)[-1]
    assert (last.kind, last.facts["of"], last.facts["fields"]) == (
        "record.view",
        "coverages",
        ["coverage/"],
    )
    assert last.facts["reader"].startswith(f"{world.hospital.slug}/doctor/")


def test_takes_three_queries_beside_the_session_s(world, patient, medicines):
    """
    Doctor and patient with the promises; medicines with the baskets; the entry of the look. As many
    for five medicines, ten pharmacies and an online consultation as for one, or for a narcotic.
    """
    five = [*medicines, *(a_medicine() for _ in range(3))]
    for _ in range(10):
        sold(five, 100, 50, 20, 10, 5)
    world.covers(patient, insurer_bp=2_000)
    few = world.draft(patient, lines=[line(medicines[0])])
    many = world.draft(patient, online=True, lines=[line(one) for one in five])
    bound = world.draft(patient, lines=[line(a_medicine(control=Control.NARCOTIC))])

    for body in (few, many, bound):
        with CaptureQueriesContext(connection) as captured:
            world.doctor.post(CHECK, body)
        sql = [one["sql"] for one in captured if not one["sql"].startswith(OF_TRANSACTIONS)]
        session, *ours = sql
        assert "knox_authtoken" in session
        assert len(ours) == 3, "\n".join(ours)
        assert "ledger_append" in ours[-1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"patient": "110101199003078815"}, "identity.bad_id_number"),
        ({"patient": "110101199003078814"}, "patient.unknown"),
        ({"consultation": str(uuid4()), "online": True}, "prescription.wrong_consultation"),
    ],
)
def test_refuses_what_no_draft_can_be(world, patient, medicines, change, code):
    """Z1: and tells nothing of a stranger's consultation."""
    with pytest.raises(Problem) as refusal:
        world.doctor.post(CHECK, {**basket(world, patient, medicines), **change})
    assert refusal.value.code == code


def test_refuses_an_unknown_medicine(world, patient):
    body = world.draft(patient, lines=[{**line(a_medicine()), "medicine": "XNONE"}])
    with pytest.raises(Problem) as refusal:
        world.doctor.post(CHECK, body)
    assert refusal.value.code == "medicine.unknown"


def test_another_doctor_s_consultation_is_no_basis(world, patient, medicines):
    """Z1"""
    body = basket(world, patient, medicines, online=True)
    with pytest.raises(Problem) as refusal:
        world.foreign_doctor.post(CHECK, body)
    assert refusal.value.code == "prescription.wrong_consultation"


def test_a_child_is_judged_by_the_day(world, medicines):
    child = world.a_patient(born=date(2025, 1, 1))

    found = world.doctor.post(CHECK, basket(world, child, medicines))["findings"]

    assert "rx.infant_weight" in {one["rule"] for one in found}
