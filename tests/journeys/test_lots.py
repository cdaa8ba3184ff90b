"""Stock by lot: received, counted, put aside, and given out as it expires."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from hospital import calendar
from hospital.client import Client, Problem
from hospital.models import Account
from hospital.roles import Role
from pharmacy.lots import commitment
from pharmacy.models import Count, Lot, Movement, Placing, StockItem
from tests import lawfulness, stockbooks
from tests.journeys import narcotics
from tests.journeys.watching import everything, raw
from tests.journeys.writes import of, of_goods
from tests.shelves import a_lot, a_shelf
from tests.world import Patient, World, a_medicine, a_member

LINES = {"1": 2}
DAY = timedelta(days=1)


def today() -> Any:
    return calendar.legal_day(timezone.now())


def refusal(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a write is refused with; nothing was changed."""
    before = everything()
    with pytest.raises(Problem) as problem:
        client.write(path, body)
    assert everything() == before
    return dict(problem.value.body)


def give(world: World, rx: str, **more: Any) -> None:
    world.pharmacist.command(of(rx, "dispense"), {"lines": LINES, **more})


def gone(rx: str) -> dict[str, int]:
    """Lot's number → units that left it for a prescription."""
    moved = Movement.objects.filter(prescription__id=rx).select_related("lot")
    return {one.lot.number: -one.quantity for one in moved}


@pytest.fixture
def shelf(world: World) -> StockItem:
    """A medicine that nobody else's test gives out, in the world's pharmacy."""
    return a_shelf(world.pharmacy, a_medicine(), on_hand=0)


@pytest.fixture
def rx(world: World, patient: Patient, shelf: StockItem) -> str:
    """Scanned: two boxes of what has ``early`` (1), ``late`` (5) and ``later`` (5)."""
    for number, units, days in (("late", 5, 200), ("early", 1, 100), ("later", 5, 300)):
        a_lot(shelf, units, number, today() + days * DAY)
    lines = [{**world.draft(patient)["lines"][0], "medicine": shelf.medicine_id, "quantity": 2}]
    lines[0] |= {"dose": "1", "days": 7}
    return world.scanned(patient, lines=lines)


class TestReceipts:
    def test_make_a_lot_and_add_to_it(self, world, shelf):
        goods = of_goods(shelf.medicine_id)
        first = world.pharmacist.write("/api/stock/receipts", goods)
        again = world.pharmacist.write("/api/stock/receipts", {**goods, "units": 12})

        assert (first["on_hand"], again["on_hand"], again["id"]) == (30, 42, first["id"])
        shelf.refresh_from_db()
        assert shelf.on_hand == 42
        received = Movement.objects.filter(lot__item=shelf).order_by("id")
        assert [(one.kind, one.quantity, one.reason) for one in received] == [
            ("received", 30, "送货单 1"),
            ("received", 12, "送货单 1"),
        ]
        assert {str(one.by_id) for one in received} == {world.pharmacist.account}

    def test_bind_number_expiry_and_medicine_by_a_commitment(self, world, shelf):
        world.pharmacist.write("/api/stock/receipts", of_goods(shelf.medicine_id))
        lot = Lot.objects.get(item=shelf)
        said = (world.pharmacy.slug, shelf.medicine_id, lot.number, lot.expires_on)
        assert commitment(bytes(lot.salt), *said) == lot.commitment

    def test_refuse_what_cannot_be(self, world, shelf):
        path, code = "/api/stock/receipts", shelf.medicine_id
        world.pharmacist.write(path, of_goods(code))
        yesterday = (today() - DAY).isoformat()
        for body, found in (
            (of_goods(code, number="old", expires_on=yesterday), "lot.expired"),
            (of_goods(code, expires_on=today().isoformat()), "lot.other_expiry"),
            (of_goods(a_medicine().code), "stock.not_kept"),
            (of_goods(code, units=0), "body.invalid"),
            (of_goods(code, number=""), "body.invalid"),
        ):
            assert refusal(world.pharmacist, path, body)["code"] == found

    def test_stay_far_from_what_a_column_holds(self, world, shelf):
        """Never a 500: a thousand million units are refused."""
        a_lot(shelf, 999_999_999, "much")
        body = of_goods(shelf.medicine_id, units=2)
        assert refusal(world.pharmacist, "/api/stock/receipts", body)["code"] == "stock.too_much"

    def test_on_the_last_day_of_use_are_still_goods(self, world, shelf):
        """F11: the last day is a day of use; the day after is not."""
        body = of_goods(shelf.medicine_id, expires_on=today().isoformat())
        lot = Lot(expires_on=today())
        assert world.pharmacist.write("/api/stock/receipts", body)["on_hand"] == 30
        assert [lot.usable(today() + one * DAY) for one in (-1, 0, 1)] == [True, True, False]


class TestGivingOut:
    def test_takes_what_expires_first(self, world, rx):
        give(world, rx)
        assert gone(rx) == {"early": 1, "late": 1}
        assert list(stockbooks.the_stock_equation(pharmacy=world.pharmacy)) == []

    def test_takes_another_lot_for_a_reason_alone(self, world, rx, shelf):
        later = Lot.objects.get(item=shelf, number="later")
        named = {"lots": [{"lot": str(later.id), "units": 2}]}
        with pytest.raises(Problem) as problem:
            give(world, rx, **named)
        assert (problem.value.code, problem.value.body["lot"]) == ("lot.not_first", "early")
        give(world, rx, **named, reason="近效期药品患者疗程内到期")
        assert gone(rx) == {"later": 2}
        assert Movement.objects.get(prescription__id=rx).reason == "近效期药品患者疗程内到期"

    def test_takes_what_was_named_if_it_expires_first(self, world, rx, shelf):
        lots = {one.number: str(one.id) for one in Lot.objects.filter(item=shelf)}
        give(world, rx, lots=[{"lot": lots[name], "units": 1} for name in ("late", "early")])
        assert gone(rx) == {"early": 1, "late": 1}

    def test_takes_either_of_two_that_expire_together(self, world, rx, shelf):
        Lot.objects.filter(item=shelf, number="early").update(
            state="quarantined", state_reason="召回"
        )
        twin = a_lot(shelf, 5, "twin", today() + 200 * DAY)
        give(world, rx, lots=[{"lot": str(twin.id), "units": 2}])
        assert gone(rx) == {"twin": 2}

    @pytest.mark.parametrize("changes", [{"state": "quarantined", "state_reason": "召回"}, {}])
    def test_never_takes_what_has_expired_or_was_put_aside(self, world, rx, shelf, changes):
        """A reason does not help."""
        early = Lot.objects.get(item=shelf, number="early")
        expired = a_lot(shelf, 9, "expired", today() - DAY)
        Lot.objects.filter(id=early.id).update(**changes)
        bad = early if changes else expired
        for reason in ("", "急用"):
            with pytest.raises(Problem) as problem:
                give(world, rx, lots=[{"lot": str(bad.id), "units": 2}], reason=reason)
            assert problem.value.code == "lot.unusable"
        give(world, rx)
        assert gone(rx) == ({"late": 2} if changes else {"early": 1, "late": 1})

    def test_refuses_lots_that_do_not_fit(self, world, rx, shelf):
        lots = {one.number: str(one.id) for one in Lot.objects.filter(item=shelf)}
        other = a_lot(a_shelf(world.other_pharmacy, shelf.medicine, on_hand=0), 9)
        for named, code in (
            ([{"lot": str(other.id), "units": 2}], "lot.unknown"),
            ([{"lot": lots["early"], "units": 2}], "lot.too_few"),
            ([{"lot": lots["late"], "units": 1}], "lot.wrong_units"),
            ([{"lot": lots["late"], "units": 3}], "lot.wrong_units"),
            ([{"lot": lots["late"], "units": 1}] * 2, "body.invalid"),
        ):
            with pytest.raises(Problem) as problem:
                give(world, rx, lots=named, reason="急用")
            assert problem.value.code == code

    def test_refuses_when_nothing_usable_is_left(self, world, rx, shelf):
        Lot.objects.filter(item=shelf).update(state="quarantined", state_reason="召回")
        with pytest.raises(Problem) as problem:
            give(world, rx)
        assert problem.value.code == "lot.none_usable"
        assert gone(rx) == {}

    def test_is_promised_only_of_what_can_be_given_out(self, world, patient, shelf):
        """R14: who chooses a pharmacy is not promised what has expired there."""
        a_lot(shelf, 9, "expired", today() - DAY)
        lines = [{**world.draft(patient)["lines"][0], "medicine": shelf.medicine_id}]
        rx = world.approved(patient, lines=lines)
        with pytest.raises(Problem) as problem:
            patient.client.command(of(rx, "authorize"), world.choice(patient))
        assert problem.value.code == "stock.out"
        a_lot(shelf, 1, "fresh", today() + DAY)
        patient.client.command(of(rx, "authorize"), world.choice(patient))
        shelf.refresh_from_db()
        assert shelf.reserved == 1


class TestNarcotics:
    def test_name_their_lots_in_what_both_sign(self, world, patient):
        """K8: the entries commit to lot and units; the number itself stands in none."""
        rx = narcotics.dispensed(world, patient)
        (moved,) = Movement.objects.filter(prescription__id=rx).select_related("lot")
        found = world.own_pharmacist.get("/api/entries", subject=subject(rx))["entries"]
        checked, given = [one["note"] for one in found if one["kind"].startswith("pharmacy.")]
        for note in (checked, given):
            assert f'"lots":{{"{moved.lot.commitment}":1}}' in note
            assert moved.lot.number not in note
        assert bytes(moved.entry or b"").hex() == found[-1]["leaf"]
        assert lawfulness.faults() == []

    def test_are_not_checked_without_lots(self, world, patient):
        rx = narcotics.scanned(world, patient)
        body = narcotics.to_check(rx, lots=[])
        with pytest.raises(Problem) as problem:
            world.second_own_pharmacist.command(of(rx, "double-check"), body)
        assert problem.value.code == "lot.missing"

    def test_are_given_out_of_the_lots_that_were_checked(self, world, patient):
        rx = narcotics.double_checked(world, patient)
        item = StockItem.objects.get(pharmacy=world.own_pharmacy, medicine=world.morphine)
        other = a_lot(item, 5, f"other {rx[:8]}")
        body = {"lines": narcotics.LINES, "lots": [{"lot": str(other.id), "units": 1}]}
        with pytest.raises(Problem) as problem:
            world.own_pharmacist.command(of(rx, "dispense"), {**body, "reason": "急用"})
        assert problem.value.code == "lot.not_checked"
        world.own_pharmacist.command(of(rx, "dispense"), {"lines": narcotics.LINES})
        assert set(gone(rx)) != {other.number}

    def test_wait_in_a_list_for_the_second_pharmacist(self, world, patient):
        """Not one's own scan, not what was checked, not another pharmacy's; nothing is opened."""
        rx = narcotics.scanned(world, patient)
        first, second = world.own_pharmacist, world.second_own_pharmacist

        def waits(client: Client) -> list[str]:
            waiting = client.get("/api/double-checks")["waiting"]
            return [one["scan"] for one in waiting if one["prescription"] == rx]

        scan = narcotics.to_check(rx)["scan"]
        assert [waits(one) for one in (first, second, world.pharmacist)] == [[], [scan], []]
        newer = narcotics.scan(world, patient, rx)
        assert waits(second) == [newer]
        second.command(of(rx, "double-check"), narcotics.to_check(rx))
        assert waits(second) == []


class TestCounts:
    def test_correct_a_difference_for_a_reason(self, world, shelf):
        lot = a_lot(shelf, 9)
        path, body = "/api/stock/counts", {"lot": str(lot.id), "units": 7}
        assert refusal(world.pharmacist, path, body)["code"] == "lot.reason_missing"
        done = world.pharmacist.write(path, {**body, "reason": "破损"})
        lot.refresh_from_db()
        assert (done["expected"], done["units"], done["state"], lot.on_hand) == (9, 7, "settled", 7)
        world.pharmacist.write(path, body)
        assert Movement.objects.filter(lot=lot).count() == 2, "an equal count moves nothing"

    def test_of_narcotics_wait_for_another_person(self, world):
        """K8: two persons, however many accounts; the regulator sees what waits."""
        lot = a_lot(a_shelf(world.own_pharmacy, a_medicine(control="narcotic"), on_hand=0), 9)
        first, second = world.own_pharmacist, world.second_own_pharmacist
        body = {"lot": str(lot.id), "units": 8, "reason": "破损"}
        replaced = first.write("/api/stock/counts", body)
        waiting = first.write("/api/stock/counts", {**body, "units": 7})
        person = Account.objects.select_related("person").get(id=first.account).person
        again = a_member(Role.PHARMACIST, world.own_pharmacy, person=person)

        def confirm(count: dict[str, Any]) -> str:
            return f"/api/stock/counts/{count['id']}/confirm"

        lot.refresh_from_db()
        assert lot.on_hand == 9
        for client, count, code in (
            (first, waiting, "access.same_pharmacist"),
            (again, waiting, "access.same_pharmacist"),
            (second, replaced, "count.unknown"),
            (world.pharmacist, waiting, "count.unknown"),
        ):
            assert refusal(client, confirm(count), {})["code"] == code
        assert second.write(confirm(waiting), {})["state"] == "settled"
        lot.refresh_from_db()
        assert lot.on_hand == 7
        assert refusal(second, confirm(waiting), {})["code"] == "count.unknown"
        assert Count.objects.get(id=waiting["id"]).confirmer_person != person

    def test_leave_what_is_reserved(self, world, rx, shelf):
        for lot in Lot.objects.filter(item=shelf).exclude(number="early"):
            body = {"lot": str(lot.id), "units": 0, "reason": "丢失"}
            if lot.number == "late":
                world.pharmacist.write("/api/stock/counts", body)
            else:
                found = refusal(world.pharmacist, "/api/stock/counts", body)
                assert (found["code"], found["reserved"]) == ("stock.less_than_reserved", 2)

    def test_are_of_the_own_lots(self, world, shelf):
        lot = a_lot(a_shelf(world.other_pharmacy, shelf.medicine, on_hand=0), 9)
        for path, body in (
            ("/api/stock/counts", {"lot": str(lot.id), "units": 9}),
            (f"/api/stock/lots/{lot.id}/state", {"state": "open", "reason": "x"}),
        ):
            assert refusal(world.pharmacist, path, body)["code"] == "lot.unknown"


class TestTheList:
    def test_shows_what_expires_soon_first(self, world, shelf):
        for number, days in (("c", 30), ("a", 5), ("b", 5), ("z", 31)):
            a_lot(shelf, 3, number, today() + days * DAY)
        get, asked = world.pharmacist.get, {"medicine": shelf.medicine_id}

        def numbers(**more: Any) -> list[str]:
            return [one["number"] for one in get("/api/stock/lots", **asked, **more)["lots"]]

        assert sorted(numbers()[:2]) == ["a", "b"]
        assert numbers()[2:] == ["c", "z"]
        assert (len(numbers(days=30)), numbers(days=4)) == (3, [])
        page = get("/api/stock/lots", **asked, size=1)
        pages = [page["lots"][0]["number"]]
        while page["next"]:
            page = get("/api/stock/lots", **asked, size=1, cursor=page["next"])
            pages.append(page["lots"][0]["number"])
        assert pages == numbers()
        for wrong in ("-1", "x", "99999", "３", ""):
            answer = raw(world.pharmacist, "GET", f"/api/stock/lots?days={wrong}")
            assert (answer.status_code, answer.json()["code"]) == (422, "lot.bad_days")

    def test_says_what_was_put_aside(self, world, shelf):
        lot = a_lot(shelf, 3)
        path = f"/api/stock/lots/{lot.id}/state"
        for state, usable in (("quarantined", False), ("open", True)):
            world.pharmacist.write(path, {"state": state, "reason": "待验"})
            (one,) = world.pharmacist.get("/api/stock/lots", medicine=shelf.medicine_id)["lots"]
            assert (one["state"], one["usable"], one["reason"]) == (state, usable, "待验")


class TestWhoPutALotAside:
    def test_is_told_with_when_and_why_the_newest_first(self, world, shelf):
        """R14: the books tell who took goods out of use, and who put them back."""
        path = f"/api/stock/lots/{a_lot(shelf, 3).id}/state"
        assert world.pharmacist.get(path) == {"placings": [], "next": None}
        for who, state, reason in (
            (world.pharmacist, "quarantined", "包装破损"),
            (world.second_pharmacist, "open", "复检合格"),
            (world.pharmacist, "quarantined", "召回"),
        ):
            who.write(path, {"state": state, "reason": reason})
        newest = world.pharmacist.get(path, size=2)
        oldest = world.pharmacist.get(path, size=2, cursor=newest["next"])
        told = [*newest["placings"], *oldest["placings"]]
        assert [(one["by"], one["state"], one["reason"]) for one in told] == [
            (world.pharmacist.account, "quarantined", "召回"),
            (world.second_pharmacist.account, "open", "复检合格"),
            (world.pharmacist.account, "quarantined", "包装破损"),
        ]
        assert oldest["next"] is None
        assert [one["at"] for one in told] == sorted((one["at"] for one in told), reverse=True)

    def test_is_nobody_elses_and_stays(self, world, shelf):
        """Z3, R14: another pharmacy has no such lot; no row is changed or goes."""
        lot = a_lot(shelf, 3)
        path = f"/api/stock/lots/{lot.id}/state"
        world.pharmacist.write(path, {"state": "quarantined", "reason": "待验"})
        answer = raw(world.other_pharmacist, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "lot.unknown")
        rows = Placing.objects.filter(lot=lot)
        for write in (lambda: rows.update(reason="另因"), rows.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                write()
        assert rows.get().reason == "待验"


@pytest.mark.parametrize(
    "write",
    [
        lambda lot: StockItem.objects.filter(id=lot.item_id).update(on_hand=99),
        lambda lot: Lot.objects.filter(id=lot.id).update(on_hand=99),
        lambda lot: Lot.objects.filter(id=lot.id).update(number="other"),
        lambda lot: Movement.objects.filter(lot=lot).update(quantity=99),
        lambda lot: Movement.objects.filter(lot=lot).delete(),
        lambda lot: Movement.objects.create(
            lot=lot, kind="dispensed", quantity=-10, at=timezone.now(), by=None
        ),
    ],
)
def test_the_database_keeps_the_sum_of_the_movements(world, shelf, write):
    """C1: no code of ours can make the books differ from the movements, or go below zero."""
    lot = a_lot(shelf, 9)
    with pytest.raises(DatabaseError), transaction.atomic():
        write(lot)
    assert list(stockbooks.the_stock_equation(id=shelf.id)) == []


def subject(rx: str) -> str:
    return f"rx/{rx.replace('-', '')}"
