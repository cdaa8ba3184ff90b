"""What a doctor writes of a draft, as the interface takes it."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from hospital import http
from prescriptions.rules.terms import Liver, SkinTest


class DiagnosisInput(http.Strict):
    code = http.Text(max_length=20, help_text="ICD-10")
    name = http.Text(max_length=100)
    main = http.Flag(default=False)


class LineInput(http.Strict):
    medicine = http.Text(max_length=40, help_text="medListCodg")
    dose = serializers.DecimalField(
        max_digits=10,
        decimal_places=4,
        min_value=Decimal("0.0001"),
        coerce_to_string=False,
        help_text="A decimal as text, for example 0.5",
    )
    dose_unit = http.Text(max_length=8)
    frequency = http.Text(max_length=8)
    route = http.Text(max_length=8, default="", allow_blank=True)
    days = http.Whole(min_value=1, max_value=366)
    quantity = http.Whole(min_value=1, max_value=10_000, help_text="dispensing units")
    note = http.Text(max_length=200, default="", allow_blank=True)
    skin_test = serializers.ChoiceField(
        [one.value for one in SkinTest if one],
        default=None,
        help_text="what is known of a skin test (皮试)",
    )


class ContentInput(http.Strict):
    """What a prescription says, and what the rules want to know beside it."""

    emergency = http.Flag(default=False)
    long_term = http.Flag(default=False)
    reason_for_longer = http.Text(max_length=200, default="", allow_blank=True)
    hospital_number = http.Text(max_length=40, default="", allow_blank=True)
    reason_for_overdose = http.Text(max_length=200, default="", allow_blank=True)
    severe_pain = http.Flag(
        default=False, help_text="cancer or severe chronic pain; consent and documents are on file"
    )
    pregnant = http.Flag(default=False)
    lactating = http.Flag(default=False)
    egfr = http.Whole(
        min_value=1,
        max_value=300,
        default=None,
        help_text="the kidneys' filtration, or clearance of creatinine, ml/min",
    )
    liver = serializers.ChoiceField(
        [one.value for one in Liver if one], default=None, help_text="class of Child and Pugh"
    )
    allergies = http.Text(max_length=500, default="", allow_blank=True)
    weight_g = http.Whole(min_value=200, max_value=600_000, default=None)
    diagnoses = serializers.ListField(child=DiagnosisInput(), max_length=20)
    lines = serializers.ListField(child=LineInput(), min_length=1, max_length=20)


class DraftInput(ContentInput):
    patient = http.Text(
        max_length=18,
        default="",
        allow_blank=True,
        help_text="resident identity number; may be left out where a consultation is named",
    )
    online = http.Flag()
    consultation = serializers.UUIDField(
        default=None, help_text="the open one of which an online prescription comes"
    )
    issues = http.Whole(
        min_value=1,
        max_value=52,
        default=None,
        help_text="parts in which a long-term prescription is fetched; 1 if left out",
    )
    interval_days = http.Whole(
        min_value=1,
        max_value=366,
        default=None,
        help_text="from one issue to the next; it says when each ends, whatever valid_days",
    )
    valid_days = http.Whole(min_value=1, max_value=3, default=1)
    valid_until = serializers.DateTimeField(
        default=None, help_text="an earlier end than valid_days gives"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["patient"] and attrs["consultation"] is None:
            raise serializers.ValidationError({"patient": ["Name the patient, or a consultation."]})
        return attrs
