"""
What an officer of a payer reads before a claim is decided by hand: the patient has granted it.

Of the prescriptions of the patient those of which the payer pays a share, and of these the lines
that it pays for. Its claims, as amounts, a payer sees without any grant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from hospital import paging
from hospital.consents import Purpose
from hospital.roles import Actor
from insurance import queries
from pharmacy.actions import history
from prescriptions import content


def view(grant: UUID, wanted: paging.Wanted, *, by: Actor, at: datetime) -> history.Page:
    """
    A page of what the payer of ``by`` has to decide, or has decided, of one patient; newest first.

    Raises ``permissions.NotGranted``.
    """
    page = history.view(
        history.About(grant=grant),
        wanted,
        by=by,
        at=at,
        purposes=(Purpose.CLAIM,),
        among=Q(id__in=queries.paid_by(by.organisation_id).values("prescription_id")),
    )
    lines = queries.lines_paid_by(by.organisation_id, [one.prescription.id for one in page.past])
    return replace(page, past=[_with_lines(one, lines) for one in page.past])


def _with_lines(past: history.Past, lines: Mapping[UUID, frozenset[str]]) -> history.Past:
    if past.fields is None:
        return past
    mine = {f"{content.LINES}{line}" for line in lines.get(past.prescription.id, ())}
    fields: dict[str, Any] = {
        name: value
        for name, value in past.fields.items()
        if name in mine or not name.startswith(content.LINES)
    }
    return replace(past, fields=fields)
