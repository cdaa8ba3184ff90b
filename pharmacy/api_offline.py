"""What was given out offline, over HTTP: the limits, the slips, and who sees what collided."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from ledger.entry import Statement
from pharmacy import offline, queries_offline
from pharmacy.actions import bringing, judging_slips
from pharmacy.brought import OfflineSlip
from pharmacy.giveninputs import LeavingInput, checks, choice
from prescriptions.api import changed

SAID = {
    OfflineSlip.Outcome.DISPENSED: "补录离线调剂",
    OfflineSlip.Outcome.COLLIDED: "报告离线调剂与现有状态冲突",
}


class SlipInput(LeavingInput):
    slip = http.Text(max_length=4_000, trim_whitespace=False, help_text="signed note")
    code = http.Text(max_length=2_000, trim_whitespace=False, help_text="the patient's, as scanned")


class BringStatement(http.Draw):
    """The statement by which an offline dispensing counts, or is said to collide."""

    roles = (Role.PHARMACIST,)

    class Input(SlipInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement, prescription, judged = bringing.draw(_brought(call), **call.drawer)
        return statement, {
            "zh": SAID[judged.outcome],
            "prescription": str(prescription.id),
            "outcome": judged.outcome,
            "reason": judged.reason,
            "beyond": list(judged.beyond),
        }


class Bring(http.Command):
    """Bring in what was given out offline: it counts, or it is said to collide."""

    roles = (Role.PHARMACIST,)
    records_refusals = True
    success = 201

    class Input(SlipInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        brought, prescription, entry = bringing.bring(_brought(call), call.note, **call.doer)
        return {**changed(prescription, entry), "slip": _slip(brought)}


class Slips(http.Query):
    """
    The slips that were brought in, the newest first: of the own pharmacy; of all for a regulator.
    """

    roles = (Role.PHARMACIST, Role.REGULATOR)
    query = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}

    def show(self, call: http.Call) -> dict[str, Any]:
        wanted = paging.Wanted.asked(self.request.query_params)
        page, following = queries_offline.brought(call.by, wanted)
        shown = [_slip(one) for one in page]
        return {"slips": shown, "next": str(following) if following else None}


class Limits(http.Query):
    """What a pharmacy may give out while it cannot reach the server; its devices keep it."""

    roles = (Role.PHARMACIST, Role.REGULATOR)

    def show(self, call: http.Call) -> dict[str, Any]:
        return {
            "total_fen": settings.OFFLINE_TO_FEN,
            "forms": [form.value for form in offline.FORMS],
            "reconcile_s": int(offline.RECONCILE.total_seconds()),
        }


def _brought(call: http.Call) -> judging_slips.Brought:
    asked = call.values
    return judging_slips.Brought(asked["slip"], asked["code"], choice(call), checks(call))


def _slip(one: OfflineSlip) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "prescription": str(one.prescription_id),
        "pharmacy": one.pharmacy.slug,
        "given_at": stamp(one.given_at),
        "brought_at": stamp(one.created_at),
        "outcome": one.outcome,
        "reason": one.reason,
        "beyond": one.beyond,
        "digest": one.digest,
        "entry": bytes(one.entry).hex(),
    }
