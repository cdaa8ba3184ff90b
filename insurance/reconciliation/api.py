"""Reconciliation over HTTP, for payers: bring a day's statement, see what differs, close it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from insurance.reconciliation import actions, queries, statements
from insurance.reconciliation.models import Difference, Kind

LONGEST = 900_000
WORDS = {
    Kind.MISSING_HERE: "对方有，本方无",
    Kind.MISSING_THERE: "本方有，对方无",
    Kind.TWICE: "对方重复",
    Kind.AMOUNT: "金额不符",
    Kind.STATE: "状态不符",
}


class Statements(http.Command):
    """
    Bring the statement of a day; the same again changes nothing, another one takes its place.

    Columns and what is signed: ``insurance.reconciliation.statements``.
    """

    roles = (Role.AGENT, Role.OFFICER)
    success = 201

    class Input(http.Strict):
        day = serializers.DateField(help_text="legal day on which it was settled")
        csv = http.Text(max_length=LONGEST, trim_whitespace=False)
        note = http.Text(max_length=65_535, trim_whitespace=False, help_text="C2SP signed note")

    def act(self, call: http.Call) -> dict[str, Any]:
        values = call.values
        made = statements.bring(values["day"], values["csv"], values["note"], **call.doer)
        return {
            "id": str(made.id),
            "day": made.day.isoformat(),
            "lines": made.lines,
            "total_fen": made.total_fen,
            "differences": queries.open_differences().filter(statement=made).count(),
        }


class Differences(http.Query):
    """What still differs in the statements of the caller's payer, the newest first."""

    roles = (Role.AGENT, Role.OFFICER)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        rows = queries.open_differences(payer=call.by.organisation_id)
        page, following = paging.newest_first(rows, wanted)
        return {
            "differences": [_shown(one) for one in page],
            "next": str(following) if following else None,
        }


class Close(http.Command):
    """End a difference that was settled between people, for a reason in words."""

    roles = (Role.OFFICER,)

    class Input(http.Strict):
        reason = http.Text(max_length=200)

    def act(self, call: http.Call) -> dict[str, Any]:
        reason, which = call.values["reason"], call.where["difference_id"]
        return _shown(actions.close(which, reason=reason, **call.doer))


def _shown(one: Difference) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "day": one.statement.day.isoformat(),
        "about": one.about,
        "number": one.number,
        "kind": one.kind,
        "zh": WORDS[Kind(one.kind)],
        "ours_fen": one.ours_fen,
        "theirs_fen": one.theirs_fen,
        "ours_state": one.ours_state,
        "theirs_state": one.theirs_state,
        "found_at": stamp(one.created_at),
        "ending": one.ending,
    }
