"""
A draft as the rules of prescribing see it, read from the fields that are sealed. Pure.

There is no other way from a prescription to the rules: what they have judged is what is sealed,
signed and read later, and anybody to whom the record is open can run them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from prescriptions import content, rules
from prescriptions.facts import FREQUENCIES, MedicineFacts
from prescriptions.rules.terms import Liver, SkinTest


def as_sealed(
    fields: Mapping[str, Any],
    catalogue: Mapping[str, MedicineFacts],
    *,
    online: bool,
    prescriber: rules.Prescriber,
    for_oneself: bool,
    consulted: rules.Consulted | None,
    guardian_present: bool,
) -> rules.Draft:
    """
    The draft of a record's ``fields`` (``content.fields``); what they do not say is given.

    Raises:
        KeyError: ``catalogue`` (``medListCodg`` to what is known of it) lacks a medicine.
    """
    return rules.Draft(
        online=online,
        consulted=consulted,
        emergency=fields.get("emergency", False),
        long_term=fields.get("long_term", False),
        issues=fields.get("issues", 1),
        interval_days=fields.get("interval_days"),
        reason_for_longer=fields.get("reason_for_longer", ""),
        patient_born=date.fromisoformat(fields[f"{content.PATIENT}born"]),
        weight_g=fields.get("weight_g"),
        pregnant=fields.get("pregnant", False),
        lactating=fields.get("lactating", False),
        egfr=fields.get("egfr"),
        liver=Liver(fields.get("liver", "")),
        allergies=fields.get("allergies", ""),
        guardian_present=guardian_present,
        severe_pain=fields.get("severe_pain", False),
        for_oneself=for_oneself,
        reason_for_overdose=fields.get("reason_for_overdose", ""),
        prescriber=prescriber,
        diagnoses=content.diagnoses_of(fields),
        lines=tuple(_line(line, catalogue) for line in content.lines_of(fields).values()),
    )


def _line(line: Mapping[str, Any], catalogue: Mapping[str, MedicineFacts]) -> rules.DraftLine:
    return rules.DraftLine(
        medicine=catalogue[line["code"]],
        dose=Decimal(line["dose"]),
        dose_unit=line["dose_unit"],
        per_day=FREQUENCIES[line["frequency"]].per_day,
        days=line["days"],
        quantity=line["quantity"],
        route=line["route"],
        note=line["note"],
        skin_test=SkinTest(line.get("skin_test", "")),
    )
