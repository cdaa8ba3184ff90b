"""A doctor's draft: checked against the rules of prescribing before anything is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from hospital import errors, identity, queries, records, sealing
from hospital.models import Account
from hospital.roles import Actor
from hospital.units import stamp
from prescriptions import content, facts, rules
from prescriptions.models import Medicine, Prescription

Values = Mapping[str, Any]


class UnknownMedicine(errors.Invalid):
    """The catalogue has no medicine of this code."""

    code = "medicine.unknown"


class UnknownFrequency(errors.Invalid):
    """This is not a frequency that we know."""

    code = "frequency.unknown"


class RuleBroken(errors.Invalid):
    """A rule of prescribing forbids it; ``findings`` name article and text."""

    code = "prescription.rule_broken"


class BadValidity(errors.Invalid):
    """A prescription ends in the future and within the days that the law allows."""

    code = "prescription.bad_validity"


@transaction.atomic(savepoint=False)
def draft(values: Values, *, by: Actor, at: datetime) -> tuple[Prescription, list[rules.Finding]]:
    """
    Store a draft, sealed, and what the rules warn of. ``values`` are ``api.DraftInput``'s.

    Raises:
        queries.UnknownPatient, identity.BadIdNumber: nobody of that identity number is registered.
        UnknownMedicine, UnknownFrequency, BadValidity: see each.
        RuleBroken: a finding blocks; nothing is stored.
    """
    patient = queries.patient_by_id_number(values["patient"])
    lines = _lines(values["lines"])
    id_number = identity.checked_id_number(values["patient"])
    doctor = Account.objects.select_related("organisation", "department").get(id=by.account)
    findings = rules.check(_for_rules(values, lines, patient, id_number, doctor), at)
    if rules.blocked(findings):
        raise RuleBroken(findings=[asdict(finding) for finding in findings])
    assert doctor.organisation is not None, "a doctor is employed"
    record = records.seal(_fields(values, lines, patient, id_number, doctor))
    prescription = Prescription.objects.create(
        patient=patient,
        doctor=doctor,
        hospital=doctor.organisation,
        record=record,
        quantities={str(number): line.quantity for number, line in enumerate(lines, 1)},
        rules_version=rules.VERSION,
        warnings=sorted({finding.rule for finding in findings}),
        online=values["online"],
        created_at=at,
        valid_until=_valid_until(values, at),
    )
    return prescription, list(findings)


def _lines(rows: list[Values]) -> list[content.Line]:
    codes = {row["medicine"] for row in rows}
    known = {medicine.code: medicine.facts for medicine in Medicine.objects.filter(code__in=codes)}
    lines = []
    for index, row in enumerate(rows):
        field = f"lines[{index}]"
        medicine = known.get(row["medicine"])
        if medicine is None:
            raise UnknownMedicine(field=f"{field}.medicine")
        often = facts.frequency(row["frequency"])
        if often is None:
            raise UnknownFrequency(field=f"{field}.frequency")
        lines.append(
            content.Line(
                medicine=medicine,
                dose=format(row["dose"].normalize(), "f"),
                dose_unit=row["dose_unit"],
                frequency=often.code,
                route=row["route"] or medicine.route,
                days=row["days"],
                quantity=row["quantity"],
                note=row["note"],
            )
        )
    return lines


def _for_rules(
    values: Values, lines: list[content.Line], patient: Account, id_number: str, doctor: Account
) -> rules.Draft:
    return rules.Draft(
        online=values["online"],
        emergency=values["emergency"],
        long_term=values["long_term"],
        reason_for_longer=values["reason_for_longer"],
        patient_born=identity.born(id_number),
        weight_g=values["weight_g"],
        pregnant=values["pregnant"],
        allergies=values["allergies"],
        guardian_present=values["guardian_present"],
        severe_pain=values["severe_pain"],
        for_oneself=patient.person_id == doctor.person_id,
        reason_for_overdose=values["reason_for_overdose"],
        prescriber=rules.Prescriber(controlled=doctor.controlled),
        diagnoses=tuple(one["code"] for one in values["diagnoses"]),
        lines=tuple(_line_for_rules(line) for line in lines),
    )


def _line_for_rules(line: content.Line) -> rules.DraftLine:
    often = facts.frequency(line.frequency)
    return rules.DraftLine(
        medicine=line.medicine,
        dose=Decimal(line.dose),
        dose_unit=line.dose_unit,
        per_day=often.per_day if often else None,
        days=line.days,
        quantity=line.quantity,
        route=line.route,
    )


def _fields(
    values: Values, lines: list[content.Line], patient: Account, id_number: str, doctor: Account
) -> dict[str, Any]:
    person = patient.person
    assert person is not None
    assert doctor.organisation is not None
    return content.fields(
        patient={
            "name": sealing.unseal(person.name, f"person/{person.handle.hex}/name").decode(),
            "sex": identity.sex(id_number),
            "born": identity.born(id_number).isoformat(),
        },
        prescriber={
            "doctor/license": doctor.license_number,
            "hospital/name": doctor.organisation.name,
            "hospital/department": doctor.department.name if doctor.department else "",
        },
        diagnoses=values["diagnoses"],
        lines=lines,
        rest={
            name: values[name]
            for name in (
                *("allergies", "weight_g", "hospital_number"),
                *("reason_for_longer", "reason_for_overdose"),
            )
        },
    )


def _valid_until(values: Values, at: datetime) -> datetime:
    """The end the law gives for these days, or an earlier one that the doctor chose."""
    latest = rules.valid_until(at, values["valid_days"])
    chosen: datetime = values["valid_until"] or latest
    if not at < chosen <= latest:
        raise BadValidity(field="valid_until", latest=stamp(latest))
    return chosen
