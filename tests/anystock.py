"""
Two pharmacies' shelves as a few dictionaries, and operations that are drawn at random.

Each operation is a call of ours, and what the dictionaries say comes of it: the next ``Books``, or
None where it must be refused. ``found`` reads the same from the database.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hospital import calendar
from hospital.roles import Actor
from ledger.chain import Appended
from pharmacy.actions import boxing, consigning, lots, receiving, stock
from pharmacy.models import Box, Consignment, Lot, Reservation, StockItem
from prescriptions.models import Prescription
from tests.boxed import a_code

DAYS = {"D": 1, "B": 10, "C": 20, "A": 30}
"""Lots' numbers and in how many days they expire, the first first."""
WHY = "盘点"


@dataclass
class OfLot:
    """``boxes``: code → units left in it; an empty box stands nowhere."""

    loose: int = 0
    boxes: dict[str, int] = field(default_factory=dict)
    aside: bool = False

    @property
    def units(self) -> int:
        return self.loose + sum(self.boxes.values())


@dataclass
class Shelf:
    """``reserved``: who waits → units."""

    lots: dict[str, OfLot] = field(default_factory=dict)
    reserved: dict[int, int] = field(default_factory=dict)

    def usable(self) -> list[tuple[str, OfLot]]:
        """What may be given out, in the order of its expiry."""
        return [(name, self.lots[name]) for name in DAYS if self._usable(name)]

    def _usable(self, name: str) -> bool:
        return name in self.lots and not self.lots[name].aside

    def free(self) -> int:
        return sum(lot.units for _, lot in self.usable()) - sum(self.reserved.values())


@dataclass
class OnTheWay:
    sender: int
    number: str
    units: int
    boxes: dict[str, int]
    state: str = "sent"


@dataclass
class Books:
    """Both shelves, and consignments by the number of the operation that sent them."""

    shelves: list[Shelf] = field(default_factory=lambda: [Shelf(), Shelf()])
    way: dict[int, OnTheWay] = field(default_factory=dict)

    def units(self) -> int:
        """Of the whole country."""
        lying = sum(lot.units for shelf in self.shelves for lot in shelf.lots.values())
        return lying + sum(one.units for one in self.way.values())


@dataclass
class Scene:
    """
    Who acts where; ``since`` plus so many microseconds is the moment of an operation.

    ``full``: every code that was ever scanned, and the units of its box when it was sealed.
    """

    items: tuple[StockItem, StockItem]
    actors: tuple[Actor, Actor]
    waiting: tuple[list[Prescription], list[Prescription]]
    since: datetime
    full: dict[str, int] = field(default_factory=dict)

    def at(self, number: int) -> datetime:
        return self.since + timedelta(microseconds=number)

    def expires_on(self, number: str) -> date:
        return calendar.legal_day(self.since) + timedelta(days=DAYS[number])

    def lot(self, side: int, number: str) -> Lot:
        return Lot.objects.get(item=self.items[side], number=number)

    def consignment(self, number: int) -> Any:
        return Consignment.objects.get(created_at=self.at(number), lot__item__in=self.items).id


@dataclass(frozen=True)
class Operation:
    """``then``: the books afterwards, None if it is refused; ``scans``: codes of new boxes."""

    name: str
    act: Callable[[], Any]
    then: Books | None
    scans: dict[str, int]


def found(scene: Scene) -> Books:
    """What the database says."""
    books = Books()
    for shelf, item in zip(books.shelves, scene.items, strict=True):
        for lot in Lot.objects.filter(item=item):
            shelf.lots[lot.number] = OfLot(lot.loose, {}, lot.state == Lot.State.QUARANTINED)
        for box in Box.objects.filter(lot__item=item, on_hand__gt=0).select_related("lot"):
            shelf.lots[box.lot.number].boxes[box.code] = box.on_hand
        held = Reservation.objects.filter(item=item, state=Reservation.State.HELD)
        units = dict(held.values_list("prescription_id", "quantity"))
        side = scene.items.index(item)
        shelf.reserved = {
            who: units[rx.id] for who, rx in enumerate(scene.waiting[side]) if rx.id in units
        }
    coming = Consignment.objects.filter(lot__item__in=scene.items, arrived_in=None)
    for one in coming.select_related("lot").prefetch_related("boxes"):
        number = (one.created_at - scene.since) // timedelta(microseconds=1)
        side = [item.id for item in scene.items].index(one.lot.item_id)
        boxes = {box.code: box.holds for box in one.boxes.all()}
        books.way[number] = OnTheWay(side, one.lot.number, one.units, boxes, one.state)
    return books


class Drawing:
    """Draws the operation of a number out of what the books hold."""

    def __init__(self, scene: Scene, books: Books, number: int, chance: random.Random) -> None:
        self.scene, self.number, self.chance = scene, number, chance
        self.books, self.then = books, deepcopy(books)
        self.side = chance.randrange(2)
        self.shelf, self.mine = books.shelves[self.side], self.then.shelves[self.side]
        self.scans: dict[str, int] = {}
        self.by: Mapping[str, Any] = {"by": scene.actors[self.side], "at": scene.at(number)}

    def draw(self) -> Operation:
        names = ("receive", "receive", "bring_again", "scan_in", "count", "put", "reserve")
        more = ("reserve", "release", "take", "take", "send", "answer", "answer")
        name = self.chance.choice((*names, *more))
        act, possible = getattr(self, name)()
        return Operation(name, act, self.then if possible else None, self.scans)

    # Each gives the call, and whether it must succeed; it writes into ``mine`` what comes of it.

    def receive(self) -> tuple[Callable[[], Any], bool]:
        name, loose = self.chance.choice(list(DAYS)), self.chance.randint(1, 4)
        full, codes = self._new_boxes(self.chance.randint(0, 3))
        lot = self.mine.lots.setdefault(name, OfLot())
        lot.loose += loose
        lot.boxes |= dict.fromkeys(codes, full)
        goods = receiving.Goods(
            self.scene.items[self.side].medicine_id,
            name,
            self.scene.expires_on(name),
            loose + full * len(codes),
            "1",
            boxes=codes,
            box_units=full,
        )
        return lambda: receiving.receive(goods, **self.by), True

    def bring_again(self) -> tuple[Callable[[], Any], bool]:
        """A code that was scanned before, wherever its box is now."""
        if not self.scene.full:
            return self.receive()
        code = self.chance.choice(list(self.scene.full))
        medicine, until = self.scene.items[self.side].medicine_id, self.scene.expires_on("A")
        goods = receiving.Goods(medicine, "A", until, 9, "1", boxes=[a_code(), code])
        return lambda: receiving.receive(goods, **self.by), False

    def scan_in(self) -> tuple[Callable[[], Any], bool]:
        name = self._number()
        if not name:
            return self.receive()
        full, codes = self._new_boxes(self.chance.randint(1, 2))
        lot, before = self.mine.lots[name], self.shelf.lots[name]
        lot.loose -= full * len(codes)
        lot.boxes |= dict.fromkeys(codes, full)

        def act() -> Any:
            return boxing.scan_in(self.scene.lot(self.side, name).id, codes, full, **self.by)

        return act, before.loose >= full * len(codes)

    def count(self) -> tuple[Callable[[], Any], bool]:
        name = self._number()
        if not name:
            return self.receive()
        lot = self.mine.lots[name]
        before, gone = lot.units, 0
        missing = self.chance.sample(sorted(lot.boxes), min(len(lot.boxes), self._few()))
        units = max(before + self.chance.randint(-4, 2), 0)
        for code in missing:
            gone += lot.boxes.pop(code)
        lot.loose = units - sum(lot.boxes.values())
        left = sum(one.units for one in self.mine.lots.values())
        possible = (
            lot.loose >= 0
            and gone <= max(before - units, 0)
            and (units == before or left >= sum(self.mine.reserved.values()))
        )

        def act() -> Any:
            there = self.scene.lot(self.side, name).id
            return receiving.count(there, units, WHY, **self.by, missing=missing)

        return act, possible

    def put(self) -> tuple[Callable[[], Any], bool]:
        name, aside = self._number(), self.chance.random() < 0.3
        if not name:
            return self.receive()
        self.mine.lots[name].aside = aside
        state = Lot.State.QUARANTINED if aside else Lot.State.OPEN
        there = self.scene.lot
        return lambda: receiving.put(there(self.side, name).id, state, WHY, **self.by), True

    def reserve(self) -> tuple[Callable[[], Any], bool]:
        who, units = self._who(), self.chance.randint(1, 6)
        if who in self.shelf.reserved:
            return self.release()
        self.mine.reserved[who] = units
        item, rx = self.scene.items[self.side], self.scene.waiting[self.side][who]
        wanted, at = {"1": (item.medicine_id, units)}, self.by["at"]
        return (
            lambda: stock.reserve(rx, item.pharmacy, wanted, at=at),
            self.shelf.free() >= units,
        )

    def release(self) -> tuple[Callable[[], Any], bool]:
        who = self._who()
        self.mine.reserved.pop(who, None)
        rx = self.scene.waiting[self.side][who]
        return lambda: stock.release(rx), True

    def take(self) -> tuple[Callable[[], Any], bool]:
        """What expires first: its boxes by their codes, or as if nothing had one."""
        if not self.shelf.reserved:
            return self.reserve()
        who = self.chance.choice(sorted(self.shelf.reserved))
        wanted, coded = self.mine.reserved.pop(who), self.chance.random() < 0.7
        lines = {"1": wanted}
        units: dict[Any, int] = {}
        boxes: dict[str, int] = {}
        possible = True
        for name, lot in self.mine.usable():
            went = some = min(wanted, lot.units)
            wanted -= went
            for code in sorted(lot.boxes) if coded else ():
                boxes[code] = min(some, lot.boxes[code])
                some -= boxes[code]
                lot.boxes[code] -= boxes[code]
            lot.boxes = {code: left for code, left in lot.boxes.items() if left}
            lot.loose -= some
            possible = possible and lot.loose >= 0
            if went:
                units[self.scene.lot(self.side, name).id] = went
        boxes = {code: some for code, some in boxes.items() if some}
        choice = lots.Choice(units, "", boxes) if boxes else lots.Choice()
        rx = self.scene.waiting[self.side][who]
        given = lots.Given(lines, choice)
        return lambda: stock.take(rx, given, AN_ENTRY, **self.by), possible and not wanted

    def send(self) -> tuple[Callable[[], Any], bool]:
        name = self._number()
        if not name:
            return self.receive()
        lot, other = self.mine.lots[name], self.scene.items[1 - self.side].pharmacy.slug
        few = min(len(lot.boxes), self._few())
        boxes = {code: self.scene.full[code] for code in self.chance.sample(sorted(lot.boxes), few)}
        sealed = all(lot.boxes[code] == full for code, full in boxes.items())
        loose = self.chance.randint(0 if boxes else 1, 2)
        units = loose + sum(boxes.values())
        possible = sealed and not lot.aside and lot.loose >= loose and self.shelf.free() >= units
        lot.loose -= loose
        lot.boxes = {code: left for code, left in lot.boxes.items() if code not in boxes}
        self.then.way[self.number] = OnTheWay(self.side, name, units, boxes)

        def act() -> Any:
            there = self.scene.lot(self.side, name).id
            return consigning.send(consigning.Goods(there, other, units, list(boxes)), **self.by)

        return act, possible

    def answer(self) -> tuple[Callable[[], Any], bool]:
        """Accepted, refused or taken back, by whoever is drawn."""
        if not self.books.way:
            return self.send()
        number = self.chance.choice(sorted(self.books.way))
        coming, verb = self.books.way[number], self.chance.choice(("accept", "refuse", "take_back"))
        state, receives = coming.state, coming.sender != self.side
        if verb == "refuse":
            self.then.way[number].state = "refused"
            possible = receives and state == "sent"
        else:
            self._arrives(self.then.way.pop(number))
            kept = self.books.shelves[coming.sender].lots[coming.number]
            possible = receives and state == "sent" and not kept.aside
            possible = not receives if verb == "take_back" else possible
        said = "" if verb == "accept" else WHY

        def act() -> Any:
            return getattr(consigning, verb)(self.scene.consignment(number), said, **self.by)

        return act, possible

    def _arrives(self, coming: OnTheWay) -> None:
        lot = self.mine.lots.setdefault(coming.number, OfLot())
        lot.loose += coming.units - sum(coming.boxes.values())
        lot.boxes |= coming.boxes

    def _new_boxes(self, many: int) -> tuple[int, list[str]]:
        full, codes = self.chance.randint(1, 3), [a_code() for _ in range(many)]
        self.scans = dict.fromkeys(codes, full)
        return full, codes

    def _number(self) -> str:
        """A lot that is there, empty or not."""
        return self.chance.choice(sorted(self.shelf.lots)) if self.shelf.lots else ""

    def _who(self) -> int:
        return self.chance.randrange(len(self.scene.waiting[self.side]))

    def _few(self) -> int:
        return self.chance.choice((0, 1, 1, 2))


AN_ENTRY = Appended(
    event_id=1,
    log="",
    subject="",
    version=1,
    leaf=b"\1" * 32,
    at=datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
    stored_at=datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
)
