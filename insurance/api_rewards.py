"""Rewards for shared data over HTTP: what a patient has earned, and what an institute owes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from insurance import queries
from insurance.models import Transfer
from prescriptions.sharing import queries as shared
from prescriptions.sharing.models import Offer, Use

PAGES = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}
WORDS = {
    Transfer.State.DUE: "待发放",
    Transfer.State.PROCESSING: "发放中",
    Transfer.State.WAITING: "请在微信中确认收款",
    Transfer.State.DONE: "已到账",
}


class Rewards(http.Query):
    """
    What the caller has earned by shared data, the newest first.

    ``confirm`` is what ``wx.requestMerchantTransfer`` takes, while WeChat waits for the caller.
    """

    roles = (Role.PATIENT,)
    query = PAGES

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        uses = shared.uses_of(call.by.account).prefetch_related(
            Prefetch("transfers", Transfer.objects.exclude(state=Transfer.State.FAILED))
        )
        page, following = paging.newest_first(uses, wanted)
        return {
            "rewards": [_reward(one) for one in page],
            "next": str(following) if following else None,
        }


class Owed(http.Query):
    """What each offer of the caller's institute has cost, and what of it patients have got."""

    roles = (Role.RESEARCHER,)
    query = PAGES

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        own: QuerySet[Offer] = Offer.objects.filter(organisation_id=call.by.organisation_id)
        page, following = paging.newest_first(own, wanted)
        sums = queries.sums_of([one.id for one in page])
        return {
            "offers": [
                {
                    "offer": str(one.id),
                    "budget_fen": one.budget_fen,
                    "owed_fen": one.spent_fen,
                    **sums[one.id],
                }
                for one in page
            ],
            "next": str(following) if following else None,
        }


def _reward(use: Use) -> dict[str, Any]:
    live = next(iter(use.transfers.all()), None)
    state = Transfer.State(live.state) if live else Transfer.State.DUE
    offer = use.delivery.offer
    shown = {
        "id": str(use.id),
        "offer": offer.subject,
        "organisation": offer.organisation.slug,
        "reward_fen": use.reward_fen,
        "used_at": stamp(use.created_at),
        "state": state,
        "zh": WORDS[state],
    }
    if live and state is Transfer.State.WAITING and live.package_info:
        wechat = settings.WECHAT
        named = {"mchId": wechat["mchid"], "appId": wechat["appid"]}
        shown["confirm"] = {**named, "package": live.package_info}
    return shown
