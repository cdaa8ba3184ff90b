"""A patient's history across hospitals, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from hospital import asking, consents, http, paging
from hospital.corrections.attached import Amendment
from hospital.roles import Role
from hospital.units import SHANGHAI, stamp
from pharmacy.actions import history
from pharmacy.models import Dispensing
from prescriptions import content

CURSOR_MAX = 160
NAMES = ("patient", "prescription", "consultation", "grant")


class HistoryInput(http.Strict):
    patient = http.Text(
        max_length=18, default="", allow_blank=True, help_text="resident identity number"
    )
    prescription = serializers.UUIDField(
        default=None, help_text="or an own prescription for this patient"
    )
    consultation = serializers.UUIDField(default=None, help_text="or an own consultation")
    grant = serializers.UUIDField(default=None, help_text="or what the patient has granted")
    cursor = http.Text(max_length=CURSOR_MAX, default="", allow_blank=True)
    size = http.Whole(min_value=1, max_value=paging.PAGE_MAX, default=paging.PAGE_USUAL)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len([name for name in NAMES if attrs[name]]) != 1:
            raise serializers.ValidationError(
                {"patient": ["Name the patient, an own prescription or consultation, or a grant."]}
            )
        return attrs


class History(asking.Question):
    """
    All prescriptions of a patient, of all hospitals, as far as the purpose of the basis goes.

    Under a grant of the patient's or an emergency of the caller's; the look is recorded first, and
    so is every refusal. Officers of insurers and researchers name a grant, and learn neither whose
    records they are nor which.
    """

    roles = consents.READERS
    records_refusals = True
    Input = HistoryInput

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = call.values
        about = history.About(
            asked["patient"], asked["prescription"], asked["consultation"], grant=asked["grant"]
        )
        return shown(history.view(about, wanted(about, asked), **call.doer), about)


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
        about = history.About(guardianship=call.where["guardianship_id"])
        return shown(history.view(about, wanted(about, call.values), **call.doer), about)


def wanted(about: history.About, asked: Mapping[str, Any]) -> paging.Wanted:
    """Which page is asked for. Raises ``paging.BadCursor``."""
    if not asked["cursor"]:
        return paging.Wanted(None, asked["size"])
    if about.grant is not None:
        return paging.Wanted(paging.found(asked["cursor"], about.grant.hex), asked["size"])
    return paging.Wanted(paging.Cursor.parse(asked["cursor"]), asked["size"])


def shown(page: history.Page, about: history.About) -> dict[str, Any]:
    """A page, of which nothing is said that the reader is not to know for its purpose."""
    basis, following = page.basis, page.following
    terms = consents.terms_of(basis.purpose)
    answer: dict[str, Any] = {
        "basis": basis.subject,
        "purpose": basis.purpose,
        "opened": list(basis.fields),
        "prescriptions": [_shown(one, basis.fields, terms) for one in page.past],
        "next": str(following) if following else None,
    }
    if about.grant is not None:
        answer["patient"] = page.patient
        answer["next"] = paging.hidden(following, about.grant.hex) if following else None
    return answer


def _shown(past: history.Past, opened: tuple[str, ...], terms: consents.Terms) -> dict[str, Any]:
    prescription, fields = past.prescription, past.fields or {}
    if not terms.knows_patient:
        fields = content.without_words(fields)
    shown: dict[str, Any] = {
        "status": prescription.status,
        "erased": past.fields is None,
        "lines": content.lines_of(fields),
        "fields": {
            name: value for name, value in fields.items() if not name.startswith(content.LINES)
        },
    }
    if content.LINES in opened and (prescription.remainder_of_id or past.is_parted):
        shown["units"] = prescription.quantities
    if terms.knows_prescription:
        shown |= {"id": str(prescription.id), "created_at": stamp(prescription.created_at)}
    else:
        shown["month"] = f"{prescription.created_at.astimezone(SHANGHAI):%Y-%m}"
    shown["amendments"] = [
        _amendment(one, opened) if terms.knows_patient else _disputed(one)
        for one in past.amendments
    ]
    if content.HOSPITAL in opened:
        shown["hospital"] = prescription.hospital.slug
    if history.GIVEN_OUT in opened:
        shown["dispensing"] = (
            _given_out(past.dispensing, shown["lines"]) if past.dispensing else None
        )
    return shown


def _amendment(one: Amendment, opened: tuple[str, ...]) -> dict[str, Any]:
    """Who amended it tells the hospital, unless that may be told: then only the role is left."""
    shown = one.shown()
    hidden = () if content.HOSPITAL in opened else ("organisation", "by")
    return {name: value for name, value in shown.items() if name not in hidden}


def _disputed(one: Amendment) -> dict[str, Any]:
    """For who is not to know the patient: free words, days and ids would say who it is."""
    return {"kind": one.attached.kind.value, "fields": sorted(one.fields)}


def _given_out(dispensing: Dispensing, prescribed: Mapping[str, Any]) -> dict[str, Any]:
    """``instead``: line → the medicine that left the shelf, where the patient agreed to another."""
    left = dispensing.prescription.reservations.all()
    codes = {line: one.item.medicine_id for one in left for line in one.lines}
    instead = {
        line: codes[line]
        for line, said in prescribed.items()
        if line in codes and codes[line] != said["code"]
    }
    return {
        "pharmacy": dispensing.pharmacist.actor.organisation,
        "at": stamp(dispensing.dispensed_at),
        "lines": dispensing.lines,
        **({"instead": instead} if instead else {}),
    }
