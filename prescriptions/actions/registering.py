"""
Read the register of narcotics: medicine, quantity, doctor and patient, for who keeps it.

A page is one look with the number of its records, of the hospital's own reviewers and of its own
pharmacy's pharmacists, who have to keep the register (order 53, art. 51, unconfirmed). A regulator
gets numbers and references, and nothing sealed is opened for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import access, paging
from hospital.corrections.attached import Amendment
from hospital.roles import Actor, Role
from prescriptions import content, queries_register
from prescriptions.registers import Serial

ABOUT = "register"
Sheets = Mapping[UUID, Mapping[str, Any] | None]
"""Serial → what its sheet says; None if that was erased."""


@dataclass(frozen=True, slots=True)
class Page:
    """``sheets`` is None where nothing sealed was opened; ``beside``: what is attached to them."""

    serials: Sequence[Serial]
    following: paging.Cursor | None
    sheets: Sheets | None
    beside: Mapping[UUID, Sequence[Amendment]] = field(default_factory=dict)


def read(
    hospital: str,
    period: tuple[date, date],
    wanted: paging.Wanted,
    *,
    by: Actor,
    at: datetime,
) -> Page:
    """
    A page of the legal days of ``period`` (its end exclusive); the look is recorded first.

    ``hospital`` narrows a regulator's; empty: all.
    """
    rows = queries_register.between(queries_register.readable_by(by, hospital), *period)
    if by.role is Role.REGULATOR:
        found, following = paging.oldest_first(rows, wanted)
        return Page(found, following, None)
    with transaction.atomic():
        found, following = paging.oldest_first(queries_register.with_sheets(rows), wanted)
        looked = access.view(
            by=by,
            at=at,
            purpose="register",
            basis="own_register",
            of=[one.record for one in found],
            about=ABOUT,
            fields=content.TO_REGISTER,
            among=[one.prescription.patient_id for one in found],
        )
    sheets = {one.id: access.listed(one.record, looked) for one in found}
    beside = {one.id: access.amendments(one.record, looked) for one in found}
    return Page(found, following, sheets, beside)
