"""Parcels on their way: what the patient sees of them, and the way back."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework import serializers

from hospital import errors, http, paging
from hospital.roles import Role
from hospital.units import stamp
from ledger.entry import Statement
from pharmacy.actions import bringing_back, ordering, tracking
from pharmacy.gateways import courier
from pharmacy.parcels import Reason
from prescriptions.api import changed

security = logging.getLogger("rx.security")
REASONS = {
    Reason.NOBODY_HOME: "无人签收",
    Reason.WRONG_ADDRESS: "地址有误",
    Reason.REFUSED: "收件人拒收",
    Reason.DAMAGED: "包裹破损",
    Reason.COLD_CHAIN: "冷链中断",
}


class AttemptInput(http.Strict):
    reason = serializers.ChoiceField(Reason.choices)


class AttemptStatement(http.Draw):
    """The statement that the parcel could not be handed over; it says whether it goes back."""

    roles = (Role.COURIER,)

    class Input(AttemptInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        reason = call.values["reason"]
        statement = bringing_back.draw_attempt(call.prescription_id, reason, **call.drawer)
        back = statement.facts["move"] == "turn_back"
        words = "退回药房" if back else "将再次配送"
        return statement, {"zh": f"未能送达（{REASONS[reason]}），{words}"}


class Attempt(http.Command):
    """It could not be handed over; after the second time it goes back to the pharmacy."""

    roles = (Role.COURIER,)

    class Input(AttemptInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        done = bringing_back.attempt(
            call.prescription_id, call.values["reason"], call.note, **call.doer
        )
        return changed(*done)


class TakeBackStatement(http.Draw):
    """The statement by which the pharmacist takes an undelivered parcel back."""

    roles = (Role.PHARMACIST,)
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = bringing_back.draw_take_back(call.prescription_id, **call.drawer)
        return statement, {"zh": "收回未能送达的药品，放入待处理区"}


class TakeBack(http.Command):
    """Take an undelivered parcel back; what is in it lies in quarantine."""

    roles = (Role.PHARMACIST,)
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*bringing_back.take_back(call.prescription_id, call.note, **call.doer))


class ComingBack(http.Query):
    """Parcels on their way back to the caller's pharmacy, the oldest first; no address."""

    roles = (Role.PHARMACIST,)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = tracking.coming_back(wanted, by=call.by)
        return {
            "next": str(following) if following else None,
            "parcels": [
                {"prescription": str(one.id), "number": one.parcel, "cold": one.cold}  # type: ignore[attr-defined]
                for one in page
            ],
        }


class Tracking(http.Query):
    """How the patient's parcel goes, the oldest first; it says where nobody is."""

    roles = (Role.PATIENT,)
    for_wards = True

    def show(self, call: http.Call) -> dict[str, Any]:
        way = tracking.of(call.prescription_id, by=call.by)
        return {
            "status": way.status,
            "number": way.number,
            "failed": way.failed,
            "way": [{"at": stamp(step.at), "zh": step.zh} for step in way.steps],
        }


@csrf_exempt
@require_POST
def news(request: HttpRequest) -> HttpResponse:
    """The courier company tells of an order. 204, or 4xx/5xx and it comes again."""
    at = timezone.now()
    try:
        told = courier.read_news("POST", request.path, request.headers, request.body, at=at)
        ordering.accept(told, at=at)
    except courier.ForgedNews as forged:
        security.warning("courier news refused: %s", forged)
        return JsonResponse({"code": "signature"}, status=401)
    except errors.Refusal as refusal:
        return JsonResponse({"code": refusal.code}, status=403)
    return HttpResponse(status=204)
