"""
The stock equation: whatever is done with a shelf, in whatever order, its movements add up to what
lies there, lot by lot, and nothing is ever below zero.

Random operations are compared with a second description of a shelf: a few dictionaries.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hospital import calendar, errors
from hospital.models import Account
from hospital.roles import Actor
from ledger.chain import Appended
from pharmacy.actions import lots, receiving, stock
from pharmacy.models import Lot, Movement, StockItem
from prescriptions.models import Prescription
from tests import stockbooks
from tests.journeys.watching import at_once, drawn, outcomes
from tests.journeys.writes import of
from tests.shelves import a_lot, a_shelf
from tests.world import World, a_medicine

NUMBERS = ("A", "B", "C", "D")
UNITS = st.integers(1, 6)
DAYS = {"A": 30, "B": 10, "C": 20, "D": 1}
"""From today."""
WAITING = 3
"""How many prescriptions may have something reserved."""


class AnyShelf(RuleBasedStateMachine):
    """
    One item of one pharmacy: what lies there by lot, what is put aside, what is reserved by whom.

    ``world``, ``waiting`` and ``by`` are the test's, for hypothesis makes the machines itself.
    """

    world: World
    waiting: list[Prescription]
    by: Actor

    @initialize()
    def empty(self) -> None:
        self.item = a_shelf(self.world.pharmacy, a_medicine(), on_hand=0)
        self.lies: dict[str, int] = {}
        self.aside: set[str] = set()
        self.reserved: dict[int, int] = {}

    @property
    def now(self) -> Any:
        return timezone.now()

    def expires_on(self, number: str) -> date:
        return calendar.legal_day(self.now) + timedelta(days=DAYS[number])

    def usable(self) -> list[str]:
        """What may be given out, in the order of its expiry."""
        return sorted(set(self.lies) - self.aside, key=lambda number: DAYS[number])

    def lot(self, number: str) -> Lot:
        return Lot.objects.get(item=self.item, number=number)

    # --- what is done, and whether it should be possible ----------------------------------------

    @rule(number=st.sampled_from(NUMBERS), units=UNITS)
    def receive(self, number: str, units: int) -> None:
        code = self.item.medicine_id
        goods = receiving.Goods(code, number, self.expires_on(number), units, "1")
        receiving.receive(goods, by=self.by, at=self.now)
        self.lies[number] = self.lies.get(number, 0) + units

    @rule(number=st.sampled_from(NUMBERS), units=st.integers(0, 9))
    def count(self, number: str, units: int) -> None:
        if number not in self.lies:
            return
        would_lie = sum(self.lies.values()) - self.lies[number] + units
        possible = would_lie >= sum(self.reserved.values())
        done = self.succeeds(
            lambda: receiving.count(self.lot(number).id, units, "盘点", by=self.by, at=self.now)
        )
        assert done == possible
        if done:
            self.lies[number] = units

    @rule(number=st.sampled_from(NUMBERS), state=st.sampled_from(Lot.State))
    def put(self, number: str, state: Lot.State) -> None:
        if number not in self.lies:
            return
        receiving.put(self.lot(number).id, state, "待验", by=self.by, at=self.now)
        (self.aside.add if state is Lot.State.QUARANTINED else self.aside.discard)(number)

    @rule(who=st.integers(0, WAITING - 1), units=UNITS)
    def reserve(self, who: int, units: int) -> None:
        if who in self.reserved:
            return
        there = sum(self.lies[number] for number in self.usable())
        wanted = {"1": (self.item.medicine_id, units)}
        done = self.succeeds(
            lambda: stock.reserve(self.waiting[who], self.world.pharmacy, wanted, at=self.now)
        )
        assert done == (there - sum(self.reserved.values()) >= units)
        if done:
            self.reserved[who] = units

    @rule(who=st.integers(0, WAITING - 1))
    def release(self, who: int) -> None:
        assert stock.release(self.waiting[who]) == (1 if who in self.reserved else 0)
        self.reserved.pop(who, None)

    @rule(who=st.integers(0, WAITING - 1), number=st.sampled_from((*NUMBERS, "")))
    def take(self, who: int, number: str) -> None:
        """What expires first, or all of one lot, for a reason."""
        if who not in self.reserved:
            return
        units = self.reserved[who]
        named = number in self.lies
        choice = lots.Choice({self.lot(number).id: units}, "急用") if named else lots.Choice()
        given = lots.Given({"1": units}, choice)
        among = [one for one in self.usable() if not named or one == number]
        done = self.succeeds(
            lambda: stock.take(self.waiting[who], given, AN_ENTRY, by=self.by, at=self.now)
        )
        assert done == (sum(self.lies[one] for one in among) >= units)
        if done:
            del self.reserved[who]
            for one in among:
                went = min(units, self.lies[one])
                self.lies[one], units = self.lies[one] - went, units - went

    def succeeds(self, act: Any) -> bool:
        try:
            with transaction.atomic():
                act()
        except errors.Refusal:
            return False
        return True

    # --- what always holds ----------------------------------------------------------------------

    @invariant()
    def the_books_are_right(self) -> None:
        found = Lot.objects.filter(item=self.item)
        assert {one.number: one.on_hand for one in found} == self.lies
        item = StockItem.objects.get(id=self.item.id)
        assert (item.on_hand, item.reserved) == (
            sum(self.lies.values()),
            sum(self.reserved.values()),
        )
        assert list(stockbooks.the_stock_equation(id=item.id)) == []

    def teardown(self) -> None:
        for rx in self.waiting:
            stock.release(rx)


AN_ENTRY = Appended(
    event_id=1,
    log="",
    subject="",
    version=1,
    leaf=b"\1" * 32,
    at=timezone.now(),
    stored_at=timezone.now(),
)


@pytest.fixture
def waiting(world: World) -> list[Prescription]:
    """Drafts: nobody else reserves for them."""
    patient = world.a_patient()
    return [Prescription.objects.get(id=world.drafted(patient)) for _ in range(WAITING)]


def test_any_shelf_adds_up(world, waiting):
    """C1, R14: receipts, counts, quarantine, reservations and dispensings, in any order."""
    account = Account.objects.select_related("organisation").get(id=world.pharmacist.account)
    AnyShelf.world, AnyShelf.waiting, AnyShelf.by = world, waiting, account.actor
    often = settings(
        max_examples=40,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],
    )
    run_state_machine_as_test(AnyShelf, settings=often)


BOXES = 4
LINE = {"lines": {"1": 1}}


def test_the_last_boxes_of_two_lots_are_given_out_at_once(world):
    """R14: real threads; each lot is emptied exactly, whoever comes first."""
    item = a_shelf(world.pharmacy, a_medicine(), on_hand=0)
    today = calendar.legal_day(timezone.now())
    for number, units, days in (("first", 1, 5), ("second", BOXES - 1, 6)):
        a_lot(item, units, number, today + timedelta(days=days))
    ready = [scanned(world, item) for _ in range(BOXES)]
    bodies = [drawn(world.pharmacist, of(rx, "dispense"), LINE) for rx in ready]

    results = at_once(
        *[
            lambda rx=rx, one=one: world.pharmacist.write(of(rx, "dispense"), one)
            for rx, one in zip(ready, bodies, strict=True)
        ]
    )

    assert outcomes(results) == ["done"] * BOXES
    item.refresh_from_db()
    assert (item.on_hand, item.reserved) == (0, 0)
    left = Movement.objects.filter(lot__item=item, kind="dispensed").order_by("lot__expires_on")
    assert [(one.lot.number, one.quantity) for one in left] == [
        ("first", -1),
        *[("second", -1)] * (BOXES - 1),
    ]
    assert list(stockbooks.the_stock_equation(id=item.id)) == []


def test_the_last_box_is_given_out_or_counted_away(world):
    """R14: what is reserved cannot be counted away meanwhile; real threads."""
    item = a_shelf(world.pharmacy, a_medicine(), on_hand=1)
    rx, lot = scanned(world, item), Lot.objects.get(item=item)
    giving = drawn(world.pharmacist, of(rx, "dispense"), LINE)
    counting = {"lot": str(lot.id), "units": 0, "reason": "丢失"}

    given, counted = at_once(
        lambda: world.pharmacist.write(of(rx, "dispense"), giving),
        lambda: world.second_pharmacist.write("/api/stock/counts", counting),
    )

    assert outcomes([given]) == ["done"]
    assert outcomes([counted]) in (["done"], ["stock.less_than_reserved"])
    item.refresh_from_db()
    assert (item.on_hand, item.reserved) == (0, 0)
    assert list(stockbooks.the_stock_equation(id=item.id)) == []


def scanned(world: World, item: StockItem) -> str:
    patient = world.a_patient()
    line = {**world.draft(patient)["lines"][0], "medicine": item.medicine_id}
    return world.scanned(patient, lines=[line])
