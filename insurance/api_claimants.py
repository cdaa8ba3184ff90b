"""What a patient lets a payer read before it decides by hand, over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import asking, http, paging
from hospital.roles import Role
from insurance.actions import claimants
from pharmacy import api_history
from pharmacy.actions import history


class ClaimantInput(http.Strict):
    grant = serializers.UUIDField(help_text="what the patient has granted for a claim")
    cursor = http.Text(max_length=api_history.CURSOR_MAX, default="", allow_blank=True)
    size = http.Whole(min_value=1, max_value=paging.PAGE_MAX, default=paging.PAGE_USUAL)


class ClaimantsHistory(asking.Question):
    """
    What the caller's payer pays of one patient: these prescriptions and, of them, these lines.

    Under a grant for a claim; the look is recorded first, and so is every refusal.
    """

    roles = (Role.OFFICER,)
    records_refusals = True
    Input = ClaimantInput

    def show(self, call: http.Call) -> dict[str, Any]:
        about = history.About(grant=call.values["grant"])
        wanted = api_history.wanted(about, call.values)
        page = claimants.view(call.values["grant"], wanted, **call.doer)
        return api_history.shown(page, about)
