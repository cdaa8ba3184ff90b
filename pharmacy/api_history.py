"""A patient's history across hospitals, over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import asking, http, paging
from hospital.roles import Role
from hospital.units import stamp
from pharmacy.actions import history
from pharmacy.models import Dispensing
from prescriptions import content


class HistoryInput(http.Strict):
    patient = http.Text(
        max_length=18, default="", allow_blank=True, help_text="resident identity number"
    )
    prescription = serializers.UUIDField(
        default=None, help_text="or an own prescription for this patient"
    )
    consultation = serializers.UUIDField(default=None, help_text="or an own consultation")
    cursor = http.Text(max_length=64, default="", allow_blank=True)
    size = http.Whole(min_value=1, max_value=paging.PAGE_MAX, default=paging.PAGE_USUAL)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = [attrs[name] for name in ("patient", "prescription", "consultation")]
        if len([one for one in named if one]) != 1:
            raise serializers.ValidationError(
                {"patient": ["Name the patient, an own prescription or an own consultation."]}
            )
        return attrs


class History(asking.Question):
    """
    All prescriptions of a patient, of all hospitals, with what was given out.

    Under a grant of the patient's or an emergency of the caller's; the look is recorded first, and
    so is every refusal.
    """

    roles = (Role.DOCTOR,)
    records_refusals = True
    Input = HistoryInput

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = call.values
        about = history.About(asked["patient"], asked["prescription"], asked["consultation"])
        return _page(about, call)


class PageInput(http.Strict):
    cursor = http.Text(max_length=64, default="", allow_blank=True)
    size = http.Whole(min_value=1, max_value=paging.PAGE_MAX, default=paging.PAGE_USUAL)


class WardsHistory(asking.Question):
    """
    As a doctor's ``history``, for the guardian: all prescriptions of the ward.

    The look is recorded first, and so is every refusal.
    """

    roles = (Role.PATIENT,)
    records_refusals = True
    Input = PageInput

    def show(self, call: http.Call) -> dict[str, Any]:
        return _page(history.About(guardianship=call.where["guardianship_id"]), call)


def _page(about: history.About, call: http.Call) -> dict[str, Any]:
    asked = call.values
    after = paging.Cursor.parse(asked["cursor"]) if asked["cursor"] else None
    page = history.view(about, paging.Wanted(after, asked["size"]), **call.doer)
    opened = page.basis.fields
    return {
        "basis": page.basis.subject,
        "purpose": page.basis.purpose,
        "opened": list(opened),
        "prescriptions": [_shown(one, opened) for one in page.past],
        "next": str(page.following) if page.following else None,
    }


def _shown(past: history.Past, opened: tuple[str, ...]) -> dict[str, Any]:
    """One prescription, of which nothing is said that the basis does not open."""
    prescription, fields = past.prescription, past.fields or {}
    shown: dict[str, Any] = {
        "id": str(prescription.id),
        "status": prescription.status,
        "created_at": stamp(prescription.created_at),
        "erased": past.fields is None,
        "lines": content.lines_of(fields),
        "fields": {
            name: value for name, value in fields.items() if not name.startswith(content.LINES)
        },
    }
    if content.HOSPITAL in opened:
        shown["hospital"] = prescription.hospital.slug
    if history.GIVEN_OUT in opened:
        shown["dispensing"] = _given_out(past.dispensing) if past.dispensing else None
    return shown


def _given_out(dispensing: Dispensing) -> dict[str, Any]:
    return {
        "pharmacy": dispensing.pharmacist.actor.organisation,
        "at": stamp(dispensing.dispensed_at),
        "lines": dispensing.lines,
    }
