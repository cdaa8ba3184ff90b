"""What comes in over HTTP about a consultation, read strictly."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hospital import http
from hospital.consultations import pictures
from hospital.consultations.actions import ending

TEXT_MAX = 2_000


class PictureField(http.Text):
    """A JPEG, PNG or WebP as base64, told by its bytes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=pictures.MAX_BASE64,
            help_text=f"base64 of a JPEG, PNG or WebP of at most {pictures.MAX_BYTES} bytes",
            **options,
        )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        text = super().run_validation(data)
        try:
            return None if text is None else pictures.read(text)
        except pictures.BadPicture as fault:
            raise serializers.ValidationError(f"This {fault}.") from fault


class EarlierDiagnosisInput(http.Strict):
    code = http.Text(max_length=20, help_text="ICD-10")
    name = http.Text(max_length=100)


class EarlierInput(http.Strict):
    """The evidence of an earlier diagnosis: where, when, which; a picture of it if there is one."""

    hospital = http.Text(max_length=100)
    on = serializers.DateField()
    diagnoses = serializers.ListField(child=EarlierDiagnosisInput(), min_length=1, max_length=10)
    picture = PictureField(default=None)


class QuestionInput(http.Strict):
    department = http.Whole(min_value=1, max_value=2**63 - 1)
    complaint = http.Text(max_length=TEXT_MAX)
    earlier = EarlierInput(default=None)


class AcceptInput(http.Strict):
    follow_up = http.Flag(help_text="the doctor has seen evidence of an earlier diagnosis")
    guardian = http.Flag(default=False, help_text="a guardian is with the patient")


class DeclineInput(http.Strict):
    reason = serializers.ChoiceField(ending.DeclineReason.choices)
