"""The regulator's board over HTTP: figures, alarms, the ledger's health."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from rest_framework import serializers

from hospital import errors, http, paging
from hospital.roles import Role
from hospital.units import stamp
from insurance.board import alarms, counting, figures, health, queries
from insurance.board.figures import Figure
from insurance.board.models import Alarm, Rule
from insurance.board.queries import STAGE_NAMES, WINDOWS, Row, Sum, Window

WINDOW = {"window": "hour (5-minute buckets) or day (hours); hour if left out"}
PAGE = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}
_SLUG = re.compile("[-a-zA-Z0-9_]{0,40}", re.ASCII)
ZH = {
    Rule.DOCTOR_OUTLIER: "开方数量远高于同院医师",
    Rule.MANY_PHARMACIES: "同一患者在多家药店取药",
    Rule.EARLY_REFILL: "同一药品过早重复取药",
    Rule.OUT_OF_HOURS: "药店多次在营业时间外发药",
    Rule.REFUSED_ACCESS: "多次访问被拒绝",
    Rule.CHECKPOINT_LATE: "检查点逾期未最终确认",
    Rule.WITNESS_DOWN: "见证方失联或拒绝签署",
    Rule.COSIGNATURE_MISSING: "缺少见证方的联署",
}


class BadQuestion(errors.Invalid):
    """The window is neither hour nor day, or the organisation or state is none."""

    code = "board.bad_question"


class AcknowledgeInput(http.Strict):
    reason = serializers.ChoiceField(Alarm.Reason.choices)


class OfRegulator:
    """Of all calls here."""

    roles: ClassVar[tuple[Role, ...]] = (Role.REGULATOR,)


class Figures(OfRegulator, http.Query):
    """
    How many entries of each kind there were, and how long each stage took, at one organisation or
    at all. Figures of fewer than five patients are null.
    """

    query = {**WINDOW, "organisation": "its slug; all together if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        name, window = _window(asked.get("window", "hour"))
        organisation = _slug(asked.get("organisation", counting.ALL), "organisation")
        found = queries.rows(organisation, window, call.at)
        return {
            **_about(name, window, call.at),
            "organisation": organisation,
            "begins": [stamp(one) for one in window.begins(call.at)],
            "counts": [_count(one) for one in found if one.what not in STAGE_NAMES],
            "waits": [_waits(one) for one in found if one.what in STAGE_NAMES],
        }


class Organisations(OfRegulator, http.Query):
    """
    The same by organisation, in the order of their slugs, without buckets. What is of fewer than
    five patients is named in ``withheld`` and has no number.
    """

    query = {**WINDOW, "after": "next of the page before", "size": PAGE["size"]}

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        name, window = _window(asked.get("window", "hour"))
        size = paging.size_of(asked)
        found = queries.sums(_slug(asked.get("after", ""), "after"), size + 1, window, call.at)
        page = found[:size]
        return {
            **_about(name, window, call.at),
            "organisations": [_sum(one) for one in page],
            "next": page[-1].organisation.slug if found[size:] else None,
        }


class Alarms(OfRegulator, http.Query):
    """Alarms, the newest first: those that are open, or those that are over."""

    query = {**PAGE, "state": "open or closed; open if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        asked = self.request.query_params
        states = {"open": alarms.opened, "closed": alarms.closed}
        state = asked.get("state", "open")
        if state not in states:
            raise BadQuestion(field="state")
        rows = states[state]().select_related("acknowledged_by__organisation")
        page, following = paging.newest_first(rows, paging.Wanted.asked(asked))
        return {
            "alarms": [_alarm(one) for one in page],
            "next": str(following) if following else None,
        }


class Acknowledge(OfRegulator, http.Command):
    """Write down that the caller has looked at an alarm, and what came of it."""

    Input = AcknowledgeInput

    def act(self, call: http.Call) -> dict[str, Any]:
        reason = Alarm.Reason(call.values["reason"])
        return _alarm(alarms.acknowledge(call.where["alarm_id"], reason=reason, **call.doer))


class Health(OfRegulator, http.Query):
    """Of each log that can still grow: sizes, checkpoints, witnesses; and where the feed is."""

    def show(self, call: http.Call) -> dict[str, Any]:
        return {
            "at": stamp(call.at),
            "live_url": settings.LIVE_URL,
            "merge_delay_s": settings.LEDGER_MERGE_DELAY_S,
            "logs": [_log(one) for one in health.logs(at=call.at)],
        }


def _window(name: str) -> tuple[str, Window]:
    if name not in WINDOWS:
        raise BadQuestion(field="window")
    return name, WINDOWS[name]


def _slug(text: str, field: str) -> str:
    if not _SLUG.fullmatch(text):
        raise BadQuestion(field=field)
    return text


def _about(name: str, window: Window, at: datetime) -> dict[str, Any]:
    return {
        "at": stamp(at),
        "window": name,
        "bucket_s": window.span_s,
        "least_patients": figures.LEAST,
    }


def _count(row: Row) -> dict[str, Any]:
    return {
        "kind": row.what,
        "total": row.whole.number if row.whole else None,
        "numbers": [one.number if one else None for one in row.parts],
    }


def _waits(row: Row) -> dict[str, Any]:
    return {
        "stage": row.what,
        **_times(row.whole),
        "numbers": [one.number if one else None for one in row.parts],
        "p50s": [figures.percentile(one.waits, 50) if one else None for one in row.parts],
        "p90s": [figures.percentile(one.waits, 90) if one else None for one in row.parts],
    }


def _times(figure: Figure | None) -> dict[str, Any]:
    waits = figure.waits if figure else []
    return {
        "total": figure.number if figure else None,
        **{f"p{part}_s": figures.percentile(waits, part) for part in (50, 90, 99)},
    }


def _sum(one: Sum) -> dict[str, Any]:
    whole = one.whole
    return {
        "organisation": one.organisation.slug,
        "name": one.organisation.name,
        "kind": one.organisation.kind,
        "counts": {kind: whole[kind].number for kind in whole if kind not in STAGE_NAMES},
        "waits": {stage: _times(whole[stage]) for stage in whole if stage in STAGE_NAMES},
        "withheld": sorted(one.withheld),
    }


def _alarm(one: Alarm) -> dict[str, Any]:
    by = one.acknowledged_by
    return {
        "id": str(one.id),
        "rule": one.rule,
        "zh": ZH[Rule(one.rule)],
        "who": one.who,
        "organisation": one.organisation,
        "number": one.number,
        "threshold": one.threshold,
        "opened_at": stamp(one.created_at),
        "seen_at": stamp(one.seen_at),
        "closed_at": _stamp(one.closed_at),
        "acknowledged_at": _stamp(one.acknowledged_at),
        "acknowledged_by": by.actor.name if by else None,
        "reason": one.reason,
    }


def _log(one: health.Log) -> dict[str, Any]:
    lag = one.status.lag
    return {
        "log": one.status.origin,
        "line": one.line,
        "size": lag.sequenced,
        "signed": lag.signed,
        "final": lag.final,
        "oldest_waits_s": round(lag.oldest_s, 1),
        "signed_at": _stamp(one.signed_at),
        "final_at": _stamp(one.final_at),
        "survives_any_loss": one.status.margin,
        "alarms": [
            {"code": code, "text": text} for code, text in sorted(one.status.alarms.items())
        ],
        "witnesses": [_witness(it, lag.final) for it in one.witnesses],
    }


def _witness(one: health.Witness, final: int) -> dict[str, Any]:
    seen = one.seen
    return {
        "name": seen.name,
        "size": seen.size,
        "behind": max(0, final - seen.size),
        "cosigned_at": _stamp(one.cosigned_at),
        "tried_at": _stamp(one.tried_at),
        "failures": one.failures,
        "trouble": seen.trouble,
        "text": seen.text,
    }


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at else None
