"""What researchers get of the patients who share, over HTTP: records, or counts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from hospital import asking, http, sharing
from hospital.roles import Role
from prescriptions.sharing.actions import counting, delivering
from prescriptions.sharing.anonymity import MOST_GROUPS
from prescriptions.sharing.api import id_of


class RecordsInput(http.Strict):
    delivery = serializers.UUIDField(
        help_text="drawn by the caller; asked again with it, it costs nothing again"
    )
    most = http.Whole(min_value=1, max_value=delivering.MOST, default=delivering.MOST)


class Records(asking.Question):
    """
    The data of patients who share under the offer, paid by its budget.

    Each patient's look is recorded first. Who asks again with the same ``delivery`` looks again,
    pays nothing, and sees nobody who has withdrawn meanwhile.
    """

    roles = (Role.RESEARCHER,)
    records_refusals = True
    Input = RecordsInput

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = call.values
        found = delivering.deliver(id_of(call), asked["delivery"], asked["most"], **call.doer)
        return {
            "delivery": str(asked["delivery"]),
            "cost_fen": found.cost_fen,
            "left_fen": found.left_fen,
            "patients": [asdict(one) for one in found.patients],
        }


class SharedCountsInput(http.Strict):
    by = serializers.ChoiceField([one.value for one in counting.By])
    month = serializers.RegexField(
        r"\A(20\d\d-(0[1-9]|1[0-2]))?\Z",
        default="",
        allow_blank=True,
        max_length=7,
        help_text="for example 2026-11; ever if left out",
    )
    epsilon_milli = http.Whole(min_value=1, max_value=sharing.MOST_EPSILON_MILLI)


class Counts(asking.Question):
    """
    How many patients of the offer are in each group, with noise that hides every single one.

    Each patient's look is recorded first. The same question again gives the same answer, and costs
    nothing.
    """

    roles = (Role.RESEARCHER,)
    records_refusals = True
    Input = SharedCountsInput

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = call.values
        by, month = counting.By(asked["by"]), asked["month"]
        question = counting.Question(by, month, asked["epsilon_milli"])
        found = counting.count(id_of(call), question, **call.doer)
        return {**asdict(found), "groups_of_a_patient_at_most": MOST_GROUPS}
