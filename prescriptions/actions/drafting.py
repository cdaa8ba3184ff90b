"""A doctor's draft: checked against the rules of prescribing before anything is sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from hospital import errors, identity, queries, records
from hospital.actions import people
from hospital.consultations.models import Consultation
from hospital.models import Account
from hospital.roles import Actor
from hospital.units import stamp
from prescriptions import content, facts, plan, rules
from prescriptions.actions import judging
from prescriptions.facts import MedicineFacts
from prescriptions.models import Prescription

Values = Mapping[str, Any]


class UnknownFrequency(errors.Invalid):
    """This is not a frequency that we know."""

    code = "frequency.unknown"


class WrongConsultation(errors.Invalid):
    """Name an open consultation of yours with this patient, exactly when you prescribe online."""

    code = "prescription.wrong_consultation"


class BadValidity(errors.Invalid):
    """It ends in the future, within the days that the law allows; several issues by their plan."""

    code = "prescription.bad_validity"


@transaction.atomic(savepoint=False)
def draft(values: Values, *, by: Actor, at: datetime) -> tuple[Prescription, list[rules.Finding]]:
    """
    Store a draft, sealed, and what the rules warn of. ``values`` are ``inputs.DraftInput``'s.

    Of a long-term prescription in several issues each is a draft, with a record of its own; the
    first is returned.

    Raises:
        queries.UnknownPatient, identity.BadIdNumber: nobody of that identity number is registered.
        UnknownFrequency, BadValidity, WrongConsultation, judging.UnknownMedicine: see each.
        judging.RuleBroken: a finding blocks; nothing is stored.
    """
    patient = _patient(values, by)
    doctor = Account.objects.select_related("organisation", "department").get(id=by.account)
    assert doctor.organisation is not None, "a doctor is employed"
    met = Met(
        patient,
        doctor,
        values["online"],
        _consultation(values, patient, by=by, at=at),
        values["issues"],
        values["interval_days"],
    )
    fields, columns, findings = _content(values, met, at)
    first, *_ = [
        Prescription.objects.create(
            **columns,
            record=records.seal(fields),
            patient=patient,
            doctor=doctor,
            hospital=doctor.organisation,
            online=met.online,
            consultation=met.consultation,
            created_at=at,
            **times,
        )
        for times in _times(values, at)
    ]
    return first, findings


@dataclass(frozen=True, slots=True)
class Met:
    """
    Who met whom and how: what a content does not choose itself.

    The patient's person, and the doctor's organisation and department, are loaded. ``issues`` and
    ``interval_days`` are the plan of a long-term prescription, None if it has none.
    """

    patient: Account
    doctor: Account
    online: bool
    consultation: Consultation | None
    issues: int | None
    interval_days: int | None


def content_of(
    values: Values, met: Met, *, at: datetime
) -> tuple[dict[str, Any], list[rules.Finding]]:
    """
    The columns of a content (``models.Content``), sealed, and what the rules warn of.

    ``values`` are ``inputs.ContentInput``'s; a draft and a change are made of it.

    Raises:
        UnknownFrequency, judging.UnknownMedicine: see each.
        judging.RuleBroken: a finding blocks; nothing is stored.
    """
    fields, columns, findings = _content(values, met, at)
    return {"record": records.seal(fields), **columns}, findings


def _content(
    values: Values, met: Met, at: datetime
) -> tuple[dict[str, Any], dict[str, Any], list[rules.Finding]]:
    """The fields to seal, the columns beside the record, and what the rules warn of."""
    catalogue = judging.catalogue({row["medicine"] for row in values["lines"]})
    lines = written(values["lines"], catalogue)
    planned = {**values, "issues": met.issues, "interval_days": met.interval_days}
    fields = _fields(planned, lines, met.patient, met.doctor, at)
    judged = judging.judged(
        fields,
        catalogue,
        online=met.online,
        patient=met.patient,
        doctor=met.doctor,
        consultation=met.consultation,
        at=at,
    )
    judged.check()
    quantities = {str(number): line.quantity for number, line in enumerate(lines, 1)}
    return fields, {"quantities": quantities, **judged.columns()}, list(judged.findings)


def _patient(values: Values, by: Actor) -> Account:
    """
    Whom the identity number names, or else who asked the doctor in the consultation.

    Raises what ``draft`` raises of patients and consultations.
    """
    if values["patient"]:
        return queries.patient_by_id_number(values["patient"])
    asked = Consultation.objects.select_related("patient__person")
    theirs = asked.filter(doctor_id=by.account, patient__is_active=True)
    found = theirs.filter(id=values["consultation"]).first()
    if found is None:
        raise WrongConsultation(field="consultation")
    return found.patient


def _consultation(
    values: Values, patient: Account, *, by: Actor, at: datetime
) -> Consultation | None:
    """The consultation that is named; none at all is the rules' affair. ``WrongConsultation``."""
    if values["consultation"] is None:
        return None
    theirs = Consultation.objects.filter(patient=patient, doctor_id=by.account)
    found = theirs.filter(id=values["consultation"]).first()
    if found is None or not found.is_open(at) or not values["online"]:
        raise WrongConsultation(field="consultation")
    return found


def written(rows: list[Values], catalogue: Mapping[str, MedicineFacts]) -> list[content.Line]:
    """
    The lines of ``inputs.ContentInput``, each with its medicine of the catalogue.

    Raises:
        judging.UnknownMedicine, UnknownFrequency: see each.
    """
    lines = []
    for index, row in enumerate(rows):
        field = f"lines[{index}]"
        medicine = catalogue.get(row["medicine"])
        if medicine is None:
            raise judging.UnknownMedicine(field=f"{field}.medicine")
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
                skin_test=row["skin_test"] or "",
            )
        )
    return lines


def _fields(
    values: Values, lines: list[content.Line], patient: Account, doctor: Account, at: datetime
) -> dict[str, Any]:
    person = patient.person
    assert person is not None, "only an identified patient has prescriptions"
    id_number = people.id_number_of(person)
    born = identity.born(id_number)
    assert doctor.organisation is not None
    return content.fields(
        patient={
            "name": people.name_of(person),
            "sex": identity.sex(id_number),
            "born": born.isoformat(),
            "age": rules.written_age(born, rules.legal_day(at)),
        },
        prescriber={
            "doctor/license": doctor.license_number,
            "hospital/name": doctor.organisation.name,
            "hospital/department": doctor.department.name if doctor.department else "",
        },
        diagnoses=values["diagnoses"],
        lines=lines,
        rest={name: values[name] for name in (*content.CIRCUMSTANCES, "hospital_number")},
    )


def _times(values: Values, at: datetime) -> Iterator[dict[str, Any]]:
    """When a draft ends; of several issues, for each also its place and when it opens."""
    issues = values["issues"] or 1
    if issues == 1:
        yield {"valid_until": _valid_until(values, at)}
        return
    if values["valid_until"] is not None:
        raise BadValidity(field="valid_until")
    series, windows = uuid4(), plan.windows(rules.legal_day(at), issues, values["interval_days"])
    for number, window in enumerate(windows, 1):
        yield {
            "series": series,
            "issue_number": number,
            "issues": issues,
            "interval_days": values["interval_days"],
            "opens_at": window.opens_at,
            "valid_until": window.valid_until,
        }


def _valid_until(values: Values, at: datetime) -> datetime:
    """The end the law gives for these days, or an earlier one that the doctor chose."""
    latest = rules.valid_until(at, values["valid_days"])
    chosen: datetime = values["valid_until"] or latest
    if not at < chosen <= latest:
        raise BadValidity(field="valid_until", latest=stamp(latest))
    return chosen
