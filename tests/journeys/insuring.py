"""What tests of policies share: publishing a product, insuring people by it, who pays what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from hospital.client import Client
from insurance.models import Bill
from tests.world import Patient

PRICE = 1_999
"""Of each of the two lines that a test usually prescribes; both are of class 甲."""


def publishes(
    by: Client, code: str = "", *, begins: timedelta = -timedelta(days=1), **terms: Any
) -> str:
    """A product's next edition; its code."""
    code = code or f"p{uuid4().hex[:12]}"
    said = {"rates_bp": {"甲": 10_000}, **terms}
    body = {"code": code, "name": "特药险", "terms": said}
    by.write("/api/products", {**body, "valid_from": (timezone.now() + begins).isoformat()})
    return code


def insures(by: Client, product: str, *patients: Patient, **changes: Any) -> str:
    """A policy of these patients; its number."""
    now = timezone.now()
    body = {
        "number": f"n{uuid4().hex[:12]}",
        "product": product,
        "insured": [one.id_number for one in patients],
        "valid_from": (now - timedelta(days=1)).isoformat(),
        "valid_until": (now + timedelta(days=365)).isoformat(),
        **changes,
    }
    return str(by.write("/api/policies", body)["number"])


def covers(by: Client, *patients: Patient, **terms: Any) -> str:
    """A policy of a product of its own."""
    return insures(by, publishes(by, **terms), *patients)


def paid(rx: str) -> list[int]:
    """What each payer pays of the live bill, in order, and the patient."""
    bill = Bill.objects.exclude(state="void").get(prescription__id=rx)
    return [*bill.fens, bill.patient_fen]
