"""
四查十对: the four checks that a pharmacist makes before anything is given out, and the ten things
that are compared in them. The signed entry says that all four were made.

Source: order 53, art. 37: 查处方，对科别、姓名、年龄；查药品，对药名、剂型、规格、数量；
查配伍禁忌，对药品性状、用法用量；查用药合理性，对临床诊断 (from memory, unconfirmed).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.db import models

from hospital import errors
from prescriptions import content


class Check(models.TextChoices):
    """What is looked at (四查)."""

    PRESCRIPTION = "prescription", "查处方"
    MEDICINE = "medicine", "查药品"
    INCOMPATIBILITY = "incompatibility", "查配伍禁忌"
    APPROPRIATENESS = "appropriateness", "查用药合理性"


ALL: Final = sorted(Check.values)
COMPARED: Final[Mapping[Check, Mapping[str, tuple[str, ...]]]] = {
    Check.PRESCRIPTION: {
        "科别": ("hospital/department",),
        "姓名": ("patient/name",),
        "年龄": ("patient/born",),
    },
    Check.MEDICINE: {
        "药名": ("line/*/generic_name",),
        "剂型": ("line/*/form",),
        "规格": ("line/*/specification",),
        "数量": ("line/*/quantity",),
    },
    Check.INCOMPATIBILITY: {
        "药品性状": (),
        "用法用量": ("line/*/dose", "line/*/frequency", "line/*/route"),
    },
    Check.APPROPRIATENESS: {"临床诊断": (content.DIAGNOSES,)},
}
"""What is compared (十对), and which fields of the prescription say it; the medicine itself shows
its appearance."""


class Unchecked(errors.Invalid):
    """Each of the four checks is made before anything is given out; ``missing`` names the rest."""

    code = "dispensing.unchecked"


def facts_of(made: Collection[str]) -> list[str]:
    """The checks as the entry names them. Raises ``Unchecked``."""
    missing = [check for check in ALL if check not in made]
    if missing:
        raise Unchecked(field="checks", missing=missing)
    return ALL


def shown() -> list[dict[str, Any]]:
    """The list as the counter shows it."""
    return [
        {
            "check": check.value,
            "zh": check.label,
            "compare": [{"zh": word, "fields": list(names)} for word, names in compared.items()],
        }
        for check, compared in COMPARED.items()
    ]
