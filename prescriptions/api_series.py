"""Long-term prescriptions in several issues over HTTP: sign, review, stop and see all of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hospital import http
from hospital.roles import Role
from ledger.entry import Statement
from prescriptions.actions import cancelling, reviewing, series, viewing
from prescriptions.api import changed, said_of_content, shown
from prescriptions.api_changes import CancelInput
from prescriptions.api_reviews import DecisionToSign, ReviewInput, said


def about(call: http.Call) -> UUID:
    series_id: UUID = call.where["series_id"]
    return series_id


def done(call: http.Call, made: series.Done) -> dict[str, Any]:
    """What a change of several issues answers."""
    return {"series": str(about(call)), "prescriptions": [changed(*one) for one in made]}


class Series(http.Query):
    """The plan: every issue, its state, when it opens and ends. The look is recorded first."""

    roles = (Role.PATIENT, Role.DOCTOR)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        found = viewing.view_series(about(call), **call.doer)
        return {"series": str(about(call)), "prescriptions": [shown(one, call.at) for one in found]}


class IssueStatements(http.Draw):
    """The statements by which the doctor issues the drafts, one for each."""

    roles = (Role.DOCTOR,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[list[Statement], dict[str, Any]]:
        statements = series.draw_issue(about(call), **call.drawer)
        deed = f"开具长期处方，分{len(statements)}次调配，每次"
        return statements, {"zh": said_of_content(deed, statements[0])}


class IssueAll(http.Command):
    """Issue the drafts."""

    roles = (Role.DOCTOR,)
    Input = http.SignedTogether

    def act(self, call: http.Call) -> dict[str, Any]:
        return done(call, series.issue(about(call), call.notes, **call.doer))


class ReviewStatements(http.Draw):
    """The statements by which a reviewing pharmacist approves or returns what awaits review."""

    roles = (Role.REVIEWER,)

    Input = DecisionToSign

    def draw(self, call: http.Call) -> tuple[list[Statement], dict[str, Any]]:
        statements = series.draw_review(about(call), *said(call), **call.drawer)
        words = reviewing.in_words(statements[0])
        return statements, {"zh": f"长期处方{len(statements)}次调配，{words}"}


class ReviewAll(http.Command):
    """Approve or return what awaits review."""

    roles = (Role.REVIEWER,)

    class Input(ReviewInput, http.SignedTogether):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        return done(call, series.review(about(call), *said(call), call.notes, **call.doer))


class StopStatements(http.Draw):
    """The statements by which the doctor, or the patient, ends all that was not given out yet."""

    roles = (Role.DOCTOR, Role.PATIENT)

    class Input(CancelInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[list[Statement], dict[str, Any]]:
        statements = series.draw_stop(about(call), call.values["reason"], **call.drawer)
        return statements, {"zh": f"停用长期处方，取消其余{len(statements)}次调配"}


class Stop(http.Command):
    """End all that was not given out yet."""

    roles = (Role.DOCTOR, Role.PATIENT)

    class Input(CancelInput, http.SignedTogether):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        made = series.stop(about(call), call.values["reason"], call.notes, **call.doer)
        return {**done(call, made), "eps": cancelling.CANCELLED}
