"""Checkout, payment and WeChat's notices. Claims are in ``api_claims``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework import serializers

from hospital import errors, http
from hospital.roles import Role
from hospital.units import stamp, yuan
from insurance.actions import billing, checkout, paying
from insurance.gateways import wechat_pay
from insurance.models import Bill
from insurance.queries import at_payment
from ledger.entry import Statement
from prescriptions.api import changed
from prescriptions.models import Way

PROMISE_MAX = 8_192
security = logging.getLogger("rx.security")


class ChoiceInput(http.Strict):
    pharmacy = http.Text(max_length=40)
    way = serializers.ChoiceField(Way.choices)
    courier = http.Text(max_length=40, default=None)
    address = serializers.UUIDField(default=None)
    payers = serializers.ListField(
        child=http.Text(max_length=40),
        max_length=10,
        default=None,
        help_text="slugs of the payers to use; left out: all that cover the patient",
    )
    lines = serializers.DictField(
        child=http.Whole(min_value=1, max_value=10_000),
        allow_empty=False,
        default=None,
        help_text="line number → dispensing units; left out: all that are left",
    )
    promise = http.Text(
        max_length=PROMISE_MAX,
        default=None,
        help_text="of the search or the doctor's check, while it holds: its terms count",
    )
    face_check = serializers.UUIDField(
        default=None, help_text="passed, for `checkout`: controlled medicines, large amounts"
    )


def _choice(values: Mapping[str, Any]) -> checkout.Choice:
    names = ("pharmacy", "way", "courier", "address", "payers", "face_check", "lines", "promise")
    return checkout.Choice(**{name: values[name] for name in names})


def _in_words(quoted: billing.Quote, pharmacy: str) -> dict[str, Any]:
    own, total = yuan(quoted.patient_fen), yuan(quoted.total_fen)
    return {
        "zh": f"授权 {pharmacy} 配药，总价{total}，自付{own}",
        "bill": quoted.facts(),
        "steps": quoted.explained(),
    }


def bill_of(bill: Bill) -> dict[str, Any]:
    """A bill as its patient gets it."""
    prefetch_related_objects([bill], "shares__payer")
    return {
        "state": bill.state,
        "total_fen": bill.total_fen,
        "fund_fen": bill.fund_fen,
        "insurer_fen": bill.insurer_fen,
        "payers": {one.payer.slug: one.fen for one in bill.in_order if one.fen},
        "at_payment": at_payment(bill, bill),
        "patient_fen": bill.patient_fen,
    }


class AuthorizeStatement(http.Draw):
    """The authorization to sign: pharmacy, way, payers, and the bill it accepts."""

    roles = (Role.PATIENT,)
    for_wards = True

    class Input(ChoiceInput, http.ToSign):
        pass

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement, quoted = checkout.draw(
            call.prescription_id,
            _choice(call.values),
            **call.drawer,
        )
        return statement, _in_words(quoted, call.values["pharmacy"])


class Authorize(http.Command):
    """Authorize a pharmacy: stock is kept, the bill is opened."""

    roles = (Role.PATIENT,)
    for_wards = True

    class Input(ChoiceInput, http.Signed):
        pass

    def act(self, call: http.Call) -> dict[str, Any]:
        prescription, entry, bill = checkout.authorize(
            call.prescription_id, _choice(call.values), call.note, **call.doer
        )
        return {**changed(prescription, entry), "bill": bill_of(bill)}


class WithdrawStatement(http.Draw):
    """The statement by which the patient takes the authorization back."""

    roles = (Role.PATIENT,)
    for_wards = True
    Input = http.ToSign

    def draw(self, call: http.Call) -> tuple[Statement, dict[str, Any]]:
        statement = checkout.draw_withdrawal(call.prescription_id, **call.drawer)
        return statement, {"zh": "撤回授权，已付金额退回"}


class Withdraw(http.Command):
    """Take the authorization back before anything is dispensed."""

    roles = (Role.PATIENT,)
    for_wards = True
    Input = http.Signed

    def act(self, call: http.Call) -> dict[str, Any]:
        return changed(*checkout.withdraw(call.prescription_id, call.note, **call.doer))


class Pay(http.Command):
    """Open the payment of the patient's share."""

    roles = (Role.PATIENT,)
    for_wards = True

    def act(self, call: http.Call) -> dict[str, Any]:
        payment = paying.open_payment(call.prescription_id, **call.doer)
        return {
            "out_trade_no": payment.out_trade_no,
            "amount_fen": payment.amount_fen,
            "insured_fen": payment.insured_fen,
            "expires_at": stamp(payment.expires_at),
        }


class PhoneParameters(http.Query):
    """What ``wx.requestPayment`` takes for an open payment."""

    roles = (Role.PATIENT,)
    for_wards = True

    def show(self, call: http.Call) -> dict[str, str]:
        return paying.phone_parameters(call.where["out_trade_no"], **call.doer)


@csrf_exempt
@require_POST
def payment_notice(request: HttpRequest) -> HttpResponse:
    """
    WeChat Pay's notice: verified, decrypted, compared, booked. 204, or 4xx/5xx and it comes again.

    Source: WeChat Pay APIv3, 支付成功回调通知.
    """
    at = timezone.now()
    try:
        paying.hear(paying.read_notice(request.headers, request.body, at=at), at=at)
    except (wechat_pay.ForgedNotice, wechat_pay.StaleNotice) as forged:
        if getattr(forged, "reason", "") != "probe":  # WeChat probes with bad signatures itself
            security.warning("payment notice refused: %s", type(forged).__name__)
        return _fail("signature", 401)
    except errors.Unavailable as fault:
        return _fail(fault.code, 503)
    except errors.Refusal as refusal:
        return _fail(refusal.code, 403)
    return HttpResponse(status=204)


def _fail(reason: str, status: int) -> HttpResponse:
    return JsonResponse({"code": "FAIL", "message": reason}, status=status)
