"""Appraisal (处方点评) over HTTP: a month's sample, a case, the judgement, the statistics."""

from __future__ import annotations

import re
from typing import Any

from rest_framework import serializers

from hospital import errors, http, paging, promises
from hospital.roles import Role
from hospital.units import stamp
from ledger.entry import Statement
from prescriptions.appraisal import codes, months, permissions, queries, statistics
from prescriptions.appraisal.actions import judging, viewing
from prescriptions.appraisal.models import Case, Sample
from prescriptions.appraisal.months import Month
from prescriptions.appraisal.statistics import Finding, Tally

OF = {"month": "for example 2026-10", "hospital": "its slug; a reviewer's own if left out"}


class BadMonth(errors.Invalid):
    """A month is written like 2026-10."""

    code = "appraisal.bad_month"


class BadNumber(errors.Invalid):
    """A case's number is a whole number."""

    code = "appraisal.bad_number"


class Statistics(http.Query):
    """
    What the judgements of a hospital and a month come to, and what the law makes of it.

    ``findings`` rest on the two years that end with the month. Doctors are account ids.
    """

    roles = (Role.REVIEWER, Role.REGULATOR)
    query = OF

    def show(self, call: http.Call) -> dict[str, Any]:
        found = self.sample(call)
        judged = queries.judged_of(found)
        return {
            **_sample(found),
            **_tally(statistics.tally(judged)),
            "doctors": [
                {"doctor": str(doctor), **_tally(statistics.tally(own))}
                for doctor, own in statistics.by_doctor(judged).items()
            ],
            "findings": [
                _finding(one) for one in statistics.findings(queries.judged_in_cycle(found))
            ],
        }

    def sample(self, call: http.Call) -> Sample:
        """Which sample is asked for, if the caller may read of it."""
        asked = self.request.query_params
        hospital = asked.get("hospital") or call.by.organisation
        permissions.check_reader(hospital, call.by)
        return queries.sample(hospital[:100].replace("\x00", ""), month_of(asked.get("month", "")))


class Samples(Statistics):
    """A hospital's sample of a month: from what it was drawn, and its cases in their order."""

    query = {**OF, "after": "number of the last case before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        size = paging.Wanted.asked({"size": self.request.query_params.get("size")}).size
        after = _number(self.request.query_params.get("after", "0"))
        found = self.sample(call)
        page = queries.cases(found, after=after, size=size + 1)
        return {
            **_sample(found),
            "heads": found.draw.heads,
            "drawn_at": stamp(found.draw.drawn_at),
            "cases": [_case(one) for one in page[:size]],
            "next": page[size - 1].number if len(page) > size else None,
        }


class CaseDetail(http.Query):
    """Read a sampled prescription; the look is recorded before the content is opened."""

    roles = (Role.REVIEWER,)
    records_refusals = True

    def show(self, call: http.Call) -> dict[str, Any]:
        opened = viewing.view(call.prescription_id, **call.doer)
        beside = [one.shown() for one in opened.amendments]
        return {**_case(opened.case), "fields": opened.fields, "amendments": beside}


class OpinionInput(http.Strict):
    verdict = serializers.ChoiceField([(one.value, codes.NAMES[one]) for one in codes.Verdict])
    problems = serializers.ListField(
        child=serializers.ChoiceField(list(codes.EVERY_PROBLEM.items())),
        max_length=len(codes.EVERY_PROBLEM),
        help_text="codes of the work sheet of 卫医管发〔2010〕28号",
    )


class JudgeStatement(http.Draw):
    """The statement of a judgement."""

    roles = (Role.REVIEWER,)

    class Input(OpinionInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        opinion = _opinion(call)
        words = [f"{code} {codes.EVERY_PROBLEM[code]}" for code in opinion.problems]
        said = "：".join(filter(None, (codes.NAMES[opinion.verdict], "；".join(words))))
        statement = judging.draw(call.prescription_id, opinion, **call.drawer)
        return statement, {"zh": f"处方点评：{said}"}


class Judge(http.Command):
    """Judge."""

    roles = (Role.REVIEWER,)

    class Input(OpinionInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        judged, entry = judging.judge(call.prescription_id, _opinion(call), call.note, **call.doer)
        return {**_case(judged), "entry": promises.entered(entry)}


def _opinion(call: http.Call) -> judging.Opinion:
    return judging.Opinion.of(call.values["verdict"], call.values["problems"])


def _sample(found: Sample) -> dict[str, Any]:
    return {
        "hospital": found.hospital.slug,
        "month": str(Month(found.draw.month)),
        "seed": bytes(found.draw.seed).hex(),
        "population": found.population,
    }


def _case(one: Case) -> dict[str, Any]:
    return {
        "number": one.number,
        "prescription": str(one.prescription_id),
        "issued_at": stamp(one.issued_at),
        "verdict": one.verdict or None,
        "problems": one.problems,
        "judged_at": stamp(one.judged_at) if one.judged_at else None,
    }


def _tally(found: Tally) -> dict[str, Any]:
    return {
        "judged": found.judged,
        "reasonable_bp": found.reasonable_bp,
        "verdicts": {one.value: found.verdicts.get(one, 0) for one in codes.Verdict},
        "problems": dict(sorted(found.problems.items())),
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "doctor": str(one.doctor),
        "consequence": one.consequence.value,
        "prescriptions": one.prescriptions,
        "since": stamp(one.since),
    }


def month_of(text: str) -> Month:
    """Raises ``BadMonth``."""
    try:
        return months.parse(text)
    except ValueError as fault:
        raise BadMonth(field="month") from fault


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise BadNumber(field="after")
    return int(text)
