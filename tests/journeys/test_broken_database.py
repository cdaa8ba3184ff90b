"""State and entry are one: without the entry no change, without the change no entry."""

from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import connection

from tests.journeys import writes
from tests.journeys.letters import letter, paid_on_the_phone, send
from tests.journeys.watching import count_entries, everything, kinds, raw, subject

every_move = pytest.mark.parametrize("make", writes.MOVES, ids=writes.named)


@contextmanager
def failing(table: str, event: str, condition: str):
    """Inside, PostgreSQL refuses rows of ``table`` for which ``condition`` (on NEW) holds."""
    name = f"test_{uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW"
            f" WHEN ({condition}) EXECUTE FUNCTION {name}()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()")


def fails(ready, key):
    before = everything()
    answer = raw(ready.by, "POST", ready.path, key=key, body=ready.body)
    assert answer.status_code in (500, 503), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "disk" not in answer.text
    assert everything() == before


@every_move
def test_without_its_entry_no_command_happens(world, patient, make):
    """L9, I9, G2: all is rolled back, the key stays free, and the same request then succeeds."""
    ready, key = make(world, patient), uuid4().hex

    with failing("ledger_event", "INSERT", f"NEW.subject = '{subject(ready.rx)}'"):
        fails(ready, key)

    assert raw(ready.by, "POST", ready.path, key=key, body=ready.body).status_code in (200, 201)


FEW = (writes.issue, writes.authorize, writes.withdraw, writes.dispense)


@pytest.mark.parametrize(
    "make",
    [make if make in FEW else pytest.param(make, marks=pytest.mark.slow) for make in writes.MOVES],
    ids=writes.named,
)
def test_without_its_change_no_command_is_recorded(world, patient, make):
    """L10"""
    ready, key = make(world, patient), uuid4().hex
    before = kinds(ready.rx)

    with failing("prescriptions_prescription", "UPDATE", f"NEW.id = '{ready.rx}'"):
        fails(ready, key)

    assert kinds(ready.rx) == before
    assert raw(ready.by, "POST", ready.path, key=key, body=ready.body).status_code in (200, 201)


LATER_ROWS = {
    "authorize": "insurance_bill",
    "authorize_courier": "pharmacy_delivery",
    "dispense": "pharmacy_dispensing",
    "dispense_part": "insurance_refund",
    "decline_rx": "insurance_refund",
    "propose_other": "pharmacy_substitution",
    "agree_to_other": "insurance_billline",
    "dispense_boxes": "pharmacy_boxmove",
    "decide": "insurance_claim",
    "pend": "insurance_pending",
    "appeal_claim": "insurance_pending",
    "reopen": "insurance_pending",
    "withdraw": "insurance_refund",
}


@pytest.mark.parametrize(
    "make", [make for make in writes.MOVES if make.__name__ in LATER_ROWS], ids=writes.named
)
def test_without_any_of_its_rows_no_command_is_recorded(world, patient, make):
    """L10, R2: stock, bill, claim and refund go with the entry."""
    ready = make(world, patient)

    with failing(LATER_ROWS[make.__name__], "INSERT", "true"):
        fails(ready, uuid4().hex)


@pytest.mark.slow
@pytest.mark.parametrize("make", writes.EVERY_WRITE, ids=writes.named)
def test_without_a_remembered_answer_nothing_happens(world, patient, make):
    """I8, I9: the answer is a row of the same transaction."""
    ready, key = make(world, patient), uuid4().hex

    with failing("hospital_answer", "INSERT", f"NEW.key = '{key}'"):
        fails(ready, key)


def test_money_is_not_booked_without_its_entry(world, patient, bench):
    """L9, I12: WeChat Pay is told to come again, and then it is booked."""
    rx = world.authorized(patient)
    notice = letter(bench, paid_on_the_phone(world, bench, patient, rx))
    before = everything()

    with failing("ledger_event", "INSERT", f"NEW.subject = '{subject(rx)}'"):
        assert send(notice).status_code >= 500

    assert everything() == before
    assert send(notice).status_code == 204
    assert kinds(rx)[-1] == "insurance.pay"


def test_no_view_is_given_that_is_not_recorded(world, patient):
    """L9, L17: fail closed; neither content nor a hint of it."""
    rx = world.scanned(patient, "courier")
    from pharmacy.models import Scan

    looks = [
        (patient.client, f"/api/prescriptions/{rx}"),
        (patient.client, "/api/prescriptions"),
        (world.doctor, f"/api/prescriptions/{rx}"),
        (world.pharmacist, f"/api/scans/{Scan.objects.get(prescription=rx).id}"),
        (world.courier, "/api/parcels"),
    ]
    before = count_entries(kind="record.view")
    with failing("ledger_event", "INSERT", "NEW.kind = 'record.view'"):
        for client, path in looks:
            for method in ("GET", "HEAD"):
                answer = raw(client, method, path)
                assert answer.status_code in (500, 503)
                assert "急性" not in answer.text
                assert "generic_name" not in answer.text
    assert count_entries(kind="record.view") == before
