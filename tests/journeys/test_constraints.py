"""The database itself refuses what must not be: every constraint is tried."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from hospital.models import Account, Answer, Department
from hospital.roles import Role
from insurance.models import Bill, BillLine, Claim, Coverage, Payment
from pharmacy.models import Reservation, StockItem
from prescriptions.models import Prescription, Status
from tests.journeys import writes
from tests.journeys.watching import APPS

Rows = dict[type[models.Model], Any]


@pytest.fixture(scope="session")
def rows(session_world) -> Rows:
    """One lawful row of each kind, made by a prescription that went the whole way."""
    world = session_world
    patient = world.a_patient()
    ready = writes.settle(world, patient)
    ready.by.write(ready.path, ready.body)
    world.approved(patient)
    open_rx = world.authorized(patient)
    patient.client.write(writes.of(open_rx, "pay"), {})
    department, _ = Department.objects.get_or_create(organisation=world.hospital, name="内科")
    rx = Prescription.objects.get(id=ready.rx)
    return {
        Department: department,
        Account: Account.objects.get(id=patient.account),
        Answer: Answer.objects.filter(account_id=patient.account).first(),
        Prescription: rx,
        StockItem: StockItem.objects.filter(pharmacy=world.pharmacy).first(),
        Reservation: Reservation.objects.filter(prescription=open_rx).first(),
        Coverage: Coverage.objects.filter(patient_id=patient.account).first(),
        Bill: Bill.objects.get(prescription=rx),
        BillLine: BillLine.objects.filter(bill__prescription=rx).first(),
        Payment: Payment.objects.get(bill__prescription=rx),
        Claim: Claim.objects.get(bill__prescription=rx),
    }


def sets(model: type[models.Model], **changes: Any) -> Callable[[Rows], Any]:
    """Try to change a lawful row, past all code of ours."""
    return lambda rows: model._default_manager.filter(pk=rows[model].pk).update(**changes)


def twice(model: type[models.Model], **changes: Any) -> Callable[[Rows], Any]:
    """Try to store a lawful row a second time."""

    def copy(rows: Rows) -> None:
        row = model._default_manager.get(pk=rows[model].pk)
        row.pk = uuid4() if isinstance(row.pk, type(uuid4())) else None
        row._state.adding = True
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(force_insert=True)

    return copy


def second_doctor(rows: Rows) -> None:
    doctor = rows[Prescription].doctor
    Account.objects.create(
        role=Role.DOCTOR,
        organisation=doctor.organisation,
        license_number=doctor.license_number,
        created_at=timezone.now(),
    )


def second_open_payment(rows: Rows) -> None:
    one = Payment.objects.filter(state=Payment.State.OPEN).first()
    assert one is not None
    one.pk, one.out_trade_no = None, f"P{uuid4().hex[:30]}"
    one.save(force_insert=True)


long_ago = timezone.now() - timedelta(days=10**4)
TRIES: dict[str, Callable[[Rows], Any]] = {
    "department_once": twice(Department),
    "patients_have_no_employer": sets(Account, role=Role.DOCTOR),
    "one_patient_account_per_person": twice(Account, wechat_index=None),
    "license_once_per_role_and_organisation": second_doctor,
    "one_answer_per_key": twice(Answer),
    "chosen_pharmacy_and_way_go_together": sets(Prescription, pharmacy=None),
    "courier_exactly_when_couriered": sets(Prescription, way="courier"),
    "valid_after_creation": sets(Prescription, valid_until=long_ago),
    "stocked_once": twice(StockItem),
    "reserved_at_most_on_hand": sets(StockItem, on_hand=0),
    "held_once": twice(Reservation),
    "reserves_something": sets(Reservation, quantity=0),
    "covered_once_by_a_payer": twice(Coverage),
    "coverage_lasts": sets(Coverage, valid_until=long_ago),
    "bill_payers_add_up": sets(Bill, total_fen=1),
    "who_pays_has_a_name": sets(Bill, fund=None),
    "one_live_bill": twice(Bill),
    "line_payers_add_up": sets(BillLine, patient_fen=10**6),
    "billed_once": twice(BillLine),
    "one_open_payment": second_open_payment,
    "pays_something": sets(Payment, amount_fen=0),
    "paid_has_a_transaction": sets(Payment, transaction_id=None),
    "decided_once_by_a_payer": twice(Claim),
    "approved_at_most_claimed": sets(Claim, approved_fen=10**9),
    "only_approved_is_settled": sets(Claim, approved_fen=0),
}


def test_every_constraint_is_tried():
    """C1, R13: a new constraint without a row fails here."""
    declared = {
        constraint.name
        for name in APPS
        for model in apps.get_app_config(name).get_models()
        for constraint in model._meta.constraints
    }
    assert declared == set(TRIES)


@pytest.mark.parametrize("name", TRIES)
def test_the_database_refuses(world, rows, name):
    """C1, I12, R2: even to code that forgot to look."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        TRIES[name](rows)
    assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


NEGATIVE = [
    (model, field.name)
    for name in APPS
    for model in apps.get_app_config(name).get_models()
    for field in model._meta.get_fields()
    if isinstance(field, models.PositiveIntegerField | models.PositiveBigIntegerField)
]


@pytest.mark.parametrize(
    ("model", "field"), NEGATIVE, ids=lambda value: getattr(value, "__name__", value)
)
def test_no_amount_and_no_count_is_negative(world, model, field):
    """C3: not in any table; tried on a row that would otherwise be lawful, or on none."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'c'",
            [model._meta.db_table],
        )
        checks = [text for (text,) in cursor.fetchall()]
    assert f"CHECK (({field} >= 0))" in checks


def test_money_is_whole_fen():
    """C3: no float and no decimal holds money."""
    for name in APPS:
        for model in apps.get_app_config(name).get_models():
            for field in model._meta.get_fields():
                if field.name.endswith("_fen"):
                    assert isinstance(
                        field, models.PositiveIntegerField | models.PositiveBigIntegerField
                    ), f"{model.__name__}.{field.name}"
                assert not isinstance(field, models.FloatField)


def test_a_draft_is_no_choice(world, patient):
    rx = Prescription.objects.get(id=world.approved(patient))
    with pytest.raises(IntegrityError), transaction.atomic():
        Prescription.objects.filter(id=rx.id).update(status=Status.AUTHORIZED)
