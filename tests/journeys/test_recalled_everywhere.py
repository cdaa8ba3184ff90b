"""What is recalled leaves a shelf by no way: part, substitute, consignment, or offline."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hospital.client import Problem
from pharmacy import queries_recalls
from pharmacy.models import Lot, Movement, Recall, StockItem, Substitution
from tests import lawfulness, stockbooks
from tests.journeys import unplugged, writes
from tests.journeys.test_offline import bring
from tests.journeys.test_recalls import GRAVE, refusal
from tests.journeys.watching import everything
from tests.journeys.writes import of
from tests.shelves import NUMBER, a_lot
from tests.world import Patient, World


@pytest.fixture
def world(database: None, session_world: World) -> World:
    """One of its own: what is recalled here is given out elsewhere."""
    return World(session_world.wechat)


def recall(world: World, medicine: str, number: str = NUMBER) -> None:
    body = {"medicine": medicine, "number": number, **GRAVE}
    world.regulator.command("/api/recalls", body)


def refuses(by: Any, path: str, body: dict[str, Any]) -> str:
    before = everything()
    with pytest.raises(Problem) as problem:
        by.write(path, body)
    assert everything() == before
    return problem.value.code


def test_no_part_of_it(world: World, patient: Patient):
    rx = world.scanned(patient)
    recall(world, world.medicines[0].code)
    part = of(rx, "dispense-part")
    assert refusal(world.pharmacist, part, {"lines": {"1": 1}}) == "lot.none_usable"
    done = world.pharmacist.command(part, {"lines": {"2": 1}})
    assert done["status"] == "dispensed"
    assert lawfulness.faults() == []


def test_no_substitute_of_it(world: World, patient: Patient):
    """The proposal was made before; nothing is kept of it any more."""
    proposed = writes.propose_other(world, patient)
    proposed.by.write(proposed.path, proposed.body)
    other = Substitution.objects.select_related("item").get(prescription__id=proposed.rx).item
    recall(world, other.medicine_id, "")
    assert refusal(patient.client, of(proposed.rx, "agree"), {}) == "stock.out"


class TestConsignments:
    def test_it_is_not_sent(self, world: World, patient: Patient):
        ready = writes.send_goods(world, patient)
        lot = Lot.objects.select_related("item").get(id=ready.body["lot"])
        recall(world, lot.item.medicine_id, lot.number)
        assert refuses(ready.by, ready.path, ready.body) == "lot.recalled"

    def test_it_is_not_accepted_and_goes_back(self, world: World, patient: Patient):
        ready = writes.accept_goods(world, patient)
        lot = Movement.objects.select_related("lot__item").filter(kind="sent").latest("id").lot
        recall(world, lot.item.medicine_id, "")
        assert refuses(ready.by, ready.path, {"storage": "room"}) == "lot.recalled"
        back = ready.path.replace("accept", "take-back")
        assert world.pharmacist.write(back, {"reason": "被召回"})["state"] == "returned"
        listed = world.pharmacist.get("/api/stock/lots", medicine=lot.item.medicine_id)["lots"]
        assert [one["usable"] for one in listed] == [False]
        assert list(stockbooks.the_consignments()) == []

    def test_the_database_refuses_it_too(self, world: World, patient: Patient):
        """R6: even code that forgot to look."""
        path = writes.sent_goods(world, patient)
        sent = Movement.objects.filter(kind="sent").latest("id")
        there = StockItem.objects.get(
            pharmacy=world.other_pharmacy, medicine=sent.lot.item.medicine
        )
        lot = a_lot(there, 1)
        recall(world, there.medicine_id, "")
        with pytest.raises(DatabaseError, match="is recalled"), transaction.atomic():
            Movement.objects.create(
                lot=lot,
                kind="arrived",
                quantity=1,
                at=sent.at,
                by_id=sent.by_id,
                consignment_id=path.rpartition("/")[2],
            )


class TestOffline:
    """Given out in the afternoon, recalled in the evening, brought in at night."""

    @pytest.fixture
    def rx(self, world: World, patient: Patient) -> str:
        return world.paid(patient)

    @pytest.fixture
    def given(self, world: World, patient: Patient, rx: str) -> dict[str, Any]:
        return unplugged.gives(world, patient, unplugged.wallet(patient, rx))

    def test_it_collides(self, world: World, patient: Patient, rx: str, given: dict[str, Any]):
        """No lot is named, so it may have been this one; what was given is not forgotten."""
        recall(world, world.medicines[0].code)
        done = bring(world.pharmacist, given)
        assert (done["slip"]["outcome"], done["slip"]["reason"]) == ("collided", "recalled")
        assert lawfulness.faults() == []

    def test_another_lot_was_given_out(
        self, world: World, patient: Patient, rx: str, given: dict[str, Any]
    ):
        first, second = world.medicines[:2]
        item = StockItem.objects.get(pharmacy=world.pharmacy, medicine=first)
        other = a_lot(item, 5, "另一批")
        recall(world, first.code)
        rest = Lot.objects.get(item__pharmacy=world.pharmacy, item__medicine=second)
        lots = [{"lot": str(one.id), "units": 1} for one in (other, rest)]
        done = bring(world.pharmacist, given, lots=lots, reason="所发批号")
        assert done["slip"]["outcome"] == "dispensed"

    def test_drawn_before_and_signed_after(
        self, world: World, patient: Patient, rx: str, given: dict[str, Any]
    ):
        """What was drawn is not what would be entered now; it is drawn again, and collides."""
        body = {**given, "checks": unplugged.CHECKS, "key": world.pharmacist.key_name}
        drawn = world.pharmacist.post("/api/offline/statement", body)
        assert drawn["shows"]["outcome"] == "dispensed"
        recall(world, world.medicines[0].code)
        drawn = world.pharmacist.post("/api/offline/statement", body)
        assert (drawn["shows"]["outcome"], drawn["shows"]["reason"]) == ("collided", "recalled")


def test_telling_loops_over_the_lots(world: World, patient: Patient):
    """The plan asks each lot, prescription and account by itself, whatever else there is."""
    world.delivered(patient)
    recall(world, world.medicines[0].code)
    asked = queries_recalls.asked_of(Recall.objects.latest("created_at"), 10)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the tables of a test are small
        cursor.execute(f"EXPLAIN (COSTS OFF) {queries_recalls.BATCH}", asked)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Nested Loop" in plan
    assert re.search(r"Index Cond: \(id = given\w*\.prescription\)", plan), plan
    assert "Merge Join" not in plan
