"""What a patient has paid for a prescription and what came back; nothing here writes."""

from __future__ import annotations

from uuid import UUID

from hospital.roles import Actor
from insurance.models import Bill, Payment
from insurance.queries import NoBill
from prescriptions import lifecycle, permissions


def own_bill(prescription_id: UUID, *, by: Actor) -> Bill:
    """
    The patient's own bill in force; where none is any more, the last that was: what has been paid
    on it comes back.

    Raises:
        lifecycle.UnknownPrescription, permissions.WrongPatient, NoBill: see each.
    """
    prescription = lifecycle.find(prescription_id)
    permissions.check_party(prescription, by)
    bills = Bill.objects.filter(prescription=prescription).select_related("pharmacy")
    found = {one.state == Bill.State.VOID: one for one in bills.order_by("opened_at", "id")}
    bill = found.get(False) or found.get(True)
    if bill is None:
        raise NoBill
    return bill


def payments(bill: Bill) -> list[Payment]:
    """
    What arrived at WeChat Pay for all bills of its prescription, the oldest first, each with its
    ``refunds``; two queries.
    """
    rows = Payment.objects.filter(
        bill__prescription=bill.prescription_id, state=Payment.State.PAID
    ).prefetch_related("refunds")
    return list(rows.order_by("created_at", "id"))
