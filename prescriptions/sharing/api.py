"""Offers and opt-ins over HTTP."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hospital import http, paging, promises, sharing
from hospital.lookwords import FIELDS
from hospital.roles import Role
from hospital.sharing import AIMS, MODES, Aim, Decision, Mode
from hospital.units import SHANGHAI, stamp, yuan
from ledger.entry import Statement
from prescriptions.sharing import queries
from prescriptions.sharing.actions import offering, opting
from prescriptions.sharing.models import Offer, OptIn

BUDGET_MAX_FEN = 10**12


class OfferInput(http.Strict):
    aim = serializers.ChoiceField([(one.value, words) for one, words in AIMS.items()])
    mode = serializers.ChoiceField([(one.value, words) for one, words in MODES.items()])
    opens = serializers.ListField(
        child=serializers.ChoiceField(sharing.FIELDS),
        min_length=1,
        max_length=len(sharing.FIELDS),
        help_text="prefixes of the fields that are needed, and no more",
    )
    ethics = http.Text(max_length=40, help_text="number of the ethics committee's approval")
    reward_fen = http.Whole(
        min_value=sharing.LEAST_REWARD_FEN,
        max_value=sharing.MOST_REWARD_FEN,
        help_text="for each use of one patient's data",
    )
    budget_fen = http.Whole(min_value=1, max_value=BUDGET_MAX_FEN)
    group_size = http.Whole(
        min_value=sharing.LEAST_GROUP,
        max_value=sharing.MOST_GROUP,
        help_text="k: nothing is shown that fewer patients have in common",
    )
    epsilon_milli = http.Whole(
        min_value=0,
        max_value=sharing.MOST_EPSILON_MILLI,
        default=0,
        help_text="privacy budget of all counts, in thousandths of epsilon; 0 for records",
    )
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="exclusive; two years from now at the latest")


def _terms(call: http.Call) -> offering.Terms:
    asked = dict(call.values)
    return offering.Terms(
        aim=Aim(asked["aim"]),
        mode=Mode(asked["mode"]),
        fields=asked["opens"],
        **{
            name: asked[name]
            for name in ("ethics", "reward_fen", "budget_fen", "group_size", "epsilon_milli")
        },
        since=asked["since"],
        until=asked["until"],
    )


def _words(one: Offer) -> str:
    """The terms in plain Chinese, as they are shown and signed."""
    opened = "、".join(FIELDS[name] for name in one.fields)
    until = one.until.astimezone(SHANGHAI)
    return (
        f"{one.organisation.name}，{AIMS[Aim(one.aim)]}（伦理批件 {one.ethics}）："
        f"以{MODES[Mode(one.mode)]}的形式使用您处方中的{opened}；"
        f"每使用一次奖励{yuan(one.reward_fen)}；到{until:%Y年%m月%d日%H:%M}为止，可随时撤回"
    )


def shown(one: Offer) -> dict[str, Any]:
    """An offer's terms, which are public."""
    return {
        "id": str(one.id),
        "subject": one.subject,
        "organisation": one.organisation.slug,
        "aim": one.aim,
        "mode": one.mode,
        "opens": one.fields,
        "ethics": one.ethics,
        "reward_fen": one.reward_fen,
        "group_size": one.group_size,
        "epsilon_milli": one.epsilon_milli,
        "since": stamp(one.since),
        "until": stamp(one.until),
        "state": one.state,
        "zh": _words(one),
    }


def _to_staff(one: Offer) -> dict[str, Any]:
    return {
        **shown(one),
        "budget_fen": one.budget_fen,
        "spent_fen": one.spent_fen,
        "epsilon_spent_milli": one.epsilon_spent_milli,
    }


def _opted(one: OptIn) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "subject": one.subject,
        "offer": shown(one.offer),
        "since": stamp(one.created_at),
        "until": stamp(one.until),
        "withdrawn_at": stamp(one.withdrawn_at) if one.withdrawn_at else None,
        "used": one.used,
    }


def id_of(call: http.Call, name: str = "offer_id") -> UUID:
    """The part of the address."""
    return cast(UUID, call.where[name])


class Offers(http.Command):
    """
    What a patient can opt in to, what an institute has offered, or what a regulator has to decide,
    the newest first; offer something.
    """

    roles = (Role.PATIENT, Role.RESEARCHER, Role.REGULATOR)
    success = 201
    query = {"cursor": "where the page begins", "size": "1 to 50; 20 if left out"}

    class Input(OfferInput, http.Signed):
        pass

    def get(self, request: Request) -> Response:
        wanted = paging.Wanted.asked(request.query_params)
        found = queries.offers_for(self.actor, at=timezone.now())
        page, following = paging.newest_first(found, wanted)
        show = shown if self.actor.role is Role.PATIENT else _to_staff
        offers = [show(one) for one in page]
        return Response({"offers": offers, "next": str(following) if following else None})

    def post(self, request: Request, **where: Any) -> HttpResponse:
        if self.actor.role is not Role.RESEARCHER:
            raise http.WrongRole(role=self.actor.role.value, needed=[Role.RESEARCHER.value])
        return super().post(request, **where)

    def act(self, call: http.Call) -> dict[str, Any]:
        made, entry = offering.publish(_terms(call), call.note, **call.doer)
        return {**_to_staff(made), "entry": promises.entered(entry)}


class OfferStatement(http.Draw):
    """The statement by which an institute offers a reward."""

    roles = (Role.RESEARCHER,)

    class Input(OfferInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        terms = _terms(call)
        statement = offering.draw_offer(terms, **call.drawer)
        text = (
            f"{AIMS[terms.aim]}：每次使用奖励{yuan(terms.reward_fen)}，预算{yuan(terms.budget_fen)}"
        )
        return statement, {"zh": f"发布数据共享邀请，{text}"}


class DecisionInput(http.Strict):
    decision = serializers.ChoiceField([one.value for one in Decision])


class OfferDecision(http.Command):
    """Approve or refuse an offer."""

    roles = (Role.REGULATOR,)

    class Input(DecisionInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        move = sharing.DECIDED_BY[Decision(call.values["decision"])]
        found, entry = offering.advance(id_of(call), move, call.note, **call.doer)
        return {**_to_staff(found), "entry": promises.entered(entry)}


class OfferDecisionStatement(http.Draw):
    """The statement by which a regulator decides about an offer."""

    roles = (Role.REGULATOR,)

    class Input(DecisionInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        decision = Decision(call.values["decision"])
        move = sharing.DECIDED_BY[decision]
        text = "批准" if decision is Decision.APPROVE else "不批准"
        return offering.draw_move(id_of(call), move, **call.drawer), {"zh": f"{text}数据共享邀请"}


class Close(http.Command):
    """Close an offer; nothing more is used under it."""

    roles = (Role.RESEARCHER,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        found, entry = offering.advance(id_of(call), sharing.CLOSE, call.note, **call.doer)
        return {**_to_staff(found), "entry": promises.entered(entry)}


class CloseStatement(http.Draw):
    """The statement by which an institute closes its offer."""

    roles = (Role.RESEARCHER,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = offering.draw_move(id_of(call), sharing.CLOSE, **call.drawer)
        return statement, {"zh": "关闭数据共享邀请"}


class GiveOptIn(http.Command):
    """Opt in to an offer, under exactly its terms."""

    roles = (Role.PATIENT,)
    success = 201
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        made, entry = opting.opt_in(id_of(call), call.note, **call.doer)
        return {**_opted(made), "entry": promises.entered(entry)}


class GiveOptInStatement(http.Draw):
    """The statement by which a patient opts in."""

    roles = (Role.PATIENT,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement, offer = opting.draw_opt_in(id_of(call), **call.drawer)
        return statement, {"zh": f"同意共享数据：{_words(offer)}"}


class OptIns(http.Query):
    """The own opt-ins, the newest first, with what was agreed and how often it was used."""

    roles = (Role.PATIENT,)
    query = {"cursor": "where the page begins", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = paging.newest_first(queries.opt_ins_of(call.by.account), wanted)
        return {
            "opt_ins": [_opted(one) for one in page],
            "next": str(following) if following else None,
        }


class Withdraw(http.Command):
    """Withdraw an opt-in; it is over at once."""

    roles = (Role.PATIENT,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        found, entry = opting.withdraw(id_of(call, "opt_in_id"), call.note, **call.doer)
        return {
            "id": str(found.id),
            "withdrawn_at": stamp(call.at),
            "entry": promises.entered(entry),
        }


class WithdrawStatement(http.Draw):
    """The statement by which a patient withdraws an opt-in."""

    roles = (Role.PATIENT,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = opting.draw_withdrawal(id_of(call, "opt_in_id"), **call.drawer)
        return statement, {"zh": "撤回数据共享，立即生效"}
