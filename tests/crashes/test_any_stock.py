"""
Receipts, counts, quarantine, reservations, dispensings and transfers between two pharmacies, in any
order, and processes that die before any step: the books of the database are those of a few
dictionaries, and whatever died was done or was not.

A failure names the seed and the operation. To see it again: ``RX_SEED=<seed>``.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from django.db import transaction
from django.utils import timezone

from hospital import errors
from hospital.models import Account
from pharmacy.actions import stock
from prescriptions.models import Prescription
from tests import forked, stockbooks
from tests.anystock import Books, Drawing, Operation, Scene, found
from tests.shelves import a_shelf
from tests.world import World, a_medicine

WAITING = 3
STEPS = 16
"""An operation has about so many: statements, and what is before and after its commit."""
DIED, REFUSED, DONE = "died", "refused", "done"


def a_scene(world: World) -> Scene:
    medicine, patient = a_medicine(), world.a_patient()
    items = [
        a_shelf(pharmacy, medicine, on_hand=0)
        for pharmacy in (world.pharmacy, world.other_pharmacy)
    ]
    people = Account.objects.select_related("organisation")
    actors = [
        people.get(id=one.account).actor for one in (world.pharmacist, world.other_pharmacist)
    ]
    waiting = [
        [Prescription.objects.get(id=world.drafted(patient)) for _ in range(WAITING)] for _ in items
    ]
    return Scene(
        (items[0], items[1]), (actors[0], actors[1]), (waiting[0], waiting[1]), timezone.now()
    )


def run(scene: Scene, operations: int, *, crashes: int, restarts: int = 0) -> Counter[str]:
    """So many operations, of which some die; how each came out."""
    seed = int(os.environ.get("RX_SEED", "2026"))
    chance, books, came = random.Random(seed), Books(), Counter[str]()
    dying = set(chance.sample(range(operations), crashes))
    restarting = set(chance.sample(sorted(dying), restarts))
    for number in range(operations):
        operation = Drawing(scene, books, number, chance).draw()
        told = f"operation {number} of seed {seed}: {operation.name}"
        if number not in dying:
            outcome = once(operation)
            assert outcome == (REFUSED if operation.then is None else DONE), told
            books = operation.then or books
        else:
            outcome = die(operation, chance.randint(1, STEPS), database=number in restarting)
            books = after_a_crash(scene, books, operation, outcome, told)
        if books is operation.then:
            scene.full |= operation.scans
        came[outcome] += 1
        came[f"{operation.name} {outcome}"] += 1
        if number % 100 == 0:
            assert found(scene) == books, told
    assert found(scene) == books
    assert faults(scene) == []
    for rx in (*scene.waiting[0], *scene.waiting[1]):
        stock.release(rx)
    return came


def after_a_crash(
    scene: Scene, books: Books, operation: Operation, outcome: str, told: str
) -> Books:
    """What stands is what stood before, or all of the operation; the equation holds."""
    now = found(scene)
    lawful = {DIED: (books, operation.then), REFUSED: (books,), DONE: (operation.then,)}[outcome]
    assert now in lawful, told
    assert faults(scene) == [], told
    return operation.then if now == operation.then and operation.then else books


def faults(scene: Scene) -> list[str]:
    of_items = [fault for item in scene.items for fault in stockbooks.all_of(item)]
    return [*of_items, *stockbooks.the_consignments()]


def once(operation: Operation) -> str:
    try:
        with transaction.atomic():
            operation.act()
    except errors.Refusal:
        return REFUSED
    return DONE


def die(operation: Operation, step: int, *, database: bool) -> str:
    """In a process of its own, which is killed at a step; and PostgreSQL's with it."""
    outcomes = (DONE, REFUSED)
    came = forked.killed(lambda: outcomes.index(once(operation)), step, database=database)
    return DIED if came is None else outcomes[came]


def test_c1_any_stock_adds_up_though_processes_die(world):
    """C1, R14, F1: a slice of what the slow test does."""
    came = run(a_scene(world), 150, crashes=15)

    assert came[DIED] > 3
    assert came[DONE] > 60


@pytest.mark.slow
@pytest.mark.alone
def test_c1_any_stock_adds_up_after_many_operations(world):
    """
    C1, R14, F1: one process in fifty dies, and PostgreSQL, too, six times of those.

    ``RX_COUNT=10000 ./rx test --all -k many_operations`` plays that many.
    """
    operations = int(os.environ.get("RX_COUNT", "2000"))

    came = run(a_scene(world), operations, crashes=operations // 50, restarts=6)

    done = {name.split()[0] for name in came if name.endswith(f" {DONE}")}
    refused = {name.split()[0] for name in came if name.endswith(f" {REFUSED}")}
    assert done >= {"receive", "scan_in", "count", "put", "reserve", "take", "send", "answer"}
    assert refused >= {"bring_again", "scan_in", "count", "reserve", "take", "send", "answer"}
    assert sum(came[one] for one in (DONE, REFUSED, DIED)) == operations
