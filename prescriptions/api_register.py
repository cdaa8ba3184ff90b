"""The register of narcotics over HTTP: for who reviews, who dispenses, and who supervises."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from rest_framework.request import Request

from hospital import calendar, errors, http, paging
from hospital.roles import Role
from hospital.units import stamp
from prescriptions import queries_register
from prescriptions.registers import Serial

PERIOD_MAX, LAST = timedelta(days=366), date.max.toordinal()


class BadPeriod(errors.Invalid):
    """Ask for at most 366 days: ``since`` the first, ``until`` the day after the last."""

    code = "register.bad_period"


class RegisterOfNarcotics(http.Query):
    """
    What was written on the form of narcotics in a period, numbered by hospital and day, in order.

    A reviewer reads the own hospital's, a pharmacist that of the hospital whose own pharmacy it
    is, a regulator any (``hospital``) or all. Prescriptions are named by reference; nothing sealed
    is opened. Both days are Asia/Shanghai days; today alone if left out.
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
        since, until = _period(self.request, calendar.legal_day(call.at))
        hospital = asked.get("hospital", "").replace("\x00", "")
        rows = queries_register.readable_by(call.by, hospital)
        found, following = paging.oldest_first(
            queries_register.between(rows, since, until), paging.Wanted.asked(asked)
        )
        return {
            "register": [_shown(one) for one in found],
            "next": str(following) if following else None,
        }


def _shown(one: Serial) -> dict[str, Any]:
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
    }


def _period(request: Request, today: date) -> tuple[date, date]:
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
