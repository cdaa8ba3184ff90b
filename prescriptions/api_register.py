"""The register of narcotics over HTTP: for who reviews, who dispenses, and who supervises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from rest_framework.request import Request

from hospital import calendar, errors, http, paging
from hospital.roles import Role
from hospital.units import stamp
from prescriptions import content
from prescriptions.actions import registering
from prescriptions.registers import Serial

REGISTERED = ("code", "generic_name", "specification", "quantity", "unit")
"""What of a line: art. 51 does not ask for doses."""
PERIOD_MAX, LAST = timedelta(days=366), date.max.toordinal()


class BadPeriod(errors.Invalid):
    """Ask for at most 366 days: ``since`` the first, ``until`` the day after the last."""

    code = "register.bad_period"


class RegisterOfNarcotics(http.Query):
    """
    What was written on the form of narcotics in a period, numbered by hospital and day, in order.

    A reviewer reads the own hospital's, a pharmacist that of the hospital whose own pharmacy it
    is, with medicines, quantities, doctor and patient (``sheet``): one look for the page. A
    regulator reads any (``hospital``) or all, by reference; nothing sealed is opened for that. Both
    days are Asia/Shanghai days; today alone if left out.
    """

    roles = (Role.REVIEWER, Role.PHARMACIST, Role.REGULATOR)
    query = {
        "since": "the first day, as 2026-11-26",
        "until": "the day after the last",
        "hospital": "for a regulator: this hospital's alone",
        "cursor": "next of the page before",
        "size": "1 to 50; 20 if left out",
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        since, until = period(self.request, calendar.legal_day(call.at))
        page = registering.read(
            asked.get("hospital", "").replace("\x00", ""),
            (since, until),
            paging.Wanted.asked(asked),
            **call.doer,
        )
        return {
            "register": [_shown(one, page) for one in page.serials],
            "next": str(page.following) if page.following else None,
        }


def _shown(one: Serial, page: registering.Page) -> dict[str, Any]:
    beside = [each.shown() for each in page.beside.get(one.id, ())]
    sheets = page.sheets
    sheet = {} if sheets is None else {"sheet": _said(sheets[one.id]), "amendments": beside}
    return {
        "hospital": one.register.hospital.slug,
        "day": one.register.day.isoformat(),
        "volume": one.register.volume,
        "number": one.number,
        "form": one.form,
        "numbered_at": stamp(one.created_at),
        "prescription": str(one.prescription_id),
        "status": one.prescription.status,
        "in_force": one.record_id == one.prescription.record_id,
        **sheet,
    }


def _said(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the sheet says, as the register has it; None if it was erased."""
    if fields is None:
        return None
    return {
        "patient": fields["patient/name"],
        "doctor": fields["doctor/license"],
        "lines": [
            {name: line[name] for name in REGISTERED} for line in content.lines_of(fields).values()
        ],
    }


def period(request: Request, today: date) -> tuple[date, date]:
    """The days asked for, ``until`` exclusive. Raises ``BadPeriod``."""
    since = _day(request, "since") or today
    until = _day(request, "until") or date.fromordinal(min(since.toordinal() + 1, LAST))
    if not timedelta(0) < until - since <= PERIOD_MAX:
        raise BadPeriod(field="until", days_max=PERIOD_MAX.days)
    return since, until


def _day(request: Request, name: str) -> date | None:
    text = request.query_params.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadPeriod(field=name) from None
