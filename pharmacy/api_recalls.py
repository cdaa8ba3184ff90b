"""Recalls over HTTP: regulators recall and lift, pharmacies collect, patients are warned."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, paging, promises
from hospital.roles import Role
from hospital.units import stamp
from ledger.entry import Statement
from pharmacy import queries_recalls
from pharmacy.actions import recalling, warned
from pharmacy.recalls import NUMBER_MAX, Collected, Grade, LiftReason, Reason, Recall

PAGED = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}


class RecallInput(http.Strict):
    medicine = http.Text(max_length=40)
    number = http.Text(
        max_length=NUMBER_MAX, default="", allow_blank=True, help_text="the lot's; empty: all lots"
    )
    grade = serializers.ChoiceField(Grade.choices, help_text="1, the gravest, to 3")
    reason = serializers.ChoiceField(Reason.choices)


class RecallStatement(http.Draw):
    """The recall to sign, with what it would reach now."""

    roles = (Role.REGULATOR,)

    class Input(RecallInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        terms = _terms(call)
        statement, reach = recalling.draw(terms, **call.drawer)
        what = f"批号{terms.number}" if terms.number else "全部批号"
        return statement, {
            "zh": f"召回 {terms.medicine} {what}（{terms.grade}级）："
            f"{reach.pharmacies}家药房现存{reach.units}件，已发出{reach.given}件",
            "pharmacies": reach.pharmacies,
            "units": reach.units,
            "given": reach.given,
        }


class Recalls(http.Command):
    """
    Recall a medicine's lot, or all its lots: nothing of it is given out any more. The list names
    all recalls, the newest first.
    """

    roles = (Role.REGULATOR,)
    success = 201
    query = PAGED

    class Input(RecallInput, http.Signed):
        pass

    def get(self, request: Request) -> Response:
        wanted = paging.Wanted.asked(request.query_params)
        page, following = paging.newest_first(Recall.objects.select_related("medicine"), wanted)
        return Response(
            {
                "recalls": [
                    {**_recall(one), "generic_name": one.medicine.generic_name} for one in page
                ],
                "next": str(following) if following else None,
            }
        )

    def act(self, call: http.Call) -> dict[str, Any]:
        made, entry = recalling.recall(_terms(call), call.note, **call.doer)
        return {**_recall(made), "entry": promises.entered(entry)}


class RecallDetail(http.Query):
    """One recall: what is recalled, why, until when everybody is told. It names no person."""

    def show(self, call: http.Call) -> dict[str, Any]:
        return _recall(recalling.find(call.where["recall_id"]))


class LiftInput(http.Strict):
    reason = serializers.ChoiceField(LiftReason.choices)


class LiftStatement(http.Draw):
    """The end of a recall to sign."""

    roles = (Role.REGULATOR,)

    class Input(LiftInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        reason = call.values["reason"]
        statement = recalling.draw_lift(call.where["recall_id"], reason, **call.drawer)
        return statement, {"zh": "结束召回"}


class Lift(http.Command):
    """End a recall; one of the wrong lot is lifted, and the right one recalled."""

    roles = (Role.REGULATOR,)

    class Input(LiftInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        found, entry = recalling.lift(
            call.where["recall_id"], call.values["reason"], call.note, **call.doer
        )
        return {**_recall(found), "entry": promises.entered(entry)}


class Progress(http.Query):
    """
    How far a recall is: patients in numbers, pharmacies with what lies there.

    ``patients`` counts in each state those whose prescriptions were filled from it; of fewer than
    five nothing is said. ``unregistered`` are units of the medicine whose lot nobody knows.
    """

    roles = (Role.REGULATOR,)
    query = {"after": "the last pharmacy of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        recall, asked = recalling.find(call.where["recall_id"]), self.request.query_params
        size, after = paging.size_of(asked), asked.get("after", "").replace("\x00", "")
        told = recall.told if recall.told >= queries_recalls.FEW else None
        return {
            **_recall(recall),
            "told": told,
            "told_at": stamp(recall.told_at) if recall.told_at else None,
            "patients": queries_recalls.by_state(recall),
            "unregistered": queries_recalls.unregistered(recall),
            "pharmacies": [
                {"pharmacy": one.pharmacy, "units": one.units, **_collected(one.collected)}
                for one in queries_recalls.shelves(recall, after=after, most=size)
            ],
        }


class Concerning(http.Query):
    """The recalls of what the caller's pharmacy has, or had, the newest first."""

    roles = (Role.PHARMACIST,)
    query = PAGED

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = queries_recalls.concerning(call.by.organisation_id, wanted)
        collected = queries_recalls.collected_by(call.by.organisation_id, page)
        return {
            "recalls": [{**_recall(one), **_collected(collected.get(one.id))} for one in page],
            "next": str(following) if following else None,
        }


class AtPharmacy(http.Query):
    """A recall at the caller's pharmacy: its lots, and which of its dispensings it concerns."""

    roles = (Role.PHARMACIST,)
    query = PAGED

    def show(self, call: http.Call) -> dict[str, Any]:
        recall, mine = recalling.find(call.where["recall_id"]), call.by.organisation_id
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = queries_recalls.dispensings_at(recall, mine, wanted)
        return {
            **_recall(recall),
            "lots": [
                {
                    "id": str(one.id),
                    "number": one.number,
                    "on_hand": one.on_hand,
                    "state": one.state,
                    "came_back": one.back_from_id is not None,
                }
                for one in queries_recalls.lots_at(recall, mine)
            ],
            "prescriptions": [{"id": str(one.id), "status": one.status} for one in page],
            "next": str(following) if following else None,
        }


class Collect(http.Command):
    """Confirm that the own pharmacy has put aside what it had of a recall."""

    roles = (Role.PHARMACIST,)
    success = 201

    def act(self, call: http.Call) -> dict[str, Any]:
        return _collected(recalling.collect(call.where["recall_id"], **call.doer))


class MyRecalls(http.Query):
    """
    The recalls in force of what the patient has received, with the prescriptions; a recorded look.
    """

    roles = (Role.PATIENT,)
    for_wards = True

    def show(self, call: http.Call) -> dict[str, Any]:
        return {
            "recalls": [
                {**_recall(recall), "prescriptions": [str(rx) for rx in filled]}
                for recall, filled in warned.view(**call.doer)
            ]
        }


def _terms(call: http.Call) -> recalling.Terms:
    names = ("medicine", "number", "grade", "reason")
    return recalling.Terms(**{name: call.values[name] for name in names})


def _recall(one: Recall) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "medicine": one.medicine_id,
        "number": one.number,
        "grade": one.grade,
        "reason": one.reason,
        "state": one.state,
        "recalled_at": stamp(one.created_at),
        "notify_by": stamp(one.notify_by),
        "lifted_at": stamp(one.lifted_at) if one.lifted_at else None,
        "lift_reason": one.lift_reason,
    }


def _collected(one: Collected | None) -> dict[str, Any]:
    return {
        "collected_at": stamp(one.at) if one else None,
        "collected_units": one.units if one else None,
    }
