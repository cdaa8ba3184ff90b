"""谁看过我的数据: the patient reads who looked, in plain Chinese, with what proves it."""

from typing import Any

import pytest

from hospital import lookwords
from ledger import network, queries, tasks
from ledger.entry import Statement
from ledger.note import parse
from pharmacy.models import Scan
from tests.journeys.looking import (
    a_courier,
    asks,
    breaks_glass,
    given_to,
    grants,
    own_list,
    parcels_of,
)
from tests.journeys.test_query_counts import queries_of
from tests.journeys.watching import raw

LOOKS = "/api/me/looks"


def caught_up():
    """The patients' lists cover what has been entered so far."""
    for line in network.lines():
        tasks.advance(line)
        tasks.patients(line)


def seen(patient, **asked):
    """The looks of others that the patient is told of, newest first."""
    caught_up()
    page = patient.client.get(LOOKS, **{"size": 50, **asked})
    return [one for one in page["looks"] if not one["own"]]


def test_a_patient_reads_the_day_of_a_prescription(world, patient):
    """L15, Z9: doctor, pharmacist, a courier's list, another hospital, broken glass: all told."""
    company, courier = a_courier()
    rx = given_to(world, patient, company)
    world.doctor.get(f"/api/prescriptions/{rx}")
    scan = Scan.objects.get(prescription__id=rx)
    world.pharmacist.get(f"/api/scans/{scan.id}")
    courier.get("/api/parcels")
    grants(patient, world.foreign_hospital.slug)
    asks(world.foreign_doctor, patient)
    opened = breaks_glass(world.other_doctor, patient)
    asks(world.other_doctor, patient)

    looks = seen(patient)

    told = [(one["reader"]["organisation"], one["purpose"], one["listed"]) for one in looks]
    assert told[:5] == [
        (world.hospital.slug, "emergency", False),
        (world.foreign_hospital.slug, "treatment", False),
        (company, "deliver", True),
        (world.pharmacy.slug, "dispense", False),
        (world.hospital.slug, "treatment", False),
    ]
    assert looks[0]["unusual"] == ["emergency"]
    assert looks[0]["basis"] == opened["subject"]
    assert not any(one["unusual"] for one in looks[1:5])
    texts = [one["text"] for one in looks[:5]]
    assert world.hospital.name in texts[0]
    assert "目的：紧急救治。依据：紧急情况，未经您事先同意。" in texts[0]
    assert "依据：您签署的查看授权。" in texts[1]
    assert "列表中看到了您的电话、收件人、收货地址" in texts[2]
    assert "您出示的取药码" in texts[3]
    assert all(one["reader"]["name"] in one["text"] for one in looks)
    assert all(one["reader"]["name"] for one in looks)


def test_each_line_has_its_receipt(world, patient):
    """L15, O9: what the patient is told stands in the log, word by word."""
    rx = world.issued(patient)
    world.doctor.get(f"/api/prescriptions/{rx}")
    world.doctor.get("/api/prescriptions")
    alone, listed = (seen(patient)[at] for at in (1, 0))
    for one, is_listed in ((alone, False), (listed, True)):
        assert one["listed"] is is_listed
        statement = Statement.parse(
            parse(queries.entry_by_leaf(bytes.fromhex(one["leaf"])).note).text
        )
        assert (statement.kind, statement.facts["basis"]) == ("record.view", one["basis"])
        assert statement.patient == ("" if is_listed else own_list(patient)[-1].patient)
        answer = raw(patient.client, "GET", f"/api/receipts/{one['leaf']}")
        assert answer.text.startswith("c2sp.org/tlog-proof@v1\n")


def test_the_words_are_complete_against_the_proven_list(world, patient):
    """L15: every look with the patient's tag is told, and nothing is told that is not entered."""
    rx = world.dispensed(patient)
    for _ in range(3):
        world.doctor.get(f"/api/prescriptions/{rx}")
        patient.client.get(f"/api/prescriptions/{rx}")
    proven = [one.subject for one in own_list(patient) if one.kind == "record.view"]
    page = patient.client.get(LOOKS, size=50)
    told = [one for one in page["looks"] if not one["listed"]]
    notes = [queries.entry_by_leaf(bytes.fromhex(one["leaf"])).note for one in told]
    assert [Statement.parse(parse(note).text).subject for note in notes] == proven[::-1]


def test_pages_give_each_look_once_and_in_order(world, patient):
    """Looks at the record and at lists, mixed, in pages of every small size."""
    rx = world.issued(patient)
    for _ in range(3):
        world.doctor.get(f"/api/prescriptions/{rx}")
        world.doctor.get("/api/prescriptions")
    caught_up()
    whole = patient.client.get(LOOKS, size=50)["looks"]
    assert {one["listed"] for one in whole} == {True, False}
    for size in (1, 2, 3):
        found: list[dict[str, Any]] = []
        more: dict[str, str] | None = {}
        while more is not None and len(found) <= len(whole):
            page = patient.client.get(LOOKS, size=size, **more)
            found += page["looks"]
            more = {"cursor": page["next"]} if page["next"] else None
            assert more is None or len(page["looks"]) == size
        assert found == whole


def test_nobody_is_told_of_looks_at_others(world, patient):
    """Z7: the doctor's list shows two patients; each is told once, of himself."""
    second, third = world.a_patient(), world.a_patient()
    world.issued(patient)
    world.issued(second)
    world.doctor.get("/api/prescriptions")
    mine, other = seen(patient), seen(second)
    assert (len(mine), len(other)) == (1, 1)
    assert mine[0]["leaf"] == other[0]["leaf"]
    assert seen(third) == []


def test_a_list_looked_at_again_is_told_again_and_a_patient_in_it_twice_once(world, patient):
    world.issued(patient)
    world.issued(patient)
    for _ in range(2):
        world.doctor.get("/api/prescriptions")
    assert [one["records"] >= 2 for one in seen(patient)] == [True, True]


def test_telling_costs_the_same_for_one_look_and_for_many(world, patient):
    rx = world.issued(patient)
    world.doctor.get(f"/api/prescriptions/{rx}")
    world.doctor.get("/api/prescriptions")
    caught_up()
    few = len(queries_of(lambda: patient.client.get(LOOKS)))
    for _ in range(5):
        world.doctor.get(f"/api/prescriptions/{rx}")
        world.doctor.get("/api/prescriptions")
    caught_up()
    assert len(queries_of(lambda: patient.client.get(LOOKS))) == few


@pytest.mark.parametrize("cursor", ["x", "0.1", "0.1.2.3", "7.1.1", "-1.1.1", "0.01.1", "0.1.１"])
def test_a_cursor_that_no_page_gave_is_refused(patient, cursor):
    answer = raw(patient.client, "GET", f"{LOOKS}?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "looks.bad_cursor")


def test_an_unknown_word_is_shown_as_it_stands():
    """A look that cannot be explained is not hidden."""
    assert lookwords.basis("neither/nor") == "neither/nor"
    assert lookwords.fields(["x/", "line/"]) == ["x/", "药品"]


def test_a_courier_company_sees_all_its_parcels_page_by_page(world, patient):
    """The oldest first; one too many for a page is on the next, and each patient is told."""
    company, courier = a_courier()
    mine = [given_to(world, patient, company) for _ in range(3)]
    assert [one["prescription"] for one in parcels_of(courier, size=2)] == mine
    pages = [one for one in seen(patient) if one["purpose"] == "deliver"]
    assert [one["records"] for one in pages] == [1, 2]
    sql = queries_of(lambda: courier.get("/api/parcels", size=1))
    assert len(queries_of(lambda: courier.get("/api/parcels", size=3))) == len(sql)
