"""Books and goods agree (账物相符): narcotics by lot, beside counts and beside signed entries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hospital import calendar
from hospital.client import Client, Problem
from hospital.models import Account
from ledger import commitments
from ledger.note import decode_base64
from pharmacy.actions import reconciling
from pharmacy.models import Lot, Movement
from prescriptions.registers import Serial
from tests.journeys import narcotics
from tests.journeys.watching import count_entries, raw
from tests.journeys.writes import of_goods
from tests.shelves import a_lot, a_shelf
from tests.world import World, a_medicine

PATH, DAY = "/api/stock/reconciliation", timedelta(days=1)


@pytest.fixture
def world(session_world: World) -> World:
    """With a hospital, and so a pharmacy of narcotics, that no other test knows."""
    return World(session_world.wechat)


def books(reader: Client, **asked: Any) -> dict[str, Any]:
    return dict(reader.get(PATH, **asked))


def reconciled(world: World) -> reconciling.Reconciled:
    """Today's, asked where tampered rows are still seen."""
    account = Account.objects.select_related("organisation").get(id=world.own_pharmacist.account)
    today = calendar.legal_day(timezone.now())
    return reconciling.reconcile("", (today, today + DAY), by=account.actor)


def row(found: dict[str, Any], number: str) -> dict[str, Any]:
    (one,) = [one for one in found["lots"] if one["number"] == number]
    return dict(one)


SUMS = ("opening", "received", "dispensed", "corrected", "closing", "entries")


def sums(found: dict[str, Any], number: str) -> list[int]:
    return [row(found, number)[name] for name in SUMS]


@contextmanager
def undone() -> Iterator[None]:
    """What was tampered with inside is as before afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class TestTheBooks:
    def test_agree_with_what_was_signed_counted_and_registered(self, world):
        """K8: opening + received − dispensed ± corrected = closing; entries and register agree."""
        _ = world.morphine
        lot = Lot.objects.get(item__pharmacy=world.own_pharmacy)
        for _ in range(2):
            narcotics.dispensed(world, world.a_patient())
        first, second = world.own_pharmacist, world.second_own_pharmacist
        goods = of_goods(world.morphine.code, number="new", units=30)
        new = first.write("/api/stock/receipts", goods)
        body = {"lot": new["id"], "units": 29, "reason": "破损一盒"}
        counted = first.write("/api/stock/counts", body)
        waiting = books(first)
        second.write(f"/api/stock/counts/{counted['id']}/confirm", {})

        found = books(first)

        assert sums(found, lot.number) == [0, lot.on_hand, 2, 0, lot.on_hand - 2, 2]
        assert sums(found, "new") == [0, 30, 0, -1, 29, 0]
        assert sums(waiting, "new") == [0, 30, 0, 0, 30, 0]
        assert row(waiting, "new")["differences"] == waiting["differences"] == ["count"]
        assert found["differences"] == []
        assert (found["unknown"], found["dispensings"]) == ({}, 2)
        assert row(found, "new")["count"]["units"] == 29
        registered = Serial.objects.filter(register__hospital=world.hospital)
        given = registered.filter(prescription__status="dispensed")
        assert given.count() == found["dispensings"]
        units = sum(sum(one.prescription.quantities.values()) for one in given)
        assert units == sum(one["dispensed"] for one in found["lots"])

    def test_open_with_what_closed_the_day_before(self, world):
        _ = world.morphine
        lot = Lot.objects.get(item__pharmacy=world.own_pharmacy)
        narcotics.dispensed(world, world.a_patient())
        today = calendar.legal_day(timezone.now())
        tomorrow = {"since": today + DAY, "until": today + 2 * DAY}
        now, later = (
            row(books(world.own_pharmacist, **asked), lot.number)
            for asked in ({}, {name: day.isoformat() for name, day in tomorrow.items()})
        )
        assert later["opening"] == later["closing"] == now["closing"]
        assert later["received"] == later["dispensed"] == later["entries"] == 0

    def test_name_what_differs_from_the_entries(self, world):
        """L3: units that left without an entry, and entries of lots that are not there."""
        _ = world.morphine
        lot = Lot.objects.get(item__pharmacy=world.own_pharmacy)
        rx = narcotics.dispensed(world, world.a_patient())
        moved = Movement.objects.get(prescription__id=rx)
        with undone():
            Movement.objects.create(
                lot=lot,
                kind="dispensed",
                quantity=-3,
                by=moved.by,
                at=moved.at,
                prescription=moved.prescription,
                entry=moved.entry,
            )
            found = reconciled(world)
        (one,) = [one for one in found.balances if one.lot == lot]
        assert one.differences == found.differences == ["entries"]
        assert (one.dispensed, one.entries) == (4, 1)

    def test_name_entries_of_lots_that_are_not_there(self, world):
        """L3: seen from the entries, a lot that the database has lost is missed."""
        _ = world.morphine
        narcotics.dispensed(world, world.a_patient())
        lot = Lot.objects.get(item__pharmacy=world.own_pharmacy)
        other = a_shelf(world.own_pharmacy, a_medicine(), on_hand=0)
        with undone(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE pharmacy_lot DISABLE TRIGGER stays_the_same")
            cursor.execute("UPDATE pharmacy_lot SET item_id = %s WHERE id = %s", [other.id, lot.id])
            found = reconciled(world)
        assert found.unknown == {lot.commitment: 1}
        assert found.differences == ["unknown"]

    def test_let_whoever_reads_them_open_the_commitments(self, world):
        _ = world.morphine
        (one,) = books(world.regulator, pharmacy=world.own_pharmacy.slug)["lots"]
        said = [world.own_pharmacy.slug, one["medicine"], one["number"], one["expires_on"]]
        opened = commitments.digest(decode_base64(one["salt"]), "lot", said)
        assert opened.hex() == one["commitment"]


class TestReaders:
    def test_are_the_pharmacy_and_the_regulator(self, world):
        """Z1: to a pharmacist ``pharmacy`` changes nothing; a view of nobody's data is no look."""
        _ = world.morphine
        a_shelf(world.own_pharmacy, a_medicine(), on_hand=7)
        before = count_entries(kind="record.view")
        own = books(world.own_pharmacist, pharmacy=world.pharmacy.slug)
        assert own == books(world.regulator, pharmacy=world.own_pharmacy.slug)
        assert [one["medicine"] for one in own["lots"]] == [world.morphine.code]
        assert books(world.pharmacist, pharmacy=world.own_pharmacy.slug)["lots"] == []
        assert count_entries(kind="record.view") == before

    @pytest.mark.parametrize("pharmacy", ["", "no-such", "\x00", None])
    def test_are_told_of_no_pharmacy_that_is_none(self, world, pharmacy):
        asked = {"pharmacy": world.hospital.slug if pharmacy is None else pharmacy}
        with pytest.raises(Problem) as problem:
            books(world.regulator, **asked)
        assert (problem.value.status, problem.value.code) == (404, "stock.unknown_pharmacy")

    def test_ask_for_a_month_at_most(self, world):
        today = calendar.legal_day(timezone.now())
        for days, code in ((31, ""), (32, "stock.long_period"), (0, "register.bad_period")):
            asked = {"since": today.isoformat(), "until": (today + days * DAY).isoformat()}
            answer = raw(world.own_pharmacist, "GET", f"{PATH}?{urlencode(asked)}")
            assert answer.json().get("code", "") == code

    def test_cost_a_fixed_number_of_queries(self, world):
        """The session, the lots with their sums, the counts, what was given out, its entries."""
        costs = []
        for _ in range(2):
            item = a_shelf(world.own_pharmacy, a_medicine(control="narcotic"), on_hand=5)
            a_lot(item, 3, "another")
            narcotics.dispensed(world, world.a_patient())
            with CaptureQueriesContext(connection) as captured:
                books(world.own_pharmacist)
            costs.append(len(captured))
            with CaptureQueriesContext(connection) as captured:
                world.own_pharmacist.get("/api/double-checks")
                world.own_pharmacist.get("/api/stock/lots")
            costs.append(len(captured))
        assert costs[:2] == costs[2:]
        assert costs[0] <= 5
        assert costs[1] <= 4
