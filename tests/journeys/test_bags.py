"""What is printed on the bags, for who scanned: by a look of its own, and for nobody else."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from hospital import calendar
from pharmacy.actions import labelling
from pharmacy.lots import NEVER
from pharmacy.models import Movement
from tests.journeys import writes
from tests.journeys.guarding import refused
from tests.journeys.scanning import SCANS, last_look, scan
from tests.journeys.watching import count_entries
from tests.openings import watched

MINUTES = timedelta(minutes=1)


def test_a_label_is_printed_while_the_scan_lasts_and_for_a_day_after(world, patient):
    """L15: under a look of its own, at the name and the lines alone."""
    rx = world.paid(patient)
    (made,) = scan(world.pharmacist, world.code(patient, rx))
    path = f"{SCANS}/{made['id']}/labels"
    medicine = world.medicines[0]
    today = calendar.legal_day(timezone.now())
    written = [
        "姓名：测试患者",
        f"药品：{medicine.generic_name} {medicine.specification}",
        f"数量：1{medicine.unit}",
        "用法用量：口服，每次0.5克（1片），每天3次，共7天。",
        "贮藏：常温保存（10～30℃）",
        "注意：请放在儿童接触不到的地方。",
        f"{world.pharmacy.name} {today.year}年{today.month}月{today.day}日",
    ]
    looks = count_entries(kind="record.view")
    answer = world.pharmacist.get(path)
    assert (answer["prescription"], answer["amendments"]) == (rx, [])
    assert answer["labels"][0] == {"line": "1", "text": written}
    assert count_entries(kind="record.view") == looks + 1
    assert last_look()["fields"] == ["line/", "patient/name"]

    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    lot = Movement.objects.get(prescription=rx, lot__item__medicine=medicine).lot
    text = world.pharmacist.get(path)["labels"][0]["text"]
    known = [] if lot.expires_on == NEVER else [f"有效期至：{_day(lot.expires_on)}"]
    assert text == [*written[:5], *known, *written[5:]]

    with time_machine.travel(timezone.now() + labelling.AGAIN - MINUTES, tick=False):
        world.pharmacist.enter_with_key()
        assert world.pharmacist.get(path)["labels"]
    with time_machine.travel(timezone.now() + labelling.AGAIN, tick=False):
        world.pharmacist.enter_with_key()
        assert refused(world.pharmacist.get, path) == (404, "scan.unknown")
    world.pharmacist.enter_with_key()


def _day(day):
    return f"{day.year}年{day.month}月{day.day}日"


def test_a_label_is_for_who_scanned(world, patient):
    """Z1, Z3: nobody else, and nobody after a withdrawal."""
    rx = world.paid(patient)
    (made,) = scan(world.pharmacist, world.code(patient, rx))
    path = f"{SCANS}/{made['id']}/labels"
    with watched() as watch:
        assert refused(world.second_pharmacist.get, path) == (404, "scan.unknown")
        assert refused(world.other_pharmacist.get, path) == (404, "scan.unknown")
    assert watch.opened == []
    patient.client.command(writes.of(rx, "withdraw"))
    with watched() as watch:
        assert refused(world.pharmacist.get, path) == (404, "scan.unknown")
    assert watch.opened == []
