"""
Corrections over HTTP: the own ones, what waits for an answer, and what is done with one.

Asking and accepting know the records' own app and stand there (``prescriptions.api_corrections``).
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from rest_framework import serializers

from hospital import http, paging, promises
from hospital.corrections import queries
from hospital.corrections.actions import answering, asking, viewing
from hospital.corrections.content import Words
from hospital.corrections.models import Correction, Reason
from hospital.roles import Role
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement

PAGES = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}
MOST_CHARACTERS = 500
REASONS = {
    Reason.CORRECT: "记录属实",
    Reason.UNPROVEN: "所述情况无法核实",
    Reason.CHANGED: "处方已另行修改",
    Reason.OTHER: "其他",
}


class SaltInput(http.Strict):
    salt = http.Text(max_length=24, help_text="base64 of 16 random bytes, drawn by the device")


class WordsInput(SaltInput):
    right = serializers.DictField(
        child=http.Text(max_length=MOST_CHARACTERS),
        help_text="name of a field of the record → what it should say",
    )
    why = http.Text(max_length=MOST_CHARACTERS, default="", allow_blank=True)


class RefusalInput(SaltInput):
    reason = serializers.ChoiceField([(one.value, REASONS[one]) for one in Reason])
    why = http.Text(max_length=MOST_CHARACTERS, help_text="in words, for the patient")


class DecisionInput(http.Strict):
    decision = serializers.ChoiceField(answering.Decision.choices)


def about(call: http.Call) -> UUID:
    """Which correction the call's address names."""
    return cast(UUID, call.where["correction_id"])


def words(call: http.Call) -> Words:
    """What the caller says of a record."""
    said = call.values
    return Words(said.get("right", {}), said["why"], said["salt"])


def stated(one: Correction) -> dict[str, Any]:
    """A correction without a word of what was said."""
    return {
        "id": str(one.id),
        "subject": one.subject,
        "state": one.state,
        "hospital": one.hospital.slug,
        "author": str(one.author_id),
        "about": one.about,
        "asked_at": stamp(one.created_at),
        "answer_until": stamp(one.answer_until),
        "answerer": str(one.answerer_id) if one.answerer_id else None,
        "answered_at": stamp(one.answered_at) if one.answered_at else None,
        "reason": one.reason or None,
        "appeal_until": stamp(one.appeal_until) if one.appeal_until else None,
        "appealed_at": stamp(one.appealed_at) if one.appealed_at else None,
        "decided_at": stamp(one.decided_at) if one.decided_at else None,
    }


def changed(one: Correction, entry: chain.Appended) -> dict[str, Any]:
    """What every command answers."""
    return {**stated(one), "entry": promises.entered(entry)}


def opened(one: viewing.Opened) -> dict[str, Any]:
    """A correction with what was said."""
    return {
        **stated(one.correction),
        "request": one.request,
        "answer": one.answer,
        "appeal": one.appeal,
    }


class Own(http.Query):
    """The caller's own corrections, newest first; the look is recorded."""

    roles = (Role.PATIENT,)
    query = PAGES

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = viewing.view_own(wanted, **call.doer)
        return {
            "corrections": [opened(one) for one in page],
            "next": str(following) if following else None,
        }


class Awaiting(http.Query):
    """
    What waits for the caller, the oldest first: a doctor's hospital's requests; for a regulator the
    appeals, and the requests of every hospital that are ``overdue``. Ids and times, nothing sealed.
    """

    roles = (Role.DOCTOR, Role.REGULATOR)
    query = PAGES

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = queries.awaiting(call.by, wanted, at=call.at)
        return {
            "corrections": [{**stated(one), "overdue": one.is_overdue(call.at)} for one in page],
            "next": str(following) if following else None,
        }


class CorrectionDetail(http.Query):
    """What was said, with the disputed record; the look is recorded before anything is opened."""

    roles = (Role.PATIENT, Role.DOCTOR, Role.REGULATOR)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        found = viewing.view(about(call), **call.doer)
        return {
            **opened(found),
            "overdue": found.correction.is_overdue(call.at),
            "record": found.record,
            "amendments": [one.shown() for one in found.amendments],
        }


class TakeBackStatement(http.Draw):
    """The statement by which the patient takes it back."""

    roles = (Role.PATIENT,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        return asking.draw_take_back(about(call), **call.drawer), {"zh": "撤回更正请求"}


class TakeBack(http.Command):
    """Take back a request, or an appeal."""

    roles = (Role.PATIENT,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*asking.take_back(about(call), call.note, **call.doer))


class AppealStatement(http.Draw):
    """The statement by which the patient takes a refusal to the regulator."""

    roles = (Role.PATIENT,)

    class Input(WordsInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = asking.draw_appeal(about(call), words(call), **call.drawer)
        return statement, {"zh": "不同意医院的答复，请监管部门决定；您的异议说明将附在记录旁"}


class Appeal(http.Command):
    """Take a refusal to the regulator; the words stand beside the record from now on."""

    roles = (Role.PATIENT,)

    class Input(WordsInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*asking.appeal(about(call), words(call), call.note, **call.doer))


class RefuseStatement(http.Draw):
    """The statement by which a doctor leaves the record as it is."""

    roles = (Role.DOCTOR,)

    class Input(RefusalInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        reason = call.values["reason"]
        statement = answering.draw_refuse(about(call), reason, words(call), **call.drawer)
        return statement, {"zh": f"不予更正：{REASONS[Reason(reason)]}；患者可请监管部门决定"}


class Refuse(http.Command):
    """Leave the record as it is, with a reason."""

    roles = (Role.DOCTOR,)

    class Input(RefusalInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        reason = call.values["reason"]
        done = answering.refuse(about(call), reason, words(call), call.note, **call.doer)
        return changed(*done)


class DecideAppealStatement(http.Draw):
    """The statement by which the regulator decides about a refusal."""

    roles = (Role.REGULATOR,)

    class Input(DecisionInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        decision = call.values["decision"]
        statement = answering.draw_decide(about(call), decision, **call.drawer)
        turned = "医院应予更正，患者请求更正的内容附在记录旁"
        upheld = "维持医院的答复，患者的异议说明附在记录旁"
        return statement, {"zh": turned if decision == answering.Decision.TURN else upheld}


class DecideAppeal(http.Command):
    """Decide about a refusal; this is the last word."""

    roles = (Role.REGULATOR,)

    class Input(DecisionInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        decision = call.values["decision"]
        return changed(*answering.decide(about(call), decision, call.note, **call.doer))
