"""What the common calls cost at most, in queries, however much is stored."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hospital.models import SealedRecord
from hospital.roles import Role
from ledger import lag
from prescriptions.models import Prescription
from tests.journeys import series, writes
from tests.world import a_member

# Ceilings: whoever makes it cheaper lowers them.
COSTS = {
    "issue": 13,
    "issue_narcotic": 20,
    "review": 14,
    "take": 10,
    "give_back": 9,
    "authorize": 31,
    "authorize_narcotic": 35,
    "double_check": 16,
    "dispense": 25,
    "dispense_narcotic": 26,
    "dispense_part": 54,
    "bring_offline": 40,
    "bring_collision": 30,
    "decline_rx": 38,
    "propose_other": 21,
    "agree_to_other": 55,
    "refuse_other": 21,
    "cancel": 14,
    "scan": 11,
    "scan_several": 12,
    "scan_paper": 17,
    "print_code": 16,
    "fail": 19,
    "turn_back": 19,
    "take_parcel_back": 28,
    "receive_goods": 14,
    "bring_all_back": 49,
    "bring_part_back": 45,
    "decide_by_hand": 30,
    "pend": 24,
    "ask_field": 24,
    "withhold": 24,
    "reopen": 28,
    "appeal_claim": 29,
    "reverse": 20,
    "claw_back": 18,
    "remit": 17,
    "pay_daily": 11,
    "bring_statement": 25,
    "close_difference": 10,
    "acknowledge": 12,
    "destroy": 14,
    "confirm_destruction": 16,
    "recall": 14,
    "lift_recall": 11,
    "collect": 12,
    "count_lot": 12,
    "confirm_count": 14,
    "put_lot": 11,
    "scan_boxes": 13,
    "dispense_boxes": 28,
    "send_goods": 22,
    "accept_goods": 22,
    "refuse_goods": 10,
    "take_back_goods": 22,
    "set_hours": 11,
    "set_carriage": 11,
    "ask_change": 16,
    "keep": 14,
    "draft_change": 15,
    "change": 18,
    "extend": 12,
    "judge": 14,
    "bring": 30,
    "upload": 30,
    "void": 12,
    "undo": 13,
    "dispute": 17,
    "amend": 14,
    "turn_down": 13,
    "appeal": 15,
    "turn": 13,
    "plead": 13,
    "break_glass": 13,
    "register_endpoint": 14,
    "renew_endpoint_key": 9,
    "replay_endpoint": 11,
    "try_endpoint": 10,
    "remove_endpoint": 11,
    "propose_key": 15,
    "register_key": 14,
    "lift_key": 14,
    "revoke_key": 13,
}


OF_SERIES = {"issue_all": 26, "review_all": 27, "stop": 26}
"""Of three issues."""


@pytest.fixture(autouse=True)
def lag_asked_once(monkeypatch: pytest.MonkeyPatch):
    """It is asked once a second, whatever the number of calls; on a slow machine that is often."""
    monkeypatch.setattr(lag, "CHECKED_EVERY_S", 3600)
    monkeypatch.setattr(lag, "_watch", lag._Watch())


def queries_of(call) -> list[str]:
    """What a call asks; how late the log is was asked a moment ago, as on a busy server."""
    lag.check()
    with CaptureQueriesContext(connection) as captured:
        call()
    return [one["sql"] for one in captured.captured_queries]


@pytest.mark.parametrize("name", COSTS)
def test_a_write_costs_a_fixed_number_of_queries(world, patient, name):
    ready = getattr(writes, name)(world, patient)

    sql = queries_of(lambda: ready.by.write(ready.path, ready.body))

    assert len(sql) <= COSTS[name], "\n".join([str(len(sql)), *sql])


@pytest.mark.parametrize("name", OF_SERIES)
def test_several_issues_cost_a_fixed_number_of_queries_each(world, patient, name):
    """What is asked once, and per issue what a single one costs: tip, key, append, update."""
    ready = getattr(writes, name)(world, patient)

    sql = queries_of(lambda: ready.by.write(ready.path, ready.body))

    assert len(sql) <= OF_SERIES[name], "\n".join([str(len(sql)), *sql])


def test_the_plan_costs_the_same_with_two_issues_as_with_four(world, patient):
    counts = []
    for issues in (2, 4):
        planned = series.issued(world, patient, issues, 7)
        counts.append(
            len(queries_of(lambda: patient.client.get(series.path(planned.id))))  # noqa: B023
        )
    assert counts[0] == counts[1] <= 6


def test_a_read_costs_a_fixed_number_of_queries(world, patient):
    rx = world.issued(patient)

    sql = queries_of(lambda: patient.client.get(f"/api/prescriptions/{rx}"))

    assert len(sql) <= 6, "\n".join(sql)


def test_a_page_costs_the_same_with_25_as_with_500(world, patient):
    """D3: keyset paging; nothing is counted, nothing is asked per row."""
    doctor = a_member(Role.DOCTOR, world.hospital)
    body = world.draft(patient)
    for _ in range(25):
        doctor.write("/api/prescriptions", body)

    def page(cursor=None):
        answer = doctor.get("/api/prescriptions", size=20, **({"cursor": cursor} if cursor else {}))
        assert len(answer["prescriptions"]) == 20 if cursor is None else True
        return answer["next"]

    few = queries_of(page)
    more(Prescription.objects.filter(doctor_id=UUID(doctor.account)).earliest("created_at"), 475)
    many = queries_of(page)

    assert Prescription.objects.filter(doctor_id=UUID(doctor.account)).count() == 500
    assert len(many) == len(few) <= 7, "\n".join(many)
    assert not [one for one in few + many if "COUNT(" in one.upper()]
    assert not [one for one in few + many if "OFFSET" in one.upper()]


def more(like: Prescription, count: int) -> None:
    """Older copies, whose sealed content nobody opens."""
    made = [
        SealedRecord(id=uuid4(), wrapped_key=b"", body=b"", commitment=bytes(32))
        for _ in range(count)
    ]
    SealedRecord.objects.bulk_create(made)
    Prescription.objects.bulk_create(
        Prescription(
            patient_id=like.patient_id,
            doctor_id=like.doctor_id,
            hospital_id=like.hospital_id,
            record=record,
            quantities=like.quantities,
            form=like.form,
            rules_version=like.rules_version,
            online=True,
            created_at=like.created_at - timedelta(seconds=number),
            valid_until=like.valid_until,
        )
        for number, record in enumerate(made, 1)
    )
