"""Prescriptions over HTTP: draft, issue, read."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, paging, promises
from hospital.roles import Role
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement
from ledger.note import encode_base64
from prescriptions import content, facts, queries, rules
from prescriptions.actions import drafting, issuing, viewing
from prescriptions.inputs import DraftInput
from prescriptions.models import Prescription


def changed(prescription: Prescription, entry: chain.Appended) -> dict[str, Any]:
    """What every state change answers."""
    return {
        "id": str(prescription.id),
        "status": prescription.status,
        "entry": promises.entered(entry),
    }


def shown(opened: viewing.Opened, at: datetime) -> dict[str, Any]:
    """A prescription as its readers get it at ``at``."""
    prescription = opened.prescription
    return {
        "id": str(prescription.id),
        "status": prescription.status,
        "hospital": prescription.hospital.slug,
        "pharmacy": prescription.pharmacy.slug if prescription.pharmacy else None,
        "way": prescription.way,
        "created_at": stamp(prescription.created_at),
        "valid_until": stamp(prescription.valid_until),
        "kept_until": stamp(_kept_until(prescription)),
        "can_be_fetched": queries.can_be_fetched(prescription, at),
        "issue": _issue(prescription),
        "parts": _parts(prescription),
        "erased": opened.erased,
        "amendments": [one.shown() for one in opened.amendments],
        "lines": content.lines_of(opened.fields),
        "fields": {
            name: value
            for name, value in opened.fields.items()
            if not name.startswith(content.LINES)
        },
    }


def _kept_until(prescription: Prescription) -> datetime:
    form = facts.Form(prescription.form)
    return rules.kept_until(form, prescription.created_at, online=prescription.online)


def said_of_content(deed: str, statement: Statement) -> str:
    """What the doctor reads above the signature under a content: its size, and every warning."""
    said = f"{deed}，共{len(statement.facts['lines'])}种药品"
    warnings = statement.facts["warnings"]
    return f"{said}。提示：{rules.in_words(warnings)}" if warnings else said


def _parts(prescription: Prescription) -> dict[str, Any]:
    """
    The units that this one is about, where it is left of another or was given out in part itself.

    ``chosen``: of these, what a pharmacy is authorized to give; ``remainder_of`` and ``remainder``:
    of which it is left, and what is left of it.
    """
    before, after = prescription.remainder_of_id, getattr(prescription, "remainder", None)
    return {
        "units": prescription.quantities,
        "chosen": prescription.chosen,
        "remainder_of": str(before) if before else None,
        "remainder": str(after.id) if after else None,
    }


def _issue(prescription: Prescription) -> dict[str, Any] | None:
    """Which issue of which long-term prescription it is; None if it stands alone."""
    if prescription.series is None or prescription.opens_at is None:
        return None
    return {
        "series": str(prescription.series),
        "number": prescription.issue_number,
        "of": prescription.issues,
        "interval_days": prescription.interval_days,
        "opens_at": stamp(prescription.opens_at),
    }


class Prescriptions(http.Command):
    """List the own prescriptions (a patient's, a doctor's, a reviewer's queue); draft another."""

    roles = (Role.PATIENT, Role.DOCTOR, Role.REVIEWER)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}
    Input = DraftInput
    success = 201

    def get(self, request: Request) -> Response:
        wanted = paging.Wanted.asked(request.query_params)
        at = timezone.now()
        found, following = viewing.view_list(wanted, by=self.actor, at=at)
        return Response(
            {
                "prescriptions": [shown(one, at) for one in found],
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
            "issue": _issue(prescription),
            "findings": [asdict(finding) for finding in findings],
        }


class PrescriptionDetail(http.Query):
    """
    Read one prescription; the look is recorded before the content is opened. What its patient had
    erased and the law keeps, a regulator reads, and nobody else.
    """

    roles = (Role.PATIENT, Role.DOCTOR, Role.REVIEWER, Role.REGULATOR)
    for_wards = True
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return shown(viewing.view(call.prescription_id, **call.doer), call.at)


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
        return statement, {"zh": said_of_content("开具处方", statement)}


class Issue(http.Command):
    """Issue the draft."""

    roles = (Role.DOCTOR,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*issuing.issue(call.prescription_id, call.note, **call.doer))
