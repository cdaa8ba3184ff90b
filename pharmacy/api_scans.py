"""The scan station: the patient's code, what it opens, what goes onto the bags; codes on paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import errors, http, idempotency
from hospital.roles import Role
from hospital.units import stamp
from pharmacy import queries, queries_stock, sheets
from pharmacy.actions import checklist, labelling, printing, scanning, throttling
from pharmacy.models import PrintedCode, Scan
from pharmacy.queries import SCAN_LIFE
from prescriptions.api import shown
from prescriptions.models import Medicine

SHOWN = 100


class Scans(http.Command):
    """Scan the code on the patient's phone or paper; it is used once, for all that it names."""

    roles = (Role.PHARMACIST,)
    records_refusals = True
    success = 201

    class Input(http.Strict):
        code = http.Text(max_length=2000, trim_whitespace=False)
        born = serializers.DateField(
            default=None, help_text="the patient's birth date, as told by who brings a printed code"
        )

    def post(self, request: Request, **where: Any) -> Any:
        """Refusals are counted beside the command, which leaves nothing of a refused one."""
        idempotency.check_key(request.headers.get("Idempotency-Key"))
        by, at = self.actor, timezone.now()
        throttling.check(by=by, at=at)
        values = self.read()
        try:
            if values["born"] is not None:
                printing.try_birth_date(values["code"], values["born"], by=by, at=at)
            return super().post(request, **where)
        except errors.Refusal as refusal:
            throttling.count(refusal, by=by, at=at)
            raise

    def act(self, call: http.Call) -> dict[str, Any]:
        scans = scanning.scan(call.values["code"], call.values["born"], **call.doer)
        return _scanned(scans, call.at)


class TakeUp(http.Command):
    """Take up what a courier is to fetch, without a code: the patient is at home."""

    roles = (Role.PHARMACIST,)
    records_refusals = True
    success = 201

    def act(self, call: http.Call) -> dict[str, Any]:
        return _scanned([scanning.take_up(call.prescription_id, **call.doer)], call.at)


def _scanned(scans: list[Scan], at: datetime) -> dict[str, Any]:
    return {
        "scans": [{"id": str(one.id), "prescription": str(one.prescription_id)} for one in scans],
        "ends_at": stamp(at + SCAN_LIFE),
    }


class ScanDetail(http.Query):
    """
    What was prescribed, for the pharmacist who scanned; the look is recorded first.

    ``instead``: by line, what the patient has agreed to get in place of what the line says.
    """

    roles = (Role.PHARMACIST,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        seen = scanning.view(call.where["scan_id"], **call.doer)
        told = shown(seen, call.at)
        held = queries_stock.held_by_line(seen.prescription)
        instead = {
            line: _maker(medicine)
            for line, medicine in held.items()
            if line in told["lines"] and medicine.code != told["lines"][line]["code"]
        }
        return {**told, "instead": instead, "check_list": checklist.shown()}


class Labels(http.Query):
    """
    What is printed on the bag of each line, in Chinese, for the pharmacist who scanned: while the
    scan lasts, and for a day after it was dispensed. The look is recorded first.
    """

    roles = (Role.PHARMACIST,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        opened, labels = labelling.labels(call.where["scan_id"], **call.doer)
        return {
            "prescription": str(opened.prescription.id),
            "labels": labels,
            "amendments": [one.shown() for one in opened.amendments],
        }


class PrintedCodes(http.Command):
    """
    The own printed codes, or the ward's, the newest first; register one that the phone signed.

    The answer is the sheet to print: its lines, and the code as an SVG picture.
    """

    roles = (Role.PATIENT,)
    for_wards = True
    success = 201

    class Input(http.Strict):
        code = http.Text(max_length=2000, trim_whitespace=False)

    def get(self, request: Request) -> Response:
        found = queries.printed_codes(self.actor.patient)[:SHOWN]
        return Response({"printed": [_shown(one) for one in found]})

    def act(self, call: http.Call) -> dict[str, Any]:
        made = printing.register(call.values["code"], **call.doer)
        sheet = sheets.lines(
            made.pharmacy.name, made.ends_at, made.prescriptions.count(), made.id.hex
        )
        return {**_shown(made), "sheet": sheet, "svg": sheets.drawn(call.values["code"])}


class LosePrinted(http.Command):
    """The paper is lost: it opens nothing any more."""

    roles = (Role.PATIENT,)
    for_wards = True

    def act(self, call: http.Call) -> dict[str, Any]:
        return _shown(printing.lose(cast(UUID, call.where["printed_id"]), **call.doer))


def _maker(medicine: Medicine) -> dict[str, str]:
    named = ("code", "generic_name", "specification", "manufacturer", "approval_number")
    return {name: getattr(medicine, name) for name in named}


def _shown(printed: PrintedCode) -> dict[str, Any]:
    return {
        "id": str(printed.id),
        "pharmacy": printed.pharmacy.slug,
        "printed_at": stamp(printed.printed_at),
        "ends_at": stamp(printed.ends_at),
        "ended_at": stamp(printed.ended_at) if printed.ended_at else None,
        "ending": printed.ending or None,
        "wrong_birth_dates": printed.failures,
    }
