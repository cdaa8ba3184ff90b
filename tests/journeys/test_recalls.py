"""A regulator recalls a lot: nothing of it is given out any more, and who has it is told."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from hospital.client import Client, Problem
from hospital.notices.kinds import SENTENCES, Kind
from hospital.notices.models import Notice
from hospital.roles import OrganisationKind, Role
from pharmacy import queries_recalls
from pharmacy.actions import warning
from pharmacy.models import Lot, Movement, Recall, StockItem
from tests import lawfulness
from tests.journeys import guarding
from tests.journeys.returning import BOTH, bring_back
from tests.journeys.telling import of_kind
from tests.journeys.test_lots import today
from tests.journeys.test_races import rounds, status
from tests.journeys.watching import at_once, count_entries, drawn, everything, kinds
from tests.journeys.writes import CHECKED, of, of_goods
from tests.shelves import NUMBER, a_lot, a_shelf
from tests.world import Patient, World, a_medicine, a_member, an_organisation

GRAVE = {"grade": 1, "reason": "quality"}


@pytest.fixture
def world(database: None, session_world: World) -> World:
    """One of its own: what lies on these shelves is no other test's."""
    return World(session_world.wechat)


def terms(world: World, number: str = NUMBER, **more: Any) -> dict[str, Any]:
    return {"medicine": world.medicines[0].code, "number": number, **GRAVE, **more}


def recall(world: World, number: str = NUMBER, **more: Any) -> str:
    """After whoever is concerned by other tests' recalls was told."""
    warn()
    return str(world.regulator.command("/api/recalls", terms(world, number, **more))["id"])


def warn() -> int:
    """As often as the task wakes."""
    told = 0
    while (some := warning.warn(at=timezone.now(), batch=2)) is not None:
        told += some
    return told


def refusal(by: Client, path: str, body: dict[str, Any] | None = None) -> str:
    before = everything()
    with pytest.raises(Problem) as problem:
        by.command(path, body or {})
    assert everything() == before
    return problem.value.code


def at(world: World, patient: Patient, pharmacy: Any, pharmacist: Client) -> str:
    """A prescription that was delivered by another pharmacy."""
    rx = world.approved(patient)
    patient.client.command(of(rx, "authorize"), {"pharmacy": pharmacy.slug, "way": "collect"})
    if status(rx) != "paid":
        world.pay(patient, rx)
    pharmacist.write("/api/scans", {"code": world.code(patient, rx, pharmacy=pharmacy.slug)})
    pharmacist.command(of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    patient.client.command(of(rx, "deliver"))
    return rx


def test_a_recall_reaches_three_pharmacies_and_their_patients(world: World):
    """The story: recalled, blocked at once, told once, collected, counted, and lifted."""
    third = world.a_pharmacy()
    shops = {
        world.pharmacy: world.pharmacist,
        world.other_pharmacy: world.other_pharmacist,
        third: a_member(Role.PHARMACIST, third),
    }
    patients = [world.a_patient() for _ in shops]
    filled = [
        at(world, patient, *shop) for patient, shop in zip(patients, shops.items(), strict=True)
    ]
    again = at(world, patients[0], third, shops[third])
    stranger = world.a_patient()
    waiting = world.scanned(stranger)

    shows = world.regulator.post(
        "/api/recalls/statement", {**terms(world), "key": world.regulator.key_name}
    )["shows"]
    assert (shows["pharmacies"], shows["given"]) == (3, 4)
    named = recall(world)

    give = {"lines": {"1": 1, "2": 1}}
    assert refusal(world.pharmacist, of(waiting, "dispense"), give) == "lot.none_usable"
    goods = {**of_goods(world.medicines[0].code), "number": NUMBER}
    with pytest.raises(Problem) as problem:
        world.pharmacist.write("/api/stock/receipts", goods)
    assert problem.value.code == "lot.recalled"
    choice = {"pharmacy": world.pharmacy.slug, "way": "collect"}
    rx = world.approved(stranger)
    assert refusal(stranger.client, of(rx, "authorize"), choice) == "stock.out"

    assert warn() == 3
    assert warn() == 0
    for patient in patients:
        (told,) = of_kind(patient, Kind.RECALLED)
        assert told["subject"] == f"recall/{named.replace('-', '')}"
        assert told["text"] == SENTENCES[Kind.RECALLED]
        assert world.medicines[0].generic_name not in str(told)
    assert of_kind(stranger, Kind.RECALLED) == []

    before = count_entries(kind="record.view")
    (mine,) = patients[0].client.get("/api/me/recalls")["recalls"]
    assert count_entries(kind="record.view") == before + 1
    assert set(mine["prescriptions"]) == {filled[0], again}
    assert stranger.client.get("/api/me/recalls")["recalls"] == []

    for pharmacist, theirs in zip(shops.values(), filled, strict=True):
        (concerns,) = pharmacist.get("/api/stock/recalls")["recalls"]
        assert (concerns["id"], concerns["collected_at"]) == (named, None)
        here = pharmacist.get(f"/api/recalls/{named}/here")
        assert theirs in {one["id"] for one in here["prescriptions"]}
        (lot,) = here["lots"]
        done = pharmacist.write(f"/api/recalls/{named}/collect", {})
        assert done["collected_units"] == lot["on_hand"]
        with pytest.raises(Problem) as problem:
            pharmacist.write(f"/api/recalls/{named}/collect", {})
        assert problem.value.code == "recall.collected"

    progress = world.regulator.get(f"/api/recalls/{named}/progress")
    assert (progress["told"], progress["patients"]) == (None, {})  # fewer than five
    assert progress["told_at"] is not None
    assert len([one for one in progress["pharmacies"] if one["collected_at"]]) == 3

    lift = {"reason": "finished"}
    elsewhere = a_member(Role.REGULATOR, an_organisation(OrganisationKind.REGULATOR))
    path = f"/api/recalls/{named}/lift"
    assert refusal(elsewhere, path, lift) == "recall.other_authority"
    assert world.regulator.command(path, lift)["state"] == "lifted"
    assert refusal(world.regulator, path, lift) == "recall.lifted"
    world.pharmacist.command(of(waiting, "dispense"), give)
    assert lawfulness.faults() == []


def test_what_is_recalled_comes_back(world: World, patient: Patient):
    rx = world.delivered(patient)
    recall(world)
    assert bring_back(world.pharmacist, rx, {**BOTH, "reason": "recall"})["status"] == "taken_back"


def test_a_recall_of_all_lots(world: World, patient: Patient):
    world.scanned(patient)
    named = recall(world, "")
    a_lot(StockItem.objects.get(pharmacy=world.pharmacy, medicine=world.medicines[0]), 5, "另一批")
    lots = world.pharmacist.get("/api/stock/lots", medicine=world.medicines[0].code)["lots"]
    assert [(one["recalled"], one["usable"]) for one in lots] == [(True, False)] * 2
    here = world.pharmacist.get(f"/api/recalls/{named}/here")
    assert {one["number"] for one in here["lots"]} == {NUMBER, "另一批"}


def test_another_lot_is_given_out_instead(world: World, patient: Patient):
    rx = world.scanned(patient)
    item = StockItem.objects.get(pharmacy=world.pharmacy, medicine=world.medicines[0])
    other = a_lot(item, 5, "另一批")
    recalled = Lot.objects.get(item=item, number=NUMBER)
    recall(world)
    second = StockItem.objects.get(pharmacy=world.pharmacy, medicine=world.medicines[1])
    lines = {"lines": {"1": 1, "2": 1}, "reason": "指定"}
    rest = {"lot": str(Lot.objects.get(item=second).id), "units": 1}
    named = {**lines, "lots": [{"lot": str(recalled.id), "units": 1}, rest]}
    assert refusal(world.pharmacist, of(rx, "dispense"), named) == "lot.recalled"
    world.pharmacist.command(of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    assert Movement.objects.filter(prescription__id=rx, lot=other).exists()


class TestRefused:
    def test_twice(self, world: World, patient: Patient):
        world.pharmacy  # its shelves
        recall(world)
        assert refusal(world.regulator, "/api/recalls", terms(world)) == "recall.in_force"

    def test_what_nobody_knows(self, world: World):
        unknown = {"medicine": "X-UNKNOWN", "number": "1", **GRAVE}
        assert refusal(world.regulator, "/api/recalls", unknown) == "medicine.unknown"
        nothing = f"/api/recalls/{uuid4()}"
        with pytest.raises(Problem) as problem:
            world.regulator.get(nothing)
        assert problem.value.code == "recall.unknown"
        assert refusal(world.regulator, f"{nothing}/lift", {"reason": "finished"}) == (
            "recall.unknown"
        )

    def test_by_who_is_no_regulator(self, world: World):
        world.pharmacy  # its shelves
        assert refusal(world.pharmacist, "/api/recalls", terms(world)) == "access.wrong_role"


@rounds
def test_a_dispense_against_a_recall(world: World, patient: Patient, turn: int):
    """R6: it was given out before, or not at all; never after."""
    rx = world.scanned(patient)
    lines = {"lines": {"1": 1, "2": 1}, **CHECKED}
    giving = drawn(world.pharmacist, of(rx, "dispense"), lines)
    recalling = drawn(world.regulator, "/api/recalls", terms(world))

    given, recalled = at_once(
        lambda: world.pharmacist.write(of(rx, "dispense"), giving),
        lambda: world.regulator.write("/api/recalls", recalling),
    )

    assert isinstance(recalled, dict)
    warn()
    told = of_kind(patient, Kind.RECALLED)
    if isinstance(given, dict):
        assert len(told) == 1
    else:
        assert given.code == "lot.none_usable"
        assert told == []
        assert "pharmacy.dispense" not in kinds(rx)


def test_the_database_waits_for_who_is_giving_out(world: World, patient: Patient):
    """R6: a movement that is not committed yet keeps a recall waiting, whatever the code does."""
    rx = world.dispensed(patient)
    given = Movement.objects.filter(
        prescription__id=rx, lot__item__medicine=world.medicines[0]
    ).get()
    recalling = drawn(world.regulator, "/api/recalls", terms(world))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_AGAIN, [given.id])
        (blocked,) = at_once(lambda: _impatiently(world, recalling))
        assert isinstance(blocked, DatabaseError)
    world.regulator.write("/api/recalls", recalling)
    with pytest.raises(DatabaseError, match="is recalled"), connection.cursor() as cursor:
        cursor.execute(_AGAIN, [given.id])


def _impatiently(world: World, body: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '300ms'")
    Recall.objects.create(
        id=uuid4(),
        medicine=world.medicines[0],
        number=NUMBER,
        grade=1,
        reason="quality",
        authority=world.pharmacy,
        by_id=world.regulator.account,
        created_at=timezone.now(),
        notify_by=timezone.now(),
    )


_AGAIN = """
    INSERT INTO pharmacy_movement
        (lot_id, kind, quantity, reason, by_id, at, prescription_id, entry, storage)
    SELECT lot_id, kind, quantity, reason, by_id, at, prescription_id, entry, storage
    FROM pharmacy_movement WHERE id = %s
"""


class TestTelling:
    def test_goes_on_where_it_was_killed(self, world: World, monkeypatch: pytest.MonkeyPatch):
        """Three patients, a batch each; the second batch dies before its commit."""
        patients = [world.a_patient() for _ in range(3)]
        for patient in patients:
            world.delivered(patient)
        recall(world)
        assert warning.warn(at=timezone.now(), batch=1) == 1
        with monkeypatch.context() as broken:
            broken.setattr(Recall, "save", _dies)
            with pytest.raises(OSError, match="killed"):
                warning.warn(at=timezone.now(), batch=1)
        assert Notice.objects.filter(account__in=[one.account for one in patients],
                                     kind=Kind.RECALLED).count() == 1  # fmt: skip
        assert warn() == 2
        assert [len(of_kind(one, Kind.RECALLED)) for one in patients] == [1, 1, 1]

    def test_stops_when_it_is_lifted(self, world: World, patient: Patient):
        world.delivered(patient)
        named = recall(world)
        world.regulator.command(f"/api/recalls/{named}/lift", {"reason": "corrected"})
        warn()
        assert of_kind(patient, Kind.RECALLED) == []

    def test_a_guardian_is_told_and_reads_for_the_ward(
        self, world: World, mother: Patient, child: Patient
    ):
        world.delivered(child)
        guarding.registers(mother, child)
        recall(world)
        warn()
        assert len(of_kind(child, Kind.RECALLED)) == 1
        (told,) = of_kind(mother, Kind.WARD_RECALLED)
        assert told["text"] == SENTENCES[Kind.WARD_RECALLED]
        assert of_kind(mother, Kind.RECALLED) == []


def test_the_regulator_learns_numbers_and_no_few(world: World):
    """K-anonymity: five are counted, four are not."""
    patients = [world.a_patient() for _ in range(5)]
    for patient in patients[:4]:
        world.delivered(patient)
    named = recall(world)
    assert world.regulator.get(f"/api/recalls/{named}/progress")["patients"] == {}
    given = queries_recalls.batch(Recall.objects.get(id=named), 10)
    assert given is not None
    assert len(given.patients) == 4


def test_five_are_counted(world: World):
    for _ in range(5):
        world.delivered(world.a_patient())
    named = recall(world)
    assert warn() == 5
    progress = world.regulator.get(f"/api/recalls/{named}/progress")
    assert (progress["told"], progress["patients"]) == (5, {"delivered": 5})


def test_lots_nobody_knows_are_told_to_the_regulator(world: World):
    """What lay there before lots were kept may be of the recalled lot."""
    medicine = a_medicine()
    item = a_shelf(world.pharmacy, medicine, on_hand=0)
    a_lot(item, 7, "未登记批号", today())
    body = {"medicine": medicine.code, "number": "A1", **GRAVE}
    named = world.regulator.command("/api/recalls", body)["id"]
    assert world.regulator.get(f"/api/recalls/{named}/progress")["unregistered"] == 7


def _dies(*args: object, **kwargs: object) -> None:
    raise OSError("killed")
