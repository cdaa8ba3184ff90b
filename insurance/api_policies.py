"""Products, policies, and the bill with its explanation, over HTTP."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from hospital import http
from hospital.roles import Role
from hospital.units import stamp
from insurance import queries
from insurance.actions import coverage
from insurance.api import bill_of
from insurance.policies import bills
from insurance.policies.reckon import WHOLE_BP
from insurance.policies.terms import CITY, DAYS_MAX, FEN_MAX, NAMED_MAX, YEARS

CODE = [RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")]
INSURED_MAX, TIERS_MAX = 20, 20


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
    tiers = serializers.ListField(
        child=TierInput(), max_length=TIERS_MAX, default=[], help_text="left out: all is paid"
    )
    ceilings_fen = CeilingsInput(default={})
    covers = named("insurance codes or beginnings of ATC codes; left out: all medicines")
    excludes = named("insurance codes or beginnings of ATC codes")
    waiting_days = http.Whole(min_value=0, max_value=DAYS_MAX, default=0)
    diagnoses = serializers.ListField(child=IllnessInput(), max_length=NAMED_MAX, default=[])
    year = serializers.ChoiceField(YEARS, default=YEARS[0])
    at_payment = serializers.RegexField(
        CITY,
        default="",
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


class Products(http.Command):
    """A payer publishes the next edition of a product; what was published is never changed."""

    roles = (Role.OFFICER, Role.AGENT)
    success = 201
    Input = ProductInput

    def act(self, call: http.Call) -> dict[str, Any]:
        assert call.by.organisation_id is not None, "payers' members have an employer"
        made = coverage.publish(payer=call.by.organisation_id, **call.values)
        return {"code": made.product.code, "edition": made.number}


class ShownBill(http.Query):
    """The live bill of an own prescription, and which rule took which fen; nothing is opened."""

    roles = (Role.PATIENT,)
    for_wards = True

    def show(self, call: http.Call) -> dict[str, Any]:
        bill = queries.own_bill(call.prescription_id, by=call.by)
        return {**bill_of(bill), "steps": bills.explained(bill)}


class Policies(http.Command):
    """A payer states a policy and whom it insures; one of the same number is changed."""

    roles = (Role.OFFICER, Role.AGENT)
    success = 201

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

    def act(self, call: http.Call) -> dict[str, Any]:
        made = coverage.insure(coverage.Sold(**call.values), by=call.by)
        return {"number": made.number, "valid_until": stamp(made.valid_until)}
