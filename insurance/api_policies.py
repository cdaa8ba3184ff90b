"""Products, policies, and the bill with its explanation, over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
from hospital.roles import Role
from hospital.units import stamp
from insurance.actions import coverage

CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
INSURED_MAX = 20


def lasting(attrs: dict[str, Any]) -> dict[str, Any]:
    """Whatever ends, ends after it begins."""
    if attrs["valid_until"] is not None and attrs["valid_until"] <= attrs["valid_from"]:
        raise serializers.ValidationError({"valid_until": ["It ends before it begins."]})
    return attrs


class ProductInput(http.Strict):
    code = serializers.RegexField(CODE, help_text="the payer's own")
    name = http.Text(max_length=80)
    terms = serializers.JSONField(help_text="see `insurance/policies/terms.py`")
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


class Policies(http.Command):
    """A payer states a policy and whom it insures; one of the same number is changed."""

    roles = (Role.OFFICER, Role.AGENT)
    success = 201

    class Input(http.Strict):
        number = serializers.RegexField(CODE, help_text="the payer's own")
        product = serializers.RegexField(CODE, help_text="the code of one of its products")
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
