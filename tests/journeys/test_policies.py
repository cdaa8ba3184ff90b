"""
Policies told as stories: what a payer states as data decides who pays which fen, at the check, at
the search, at the checkout, after a part and a return; and the year remembers.
"""

import json
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import F

from hospital.client import Problem
from hospital.roles import OrganisationKind, Role
from insurance.models import (
    Bill,
    BillShare,
    Edition,
    LineShare,
    PolicyUse,
    Reckoning,
    ReckoningShare,
)
from insurance.policies import promised
from prescriptions.models import Prescription
from tests import invariants
from tests.journeys.finding import Town, finds
from tests.journeys.insuring import PRICE, covers, insures, paid, publishes
from tests.journeys.looking import own_list
from tests.journeys.returning import bring_back, decide
from tests.journeys.test_query_counts import queries_of
from tests.journeys.test_races import rounds
from tests.journeys.watching import at_once, drawn, outcomes
from tests.journeys.writes import of
from tests.world import a_member, an_organisation

TIERS = [{"from_fen": 0, "rate_bp": 8_000}]


def used(rx):
    """Of each payer's policy: deductible, beyond it, paid."""
    rows = PolicyUse.objects.filter(share__bill__prescription__id=rx).order_by("share__number")
    return [*rows.values_list("deductible_fen", "counted_fen", "paid_fen")]


def refused(call, *args):
    with pytest.raises(Problem) as refusal:
        call(*args)
    return refusal.value.code


class TestTheYear:
    def test_remembers_deductible_tiers_and_a_family_s_ceiling(self, world, patient):
        """C3: bill after bill; what is taken back, the year has back."""
        kin = world.a_patient()
        covers(world.fund_agent, patient, rates_bp={"甲": 9_000}, deductible_fen=2_000, tiers=TIERS)
        ceilings = {"year": 1_000, "family": 1_500}
        covers(world.insurer_agent, patient, kin, ceilings_fen=ceilings)

        first = world.authorized(patient)
        # 90 % of 1 999 count, 1 799 twice: the deductible takes 1 799 and 201, then 80 % of 1 598.
        assert paid(first) == [1_278, 1_000, 2 * PRICE - 2_278]
        assert used(first) == [(2_000, 1_598, 1_278), (0, 2 * PRICE - 1_278, 1_000)]
        second = world.authorized(patient)
        # All 3 598 count: 80 % of 5 196 are 4 156, less the 1 278 of before.
        # Of the insurer's year nothing is left.
        assert paid(second) == [2_878, 0, 2 * PRICE - 2_878]
        theirs = world.authorized(kin)
        assert paid(theirs) == [500, 2 * PRICE - 500]

        patient.client.command(of(first, "withdraw"))
        assert used(first) == []
        third = world.authorized(patient)
        # The deductible is due again, and 3 598 of the tiers are used: 2 878 of 4 156 are paid.
        assert paid(third) == [1_278, 1_000, 2 * PRICE - 2_278]

    def test_remembers_a_family_s_deductible(self, world, patient):
        """C3: what one has borne nobody of the family bears again, till it is given back."""
        kin = world.a_patient()
        shared = {"deductible_fen": 2 * PRICE, "family_deductible_fen": 2 * PRICE}
        covers(world.fund_agent, patient, kin, **shared)

        first, theirs = world.authorized(patient), world.authorized(kin)
        assert (paid(first), paid(theirs)) == ([0, 2 * PRICE], [2 * PRICE, 0])
        assert used(theirs) == [(0, 2 * PRICE, 2 * PRICE)]

        patient.client.command(of(first, "withdraw"))
        assert paid(world.authorized(kin)) == [0, 2 * PRICE]

    def test_has_less_used_after_a_part_and_a_return(self, world, patient):
        """C3, R6: the use follows what the bill comes to."""
        covers(world.fund_agent, patient, deductible_fen=1_000, tiers=TIERS)
        rx = world.delivered(patient)
        assert used(rx) == [(1_000, 2 * PRICE - 1_000, 2_398)]
        bring_back(world.pharmacist, rx, {"lines": {"1": 1}, "reason": "quality"})
        assert used(rx) == [(1_000, PRICE - 1_000, 799)]
        bring_back(world.pharmacist, rx, {"lines": {"2": 1}, "reason": "quality"})
        assert used(rx) == [(0, 0, 0)]
        reckonings = Reckoning.objects.filter(bill__prescription__id=rx).order_by("number")
        assert [(one.fund_fen, one.patient_fen) for one in reckonings] == [(799, 1_200), (0, 0)]

    def test_is_what_the_live_bills_say(self, world, patient):
        """C1: the invariant sees a use that is gone, wrong, or of another day."""
        covers(world.fund_agent, patient, deductible_fen=1_000, tiers=TIERS)
        rx = world.authorized(patient)
        ours = BillShare.objects.filter(bill__prescription__id=rx)
        kept = PolicyUse.objects.filter(share__in=ours)
        assert list(invariants.the_uses(ours)) == []
        for wrong in ({"paid_fen": 1}, {"deductible_fen": 1}, {"day": date(2020, 1, 1)}):
            right = kept.values(*wrong).get()
            kept.update(**wrong)
            assert list(invariants.the_uses(ours)) != []
            kept.update(**right)
        kept.delete()
        assert list(invariants.the_uses(ours)) != []
        patient.client.command(of(rx, "withdraw"))
        assert list(invariants.the_uses(ours)) == []

    @rounds
    def test_is_used_once_by_two_checkouts_at_once(self, world, patient, turn):
        """R1, C3: the second was signed for what is not left any more, and is drawn anew."""
        covers(world.insurer_agent, patient, ceilings_fen={"year": 1_000})
        both = [world.approved(patient), world.approved(patient)]
        ready = [drawn(patient.client, of(rx, "authorize"), world.choice(patient)) for rx in both]

        results = at_once(
            *[
                lambda rx=rx, body=body: patient.client.write(of(rx, "authorize"), body)
                for rx, body in zip(both, ready, strict=True)
            ]
        )

        assert outcomes(results) == ["done", "statement.altered"]
        uses = PolicyUse.objects.filter(patient_id=patient.account)
        assert [one.paid_fen for one in uses] == [1_000]


class TestSeveralPayers:
    def test_pay_in_order_and_each_decides(self, world, patient):
        """C3: a new insurer is data; the fund pays first, then by rank; claimed after the third."""
        newcomer = a_member(Role.AGENT, an_organisation(OrganisationKind.INSURER))
        half = {"甲": 5_000}
        for agent, rank in ((newcomer, 1), (world.insurer_agent, 2), (world.fund_agent, 3)):
            insures(agent, publishes(agent, rates_bp=half), patient, rank=rank)
        rx = world.delivered(patient)
        assert paid(rx) == [1_998, 1_000, 500, 500]
        payers = [share.payer.slug for share in Bill.objects.get(prescription__id=rx).in_order]
        assert payers[::2] == [world.fund.slug, world.insurer.slug]

        for agent, then in (
            (newcomer, "delivered"),
            (world.fund_agent, "delivered"),
            (world.insurer_agent, "claimed"),
        ):
            decide(agent, rx)
            assert Prescription.objects.get(id=rx).status == then

    def test_are_named_by_who_wants_only_some(self, world, patient):
        """C3: several insurers too."""
        covers(world.insurer_agent, patient, rates_bp={"甲": 5_000})
        covers(world.fund_agent, patient, rates_bp={"甲": 5_000})
        rx = world.approved(patient)
        choice = {**world.choice(patient), "payers": [world.insurer.slug]}
        done = patient.client.command(of(rx, "authorize"), choice)
        assert done["bill"]["payers"] == {world.insurer.slug: 1_998}


class TestTheAnswer:
    def test_is_the_same_while_prescribing_while_choosing_and_at_the_checkout(self, world, patient):
        """C3, Z4: an illness that was there before; the payer learns that it pays nothing."""
        town = Town.found()
        shop = town.sells(10, 1_000, 500)
        covers(world.fund_agent, patient, deductible_fen=700, tiers=TIERS)
        covers(world.insurer_agent, patient, diagnoses=[{"prefix": "J06"}])
        rx = town.prescribed(world, patient)

        (row,) = finds(patient, rx, town)["pharmacies"]
        choice = {"pharmacy": shop.slug, "way": "collect", "key": patient.client.key_name}
        shown = patient.client.post(of(rx, "authorize/statement"), choice)["shows"]

        assert row["payers"] == shown["bill"]["payers"] == {world.fund.slug: 1_440}
        assert row["steps"] == shown["steps"]
        steps = {(one["line"], one["payer"]): one["steps"] for one in row["steps"]}
        assert steps["1", world.fund.slug] == [
            {"rule": "deductible", "fen": 700, "zh": "计入起付线"},
            {"rule": "co_payment", "fen": 260, "zh": "按共付比例由个人承担"},
        ]
        assert [one["rule"] for one in steps["2", world.insurer.slug]] == ["diagnosis"]
        looked = own_list(patient)[-1].facts
        assert (looked["purpose"], looked["fields"]) == (
            "find",
            ["coverage/", "diagnosis/", "line/"],
        )
        checked = world.doctor.post("/api/prescriptions/check", world.draft(patient))
        rules = [s["rule"] for one in checked["prices"]["lowest"]["steps"] for s in one["steps"]]
        assert {"diagnosis", "deductible"} <= set(rules)

    def test_is_kept_line_by_line(self, world, patient):
        """C3: the patient reads it later, too."""
        covers(world.fund_agent, patient, deductible_fen=700, tiers=TIERS)
        rx = world.authorized(patient)
        bill = patient.client.get(of(rx, "bill"))
        assert (bill["patient_fen"], bill["payers"]) == (paid(rx)[-1], {world.fund.slug: 2_638})
        taken = [step["fen"] for one in bill["steps"] for step in one["steps"]]
        assert sum(taken) == bill["patient_fen"]
        assert refused(world.a_patient().client.get, of(rx, "bill")) == "access.wrong_patient"


class TestAPromise:
    def test_holds_for_a_while_whatever_the_payer_changes(self, world, patient):
        """C3: of the doctor's check or of the search; it is about terms, and for this patient."""
        agent = world.insurer_agent
        code = publishes(agent, rates_bp={"甲": 5_000})
        number = insures(agent, code, patient)
        checked = world.doctor.post("/api/prescriptions/check", world.draft(patient))
        publishes(agent, code, rates_bp={"甲": 1_000})
        insures(agent, code, world.a_patient(), number=number)

        assert paid(world.authorized(patient)) == [2 * PRICE]
        rx = world.approved(patient)
        choice = {**world.choice(patient), "promise": checked["promise"]}
        patient.client.command(of(rx, "authorize"), choice)
        assert paid(rx) == [1_998, 2_000]

        other = world.a_patient()
        theirs = world.approved(other)
        assert refused(other.client.command, of(theirs, "authorize"), choice) == "promise.unknown"

    def test_ends(self, world, patient, monkeypatch):
        """F11"""
        monkeypatch.setattr(promised, "HOLDS", timedelta(0))
        checked = world.doctor.post("/api/prescriptions/check", world.draft(patient))
        rx = world.approved(patient)
        choice = {**world.choice(patient), "promise": checked["promise"]}
        assert refused(patient.client.command, of(rx, "authorize"), choice) == "promise.over"


class TestProducts:
    def test_are_sold_in_editions(self, world, patient):
        """C3: the newest in force counts, and what was published is never changed."""
        agent = world.insurer_agent
        code = publishes(agent, rates_bp={"甲": 1_000})
        insures(agent, code, patient)
        assert paid(world.authorized(patient))[0] == 2 * 199
        publishes(agent, code, rates_bp={"甲": 2_000})
        publishes(agent, code, begins=timedelta(days=1), rates_bp={"甲": 3_000})
        assert paid(world.authorized(patient))[0] == 2 * 399
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Edition.objects.filter(product__code=code).update(terms={})

    def test_of_others_are_nobody_s_to_sell(self, world, patient):
        """Z4, D4"""
        code = publishes(world.insurer_agent)
        assert refused(insures, world.fund_agent, code, patient) == "product.unknown"
        assert refused(publishes, world.insurer_agent, "c-1") == "product.reserved"
        assert refused(insures, world.insurer_agent, "c-1", patient) == "product.unknown"
        terms = {"rates_bp": {"丁": 1}}
        body = {"code": "x", "name": "x", "terms": terms, "valid_from": "2026-01-01T00:00:00Z"}
        assert refused(world.insurer_agent.write, "/api/products", body) == "product.bad_terms"

    def test_are_listed_for_their_payer(self, world, patient):
        """Z4, D3: page by page, with the terms of each edition, and for nobody else."""
        agent = a_member(Role.AGENT, an_organisation(OrganisationKind.INSURER))
        first, second, third = sorted(publishes(agent) for _ in range(3))
        publishes(agent, first, begins=timedelta(days=1), rates_bp={"乙": 1})
        family = insures(agent, first, patient, world.a_patient())
        numbers = sorted([family, covers(agent, patient)])

        listed = list(agent.each("/api/products", "products", size=2))
        shown = list(agent.each(f"/api/products/{first}", "editions", size=1))
        sold = list(agent.each("/api/policies", "policies", size=1))

        counts = {one["code"]: (one["editions"], one["in_force"]) for one in listed}
        assert [one["code"] for one in listed][:3] == sorted(counts)[:3]
        assert (counts[first], counts[second], counts[third]) == ((2, 1), (1, 1), (1, 1))
        assert [one["edition"] for one in shown] == [2, 1]
        assert [[*one["terms"]["rates_bp"]] for one in shown] == [["乙"], ["甲"]]
        assert [one["number"] for one in sold] == numbers
        assert {one["product"]: one["insured"] for one in sold}[first] == 2
        other = world.insurer_agent
        assert refused(other.get, f"/api/products/{first}") == "product.not_found"
        assert first not in {one["code"] for one in other.each("/api/products", "products")}
        assert not {*numbers} & {one["number"] for one in other.each("/api/policies", "policies")}

    @pytest.mark.parametrize("path", ["/api/products", "/api/policies"])
    def test_a_longer_list_costs_no_more(self, world, patient, path):
        """D3: nothing is asked per row."""
        agent = a_member(Role.AGENT, an_organisation(OrganisationKind.INSURER))
        publishes(agent)
        few, _ = queries_of(lambda: agent.get(path)), covers(agent, patient)
        covers(agent, patient)
        assert len(queries_of(lambda: agent.get(path))) == len(few) <= 6

    def test_are_read_from_a_file_all_or_none(self, world, tmp_path):
        """D4: as the interface takes them."""
        good = {"code": "f1", "name": "x", "terms": {"rates_bp": {"甲": 1}}}
        good["valid_from"] = "2026-01-01T00:00:00Z"
        bad = {**good, "code": "f2", "terms": {"rates_bp": {"丁": 1}}}
        file = tmp_path / "products.json"
        for rows, faulty in (([good, bad], "bad_terms"), ([good, {"code": "?"}], "valid_from")):
            file.write_text(json.dumps(rows))
            with pytest.raises(CommandError, match=faulty):
                call_command("products", world.insurer.slug, str(file))
        file.write_text(json.dumps([good, good]))
        call_command("products", world.insurer.slug, str(file))
        editions = Edition.objects.filter(product__payer=world.insurer, product__code="f1")
        assert sorted(one.number for one in editions) == [1, 2]

    def test_insure_whom_the_payer_names_last(self, world, patient):
        """C3: who is not named any more is not insured any more."""
        agent, kin = world.insurer_agent, world.a_patient()
        code = publishes(agent)
        number = insures(agent, code, patient, kin)
        insures(agent, code, kin, number=number)
        assert paid(world.authorized(patient)) == [2 * PRICE]
        assert paid(world.authorized(kin)) == [2 * PRICE, 0]


def less(rows):
    """One fen less in each of the rows."""
    changed = "fen" if hasattr(rows.model, "fen") else "patient_fen"
    rows.update(**{changed: F(changed) - 1})


def from_one_to_another(rows):
    """A fen moves between two payers, so that their sum is what it was."""
    one, other = rows.order_by("id")[:2]
    rows.filter(id=one.id).update(fen=F("fen") - 1)
    rows.filter(id=other.id).update(fen=F("fen") + 1)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("bill_payers_add_up", lambda bill: less(Bill.objects.filter(id=bill.id))),
        ("bill_payers_add_up", lambda bill: less(bill.shares.all())),
        ("bill_is_its_lines", lambda bill: less(bill.lines.all())),
        ("line_payers_add_up", lambda bill: less(LineShare.objects.filter(share__bill=bill))),
        ("share_is_its_lines", lambda bill: from_one_to_another(bill.shares.all())),
        ("share_is_its_lines", lambda bill: from_one_to_another(bill.lines.first().shares.all())),
    ],
)
def test_the_database_adds_up_bill_and_lines(world, patient, name, broken):
    """C1, C3: at the commit, whoever forgot it."""
    world.covers(patient, insurer_bp=5_000)
    bill = Bill.objects.get(prescription__id=world.authorized(patient))
    not_committed(name, lambda: broken(bill))


def test_the_database_adds_up_what_is_left_after_a_return(world, patient):
    """C1, R6: of the patient, and of each payer."""
    world.covers(patient, insurer_bp=5_000)
    rx = world.delivered(patient)
    bring_back(world.pharmacist, rx, {"lines": {"1": 1}, "reason": "quality"})
    left = Reckoning.objects.filter(bill__prescription__id=rx)
    shares = ReckoningShare.objects.filter(reckoning__in=left)
    for rows in (left, shares):
        not_committed("reckoning_adds_up", lambda rows=rows: less(rows))


def not_committed(name, change):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        change()
    assert refusal.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]
