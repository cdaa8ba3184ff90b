"""A payer's statement of claims over HTTP: page by page, as values or as lines of a file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hospital import calendar, errors, http, paging
from hospital.units import stamp
from insurance import filing, queries_statements
from insurance.actions.settling import SETTLED_AT_ONCE
from insurance.api_settlements import FORMS, PAGE, PAYERS, word
from insurance.models import Claim, Settlement
from insurance.queries import reckoned, shares
from insurance.queries_statements import Period

LONGEST = timedelta(days=366)
COLUMNS = (
    *("subject", "pharmacy", "received_at", "stage", "share_fen", "claimed_fen", "approved_fen"),
    *("reversed_fen", "paid_fen", "decision", "reason", "decided_at", "settlement", "reference"),
)


class BadPeriod(errors.Invalid):
    """A period is two days as 2026-11-01, the second exclusive, and no longer than a year."""

    code = "statement.bad_period"


class ClaimsStatement(http.Query):
    """
    What the caller's payer received in a period, oldest first, and what became of it.

    The first page has the sums. ``lines`` are the page's part of the file: all pages one after the
    other are the file.
    """

    roles = PAYERS
    query = {
        **PAGE,
        "from": "the first day, 2026-11-01",
        "until": "the day behind the last",
        "form": "json: JSON lines; csv; json if left out",
    }

    def show(self, call: http.Call) -> dict[str, Any]:
        asked, payer = self.request.query_params, call.by.organisation_id
        period, form = _period(asked), word(asked, "form", FORMS)
        wanted = paging.Wanted.asked(asked, SETTLED_AT_ONCE)
        found, following = queries_statements.page(payer, period, wanted)
        lines, first = [_line(one, call.by.organisation) for one in found], wanted.after is None
        as_text = filing.json_lines(lines)
        if form == "csv":
            as_text = filing.csv_lines(lines, COLUMNS, first=first)
        return {
            "next": str(following) if following else None,
            "sums": queries_statements.sums(payer, period) if first else None,
            "form": form,
            "lines": as_text,
        }


def _period(asked: Any) -> Period:
    """Raises ``BadPeriod``."""
    since, until = (_day(asked.get(name, "")) for name in ("from", "until"))
    if not since < until <= since + LONGEST:
        raise BadPeriod(field="until")
    return Period(since, until)


def _day(text: str) -> datetime:
    try:
        return calendar.begins(date.fromisoformat(text))
    except (ValueError, OverflowError) as fault:
        raise BadPeriod(field="from") from fault


def _line(bill: Any, payer: str) -> dict[str, Any]:
    """Of two claims the sums; the second is of what the first left, and was decided last."""
    claims: list[Claim] = bill.mine
    last = claims[-1] if claims else None
    paid = [one for one in claims if one.settlement is not None]
    return {
        "subject": bill.prescription.subject,
        "pharmacy": bill.pharmacy.slug,
        "received_at": stamp(bill.opened_at),
        "stage": _stage(claims),
        "share_fen": shares(bill, reckoned(bill))[payer],
        "claimed_fen": claims[0].claimed_fen if claims else 0,
        "approved_fen": sum(one.approved_fen for one in claims),
        "reversed_fen": sum(one.reversed_fen for one in claims),
        "paid_fen": sum(one.owed_fen for one in paid),
        "decision": last.decision if last else "",
        "reason": last.reason if last else "",
        "decided_at": stamp(last.decided_at) if last else "",
        "settlement": " ".join(one.subject for one in _settlements(paid)),
        "reference": " ".join(
            one.remittance.reference for one in _settlements(paid) if one.remittance
        ),
    }


def _settlements(paid: list[Claim]) -> list[Settlement]:
    return [one.settlement for one in paid if one.settlement is not None]


def _stage(claims: list[Claim]) -> str:
    """
    Open, also where it is to be decided on again; refused, approved, settled, or remitted once a
    transfer was told of all of it.
    """
    if not claims or claims[0].rest_fen:
        return "open"
    if claims[0].approved_fen == 0:
        return "refused"
    made = [one.settlement for one in claims if one.settlement or one.owed_fen]
    if claims[0].settlement is None or None in made:
        return "approved"
    return "remitted" if all(one and one.remittance_id for one in made) else "settled"
