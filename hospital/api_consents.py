"""Grants of patients over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import consents, http, lookwords, promises, queries
from hospital.actions import granting
from hospital.models import Grant
from hospital.roles import Role
from hospital.units import SHANGHAI, stamp
from ledger.entry import Statement

SHOWN = 100
WORDS = {
    "allergies": "过敏史",
    "diagnosis/": "诊断",
    "dispensing/": "实际发药",
    "hospital/": "医院和科室",
    "line/": "药品",
}

DOCTOR = "医生"
"""How patients call whom the log's words call 医师."""


class GrantInput(http.Strict):
    to = http.Text(max_length=40, help_text="slug of the organisation whose staff may look")
    account = serializers.UUIDField(default=None, help_text="this member of staff, nobody else")
    purpose = serializers.ChoiceField([one.value for one in consents.Purpose])
    opens = serializers.ListField(
        child=serializers.ChoiceField(consents.EVERY_FIELD),
        min_length=1,
        max_length=len(consents.EVERY_FIELD),
        help_text="prefixes of the fields that may be seen",
    )
    until = serializers.DateTimeField(help_text="exclusive; two years from now at the latest")


def _shown(grant: Grant) -> dict[str, Any]:
    return {
        "id": str(grant.id),
        "subject": grant.subject,
        "to": grant.organisation.slug,
        "account": str(grant.account_id) if grant.account_id else None,
        "purpose": grant.purpose,
        "opens": grant.fields,
        "since": stamp(grant.since),
        "until": stamp(grant.until),
        "withdrawn_at": stamp(grant.withdrawn_at) if grant.withdrawn_at else None,
    }


def _wish(values: dict[str, Any]) -> granting.Wish:
    return granting.Wish(
        to=values["to"],
        account=values["account"],
        purpose=values["purpose"],
        fields=values["opens"],
        until=values["until"],
    )


def _id(call: http.Call, name: str) -> UUID:
    return cast(UUID, call.where[name])


def _minute(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y年%m月%d日%H:%M}"


class Grants(http.Command):
    """The own grants, the newest first; grant another."""

    roles = (Role.PATIENT,)
    success = 201

    class Input(GrantInput, http.Signed):
        pass

    def get(self, request: Request) -> Response:
        found = queries.grants_of(self.actor.account)[:SHOWN]
        return Response({"grants": [_shown(one) for one in found]})

    def act(self, call: http.Call) -> dict[str, Any]:
        made, entry = granting.grant(_wish(dict(call.values)), call.note, **call.doer)
        return {**_shown(made), "entry": promises.entered(entry)}


class GrantStatement(http.Draw):
    """The statement by which the patient grants."""

    roles = (Role.PATIENT,)

    class Input(GrantInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        wish = _wish(dict(call.values))
        statement, organisation = granting.draw_grant(wish, **call.drawer)
        purpose = consents.Purpose(wish.purpose)
        opened = "、".join(WORDS[name] for name in statement.facts["fields"])
        who = f"{organisation.name}的{'一名' if wish.account else ''}{_reader(purpose)}"
        text = (
            f"为{lookwords.PURPOSES[purpose]}允许{who}查看{_records(purpose)}："
            f"{opened}；到{_minute(wish.until)}为止"
        )
        return statement, {"zh": text}


def _reader(purpose: consents.Purpose) -> str:
    role = consents.TERMS[purpose].role
    return DOCTOR if role is Role.DOCTOR else lookwords.ROLES[role]


def _records(purpose: consents.Purpose) -> str:
    """Which records, and whether the reader learns whose they are."""
    which = "由其支付的您的处方" if purpose is consents.Purpose.CLAIM else "您在所有医院的处方"
    return which if consents.TERMS[purpose].knows_patient else f"{which}（不显示您是谁）"


class GrantWithdrawal(http.Command):
    """Withdraw one of the own grants; it is over at once."""

    roles = (Role.PATIENT,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        found, entry = granting.withdraw(_id(call, "grant_id"), call.note, **call.doer)
        return {
            "id": str(found.id),
            "withdrawn_at": stamp(call.at),
            "entry": promises.entered(entry),
        }


class GrantWithdrawalStatement(http.Draw):
    """The statement by which the patient withdraws a grant."""

    roles = (Role.PATIENT,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = granting.draw_withdrawal(_id(call, "grant_id"), **call.drawer)
        return statement, {"zh": "撤回授权，立即生效"}
