"""Products, policies, and the bill with its explanation, over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from hospital import http, paging
from hospital.roles import Role
from hospital.units import stamp
from insurance import queries_payments, queries_policies
from insurance.actions import coverage
from insurance.api import bill_of
from insurance.models import Edition, Payment, Refund
from insurance.policies import bills
from insurance.policies.reckon import WHOLE_BP
from insurance.policies.terms import CITY, DAYS_MAX, FEN_MAX, NAMED_MAX, YEARS
from insurance.queries_policies import Stated

NAME = "[A-Za-z0-9][A-Za-z0-9._-]*"
PRODUCT = f"products/(?P<code>{NAME})"
CODE = [RegexValidator(rf"^{NAME}\Z")]
INSURED_MAX, TIERS_MAX = 20, 20
PAGE = {"cursor": "next of the page before", "size": "1 to 50; 20 if left out"}


def lasting(attrs: dict[str, Any]) -> dict[str, Any]:
    """Whatever ends, ends after it begins."""
    if attrs["valid_until"] is not None and attrs["valid_until"] <= attrs["valid_from"]:
        raise serializers.ValidationError({"valid_until": ["It ends before it begins."]})
    return attrs


def code(**options: Any) -> http.Text:
    return http.Text(max_length=40, validators=CODE, **options)


def fen(**options: Any) -> http.Whole:
    return http.Whole(min_value=0, max_value=FEN_MAX, **options)


def rate() -> http.Whole:
    return http.Whole(min_value=0, max_value=WHOLE_BP)


def named(words: str) -> serializers.ListField:
    child = http.Text(max_length=40)
    return serializers.ListField(child=child, max_length=NAMED_MAX, default=[], help_text=words)


class TierInput(http.Strict):
    from_fen = fen()
    rate_bp = rate()


class CeilingsInput(http.Strict):
    item = fen(default=None)
    bill = fen(default=None)
    day = fen(default=None)
    year = fen(default=None)
    family = fen(default=None, help_text="of a year, for all whom the policy insures")


class IllnessInput(http.Strict):
    prefix = http.Text(max_length=10, help_text="how the ICD-10 code begins")
    days = http.Whole(min_value=0, max_value=DAYS_MAX, default=None, help_text="left out: for ever")


class TermsInput(http.Strict):
    rates_bp = serializers.DictField(
        child=rate(), help_text="insurance class → rate of a line that counts"
    )
    deductible_fen = fen(default=0, help_text="of a year")
    family_deductible_fen = fen(default=None, help_text="of a year, for all whom it insures")
    tiers = serializers.ListField(
        child=TierInput(), max_length=TIERS_MAX, default=[], help_text="left out: all is paid"
    )
    ceilings_fen = CeilingsInput(default={})
    covers = named("insurance codes or beginnings of ATC codes; left out: all medicines")
    excludes = named("insurance codes or beginnings of ATC codes")
    waiting_days = http.Whole(min_value=0, max_value=DAYS_MAX, default=0)
    diagnoses = serializers.ListField(child=IllnessInput(), max_length=NAMED_MAX, default=[])
    year = serializers.ChoiceField(YEARS, default=YEARS[0])
    at_payment = http.Text(
        max_length=6,
        default="",
        validators=[RegexValidator(rf"\A{CITY.pattern}\Z", "A city code has six digits.")],
        help_text="a fund's city code: it pays with the patient, through WeChat; left out: claims",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """As ``policies.terms`` reads them."""
        tiers = [[one["from_fen"], one["rate_bp"]] for one in attrs["tiers"]]
        ceilings = attrs["ceilings_fen"].items()
        city = attrs.pop("at_payment")
        return {
            **attrs,
            **({"at_payment": city} if city else {}),
            "tiers": tiers or [[0, WHOLE_BP]],
            "ceilings_fen": {name: fen for name, fen in ceilings if fen is not None},
            "diagnoses": [[one["prefix"], one["days"]] for one in attrs["diagnoses"]],
        }


class ProductInput(http.Strict):
    code = code(help_text="the payer's own")
    name = http.Text(max_length=80)
    terms = TermsInput()
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return lasting(attrs)


class Products(http.Command, http.Query):
    """
    The caller's payer's products, by their codes.

    POST publishes the next edition of one; what was published is never changed.
    """

    roles = (Role.OFFICER, Role.AGENT)
    success = 201
    query = PAGE
    Input = ProductInput

    def show(self, call: http.Call) -> dict[str, Any]:
        payer, after, most = _page(self.request.query_params, call, "products")
        found = queries_policies.products(payer, after=after, most=most, at=call.at)
        following = _next([one.code for one in found], most, f"products/{payer}")
        return {"next": following, "products": [asdict(one) for one in found]}

    def act(self, call: http.Call) -> dict[str, Any]:
        assert call.by.organisation_id is not None, "payers' members have an employer"
        made = coverage.publish(payer=call.by.organisation_id, **call.values)
        return {"code": made.product.code, "edition": made.number}


class ShownProduct(http.Query):
    """One of the caller's payer's products with the terms of its editions, the newest first."""

    roles = (Role.OFFICER, Role.AGENT)
    query = PAGE

    def show(self, call: http.Call) -> dict[str, Any]:
        code = str(call.where["code"])
        payer, after, most = _page(self.request.query_params, call, f"products/{code}")
        found = queries_policies.product(payer, code)
        before = int(after) if after else None
        editions = queries_policies.editions(found, before=before, most=most)
        numbers = [str(one.number) for one in editions]
        return {
            "code": found.code,
            "name": found.name,
            "next": _next(numbers, most, f"products/{code}/{payer}"),
            "editions": [_edition(one) for one in editions],
        }


class ShownBill(http.Query):
    """
    The bill of an own prescription, the last one where none is in force, and which rule took which
    fen; every payment that arrived, and what of it came back. Nothing is opened.
    """

    roles = (Role.PATIENT,)
    for_wards = True

    def show(self, call: http.Call) -> dict[str, Any]:
        bill = queries_payments.own_bill(call.prescription_id, by=call.by)
        return {
            **bill_of(bill),
            "steps": bills.explained(bill),
            "payments": [_payment(one) for one in queries_payments.payments(bill)],
        }


class Policies(http.Command, http.Query):
    """
    The caller's payer's policies, by their numbers, and how many people each insures.

    POST states one and whom it insures; one of the same number is changed.
    """

    roles = (Role.OFFICER, Role.AGENT)
    success = 201
    query = PAGE

    class Input(http.Strict):
        number = code(help_text="the payer's own")
        product = code(help_text="the code of one of its products")
        insured = serializers.ListField(
            child=http.Text(max_length=18, help_text="resident identity number"),
            allow_empty=False,
            max_length=INSURED_MAX,
        )
        rank = http.Whole(
            min_value=0, max_value=1_000, default=coverage.RANK, help_text="the lower pays first"
        )
        valid_from = serializers.DateTimeField()
        valid_until = serializers.DateTimeField()

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            return lasting(attrs)

    def show(self, call: http.Call) -> dict[str, Any]:
        payer, after, most = _page(self.request.query_params, call, "policies")
        found = queries_policies.policies(payer, after=after, most=most)
        following = _next([one.number for one in found], most, f"policies/{payer}")
        return {"next": following, "policies": [_policy(one) for one in found]}

    def act(self, call: http.Call) -> dict[str, Any]:
        made = coverage.insure(coverage.Sold(**call.values), by=call.by)
        return {"number": made.number, "valid_until": stamp(made.valid_until)}


def _payment(one: Payment) -> dict[str, Any]:
    refunds = sorted(one.refunds.all(), key=lambda refund: (refund.created_at, refund.id))
    return {
        "amount_fen": one.amount_fen,
        "insured_fen": one.insured_fen,
        "paid_at": stamp(one.paid_at) if one.paid_at else None,
        "by_guardian": one.payer_id is not None,
        "refunds": [_refund(refund) for refund in refunds],
    }


def _refund(one: Refund) -> dict[str, Any]:
    return {
        "amount_fen": one.amount_fen,
        "insured_fen": one.insured_fen,
        "cause": one.cause,
        "state": one.state,
        "owed_at": stamp(one.created_at),
        "done_at": stamp(one.done_at) if one.done_at else None,
    }


def _page(asked: Any, call: http.Call, what: str) -> tuple[int, str, int]:
    """Whose, behind which code or number, and up to how many; a cursor is good in its own list."""
    payer = call.by.organisation_id
    assert payer is not None, "payers' members have an employer"
    text = asked.get("cursor")
    after = paging.unpacked(text, f"{what}/{payer}") if text else ""
    return payer, after, paging.size_of(asked)


def _next(shown: list[str], most: int, about: str) -> str | None:
    return paging.packed(shown[-1], about) if len(shown) == most else None


def _edition(one: Edition) -> dict[str, Any]:
    until = stamp(one.valid_until) if one.valid_until else None
    times = {"valid_from": stamp(one.valid_from), "valid_until": until}
    return {"edition": one.number, **times, "terms": one.terms}


def _policy(one: Stated) -> dict[str, Any]:
    times = {"valid_from": stamp(one.valid_from), "valid_until": stamp(one.valid_until)}
    return {**asdict(one), **times}
