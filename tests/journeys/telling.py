"""What the tests of notices share: telling, and reading what was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from hospital.notices import actions
from hospital.notices.kinds import Kind
from tests.world import Patient

INBOX = "/api/me/notices"
Json = dict[str, Any]


def inbox(patient: Patient, **asked: Any) -> Json:
    return patient.client.get(INBOX, **asked)


def told(patient: Patient, about: str | None = None) -> list[str]:
    """The kinds of the patient's notices, of one subject if it is named, oldest first."""
    found = reversed(inbox(patient, size=50)["notices"])
    return [one["kind"] for one in found if about in (None, one["subject"])]


def of_kind(patient: Patient, kind: str) -> list[Json]:
    return [one for one in inbox(patient, size=50)["notices"] if one["kind"] == kind]


def tell(
    patient: Patient, at: datetime, kind: Kind = Kind.APPROVED, about: str = "", version: int = 2
) -> None:
    with transaction.atomic():
        about = about or f"rx/{uuid4().hex}"
        actions.tell(UUID(patient.account), kind, about, version, at=at)
