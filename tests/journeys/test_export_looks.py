"""Who takes the patient's copy, what the look says of it, and what it costs."""

from __future__ import annotations

import pytest

from ledger import queries as ledger
from ledger import receiptsets
from tests.journeys import copying
from tests.journeys.copying import lived
from tests.journeys.test_query_counts import queries_of
from tests.journeys.watching import count_entries, raw
from tests.openings import watched


def test_it_takes_a_session_that_a_key_has_just_opened(world, patient):
    """Z7: whoever holds a stolen WeChat session takes nothing away."""
    copying.caught_up()
    before = count_entries(kind="record.view")
    with watched() as watch:
        answer = raw(patient.client, "GET", copying.EXPORT)
    assert (answer.status_code, answer.json()["code"]) == (403, "key.key_needed")
    assert watch.opened == []
    assert count_entries(kind="record.view") == before


def test_a_page_is_one_look_with_the_number_of_records(world, patient):
    """L15"""
    world.issued(patient)
    world.answered(patient)
    client = copying.ready(patient)
    with watched() as watch:
        assert raw(client, "GET", copying.EXPORT).status_code == 200
    looks = {one.look.subject for one in watch.opened if one.look}
    assert (len(watch.opened), len(looks)) == (5, 1)  # two messages; the question for its picture
    assert all(one.wrongs(client.account) == [] for one in watch.opened)
    assert {one.look.facts["records"] for one in watch.opened if one.look} == {5}


def test_many_records_cost_the_queries_of_few(world, patient):
    lived(world, patient)
    client = copying.ready(patient)
    few = len(queries_of(lambda: raw(client, "GET", copying.EXPORT)))
    for _ in range(4):
        world.issued(patient)
    world.answered(patient)
    client = copying.ready(patient)
    assert len(queries_of(lambda: raw(client, "GET", copying.EXPORT))) <= few


def test_many_receipts_are_those_of_each_alone(world, patient):
    rx = world.delivered(patient)
    copying.caught_up()
    entries = ledger.entries_about(f"rx/{rx.replace('-', '')}")
    keys = ledger.entries_about(f"key/{patient.client.key_name}")
    made = receiptsets.files([*entries, *keys])
    assert len(made) == len(entries) + len(keys)
    for one in (*entries, *keys):
        assert made[one.leaf] == ledger.receipt_file_for(one.leaf)


@pytest.mark.parametrize(
    "cursor", ["x", "0.1", "1.0.0.5", "0.-1.0.5", "0.1.7.5", "0.1.0.５", "0.1.0.9" + "9" * 20]
)
def test_a_cursor_that_no_page_gave_is_refused(world, patient, cursor):
    answer = raw(copying.ready(patient), "GET", f"{copying.EXPORT}?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "export.bad_cursor")
