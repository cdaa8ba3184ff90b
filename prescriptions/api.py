"""Prescriptions over HTTP: draft, issue, review, cancel, read."""

from __future__ import annotations

import re
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import errors, http, promises
from hospital.roles import Role
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement
from ledger.note import encode_base64
from prescriptions import content, queries
from prescriptions.actions import drafting, issuing, viewing
from prescriptions.models import Prescription

MEDICINES_SHOWN = 20


class BadPageSize(errors.Invalid):
    """A page holds 1 to 50 prescriptions."""

    code = "page.bad_size"


class DiagnosisInput(http.Strict):
    code = http.Text(max_length=20, help_text="ICD-10")
    name = http.Text(max_length=100)
    main = http.Flag(default=False)


class LineInput(http.Strict):
    medicine = http.Text(max_length=40, help_text="medListCodg")
    dose = serializers.DecimalField(
        max_digits=10,
        decimal_places=4,
        min_value=Decimal("0.0001"),
        coerce_to_string=False,
        help_text="A decimal as text, for example 0.5",
    )
    dose_unit = http.Text(max_length=8)
    frequency = http.Text(max_length=8)
    route = http.Text(max_length=8, default="", allow_blank=True)
    days = http.Whole(min_value=1, max_value=366)
    quantity = http.Whole(min_value=1, max_value=10_000, help_text="dispensing units")
    note = http.Text(max_length=200, default="", allow_blank=True)


class DraftInput(http.Strict):
    patient = http.Text(max_length=18, help_text="resident identity number")
    online = http.Flag()
    emergency = http.Flag(default=False)
    long_term = http.Flag(default=False)
    guardian_present = http.Flag(default=False)
    reason_for_longer = http.Text(max_length=200, default="", allow_blank=True)
    valid_days = http.Whole(min_value=1, max_value=3, default=1)
    valid_until = serializers.DateTimeField(
        default=None, help_text="an earlier end than valid_days gives"
    )
    hospital_number = http.Text(max_length=40, default="", allow_blank=True)
    reason_for_overdose = http.Text(max_length=200, default="", allow_blank=True)
    severe_pain = http.Flag(
        default=False, help_text="cancer or severe chronic pain; consent and documents are on file"
    )
    pregnant = http.Flag(default=False)
    allergies = http.Text(max_length=500, default="", allow_blank=True)
    weight_g = http.Whole(min_value=200, max_value=600_000, default=None)
    diagnoses = serializers.ListField(child=DiagnosisInput(), max_length=20)
    lines = serializers.ListField(child=LineInput(), min_length=1, max_length=20)


class ReviewInput(http.Strict):
    decision = serializers.ChoiceField(issuing.Decision.choices)
    reason = serializers.ChoiceField(issuing.ReviewReason.choices, default="none")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["decision"] == issuing.Decision.APPROVE) != (attrs["reason"] == "none"):
            raise serializers.ValidationError({"reason": ["Give a reason exactly when returning."]})
        return attrs


class CancelInput(http.Strict):
    reason = serializers.ChoiceField(issuing.CancelReason.choices)


def changed(prescription: Prescription, entry: chain.Appended) -> dict[str, Any]:
    """What every state change answers."""
    return {
        "id": str(prescription.id),
        "status": prescription.status,
        "entry": promises.entered(entry),
    }


def shown(opened: viewing.Opened) -> dict[str, Any]:
    """A prescription as its readers get it."""
    prescription = opened.prescription
    return {
        "id": str(prescription.id),
        "status": prescription.status,
        "hospital": prescription.hospital.slug,
        "pharmacy": prescription.pharmacy.slug if prescription.pharmacy else None,
        "way": prescription.way,
        "created_at": stamp(prescription.created_at),
        "valid_until": stamp(prescription.valid_until),
        "lines": content.lines_of(opened.fields),
        "fields": {
            name: value
            for name, value in opened.fields.items()
            if not name.startswith(content.LINES)
        },
    }


class Prescriptions(http.Command):
    """List the own prescriptions (a patient's, a doctor's, a reviewer's queue); draft another."""

    roles = (Role.PATIENT, Role.DOCTOR, Role.REVIEWER)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}
    Input = DraftInput
    success = 201

    def get(self, request: Request) -> Response:
        cursor = request.query_params.get("cursor")
        found, following = viewing.view_list(
            by=self.actor,
            at=timezone.now(),
            after=queries.Cursor.parse(cursor) if cursor else None,
            size=_page_size(request.query_params.get("size")),
        )
        return Response(
            {
                "prescriptions": [shown(one) for one in found],
                "next": str(following) if following else None,
            }
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        if call.by.role is not Role.DOCTOR:
            raise http.WrongRole(role=call.by.role.value, needed=[Role.DOCTOR.value])
        prescription, findings = drafting.draft(call.values, **call.doer)
        return {
            "id": str(prescription.id),
            "status": prescription.status,
            "valid_until": stamp(prescription.valid_until),
            "findings": [asdict(finding) for finding in findings],
        }


class PrescriptionDetail(http.Query):
    """Read one prescription; the look is recorded before the content is opened."""

    roles = (Role.PATIENT, Role.DOCTOR, Role.REVIEWER)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return shown(viewing.view(call.prescription_id, **call.doer))


class PrescriptionFields(http.Query):
    """
    Every field of the caller's own prescription as ``[salt, name, value]``.

    With these a phone opens single fields in a receipt file, without asking anybody: to show an
    employer the days, say, and not the diagnosis. The look is recorded first.
    """

    roles = (Role.PATIENT,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        found = viewing.fields(call.prescription_id, **call.doer)
        return {"fields": [[encode_base64(one.salt), one.name, one.value] for one in found]}


class IssueStatement(http.Draw):
    """The statement by which the doctor issues the draft."""

    roles = (Role.DOCTOR,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = issuing.draw_issue(call.prescription_id, **call.drawer)
        lines = len(statement.facts["lines"])
        return statement, {"zh": f"开具处方，共{lines}种药品"}


class Issue(http.Command):
    """Issue the draft."""

    roles = (Role.DOCTOR,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*issuing.issue(call.prescription_id, call.note, **call.doer))


class ReviewStatement(http.Draw):
    """The statement by which a reviewing pharmacist approves or returns."""

    roles = (Role.REVIEWER,)

    class Input(ReviewInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        decision = call.values["decision"]
        statement = issuing.draw_review(
            call.prescription_id,
            decision,
            call.values["reason"],
            **call.drawer,
        )
        approved = decision == issuing.Decision.APPROVE
        return statement, {"zh": "审核通过" if approved else f"退回处方：{call.values['reason']}"}


class Review(http.Command):
    """Approve or return."""

    roles = (Role.REVIEWER,)

    class Input(ReviewInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = issuing.review(
            call.prescription_id,
            call.values["decision"],
            call.values["reason"],
            call.note,
            **call.doer,
        )
        return changed(*done)


class CancelStatement(http.Draw):
    """The statement by which the doctor, or the patient before paying, cancels."""

    roles = (Role.DOCTOR, Role.PATIENT)

    class Input(CancelInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = issuing.draw_cancel(
            call.prescription_id,
            call.values["reason"],
            **call.drawer,
        )
        return statement, {"zh": "取消处方"}


class Cancel(http.Command):
    """Cancel."""

    roles = (Role.DOCTOR, Role.PATIENT)

    class Input(CancelInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = issuing.cancel(call.prescription_id, call.values["reason"], call.note, **call.doer)
        return changed(*done)


class Medicines(http.Query):
    """Medicines by the beginning of the generic name: ``?q=阿莫``."""

    query = {"q": "the beginning of the generic name"}

    def show(self, call: http.Call) -> dict[str, Any]:
        text = self.request.query_params.get("q", "")[:40].replace("\x00", "")
        found = queries.medicines_like(text)[:MEDICINES_SHOWN]
        names = ("code", "generic_name", "form", "specification", "unit", "price_fen")
        return {"medicines": [{name: getattr(one, name) for name in names} for one in found]}


def _page_size(text: str | None) -> int:
    if text is None:
        return 20
    if not re.fullmatch("[1-9][0-9]?", text) or int(text) > queries.PAGE_MAX:
        raise BadPageSize(field="size", most=queries.PAGE_MAX)
    return int(text)
