"""
A draft while it is written: what the rules say, what it costs, and who pays; nothing is stored.

Three queries, however many medicines, pharmacies and payers there are: doctor and patient with
the patient's promises, the medicines with the baskets of the pharmacies, and the ``record.view``
entry, since what a patient is promised is the patient's affair. Nothing of it is shown before that
entry is committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from hospital import access, calendar, identity
from hospital import queries as people
from hospital.actions import people as persons
from hospital.consultations.models import Consultation
from hospital.models import Account
from hospital.roles import Actor
from insurance import queries
from insurance.actions import billing
from insurance.policies import covers, promised
from insurance.policies.terms import Medicine
from pharmacy import queries as shelves
from prescriptions import content
from prescriptions.actions import drafting, judging

ABOUT, FIELDS = "coverages", ("coverage/",)
NEAR_M = 10_000
PRICES = ("lowest", "median", "highest")


@dataclass(frozen=True, slots=True)
class Price:
    """
    What a basket costs at one pharmacy, and who would pay; slug → fen for the payers. ``steps``:
    line by line and payer by payer, which rule took how many fen.
    """

    total_fen: int
    patient_fen: int
    payers: Mapping[str, int]
    steps: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Checked:
    """``prices`` are those of ``PRICES``, or none if no pharmacy has everything."""

    judged: judging.Judged
    pharmacies: int
    prices: Mapping[str, Price]
    covered_by: tuple[str, ...]
    promised: promised.Promised


def check(
    values: Mapping[str, Any], near: tuple[Decimal, Decimal] | None, *, by: Actor, at: datetime
) -> Checked:
    """
    Judge and price a draft. ``values`` are those of ``prescriptions.inputs.DraftInput``.

    ``near`` is longitude and latitude: pharmacies within ``NEAR_M`` count, else all; for narcotics
    the doctor's hospital's own pharmacy alone. What forbids the draft is among the findings and no
    refusal.

    Raises:
        people.UnknownPatient, identity.BadIdNumber, drafting.UnknownFrequency,
        drafting.WrongConsultation, judging.UnknownMedicine: see each.
    """
    with transaction.atomic():
        doctor, patient = _parties(values, by, at)
        consultation = _consultation(values, patient)
        around = shelves.Around(*near, NEAR_M) if near else None
        assert by.organisation_id is not None, "doctors have an employer"
        wanted = shelves.with_baskets(
            _units(values["lines"]),
            around,
            hospital=by.organisation_id,
            day=calendar.legal_day(at),
        )
        medicines = list(wanted)
        lines = drafting.written(values["lines"], {one.code: one.facts for one in medicines})
        access.view(
            by=by,
            at=at,
            purpose="prescribing",
            basis="prescriber",
            of=[],
            about=ABOUT,
            fields=FIELDS,
            patient=patient.person,
        )
    judged = judging.judged(
        _fields(values, lines, patient),
        {one.code: one.facts for one in medicines},
        online=values["online"],
        patient=patient,
        doctor=doctor,
        consultation=consultation,
        at=at,
    )
    baskets = medicines[0].baskets or []  # type: ignore[attr-defined]  # annotated, the same on each
    found = covers.in_order(patient.policies)  # type: ignore[attr-defined]  # annotated
    terms = _promises(found, patient, values["diagnoses"], at)
    prices = [_price(lines, one["prices"], terms) for one in baskets]
    return Checked(
        judged=judged,
        pharmacies=baskets[0]["pharmacies"] if baskets else 0,
        prices=dict(zip(PRICES, prices, strict=False)),
        covered_by=tuple(one.payer.slug for one in found),
        promised=promised.make(patient.id, found, at=at),
    )


def _parties(values: Mapping[str, Any], by: Actor, at: datetime) -> tuple[Account, Account]:
    found = queries.doctor_and_patient(by.account, values["patient"], values["consultation"], at=at)
    rows = {row.id: row for row in found}
    doctor = rows.pop(by.account)
    if not rows:
        known = people.UnknownPatient(field="patient")
        raise known if values["patient"] else drafting.WrongConsultation(field="consultation")
    return doctor, next(iter(rows.values()))


def _consultation(values: Mapping[str, Any], patient: Account) -> Consultation | None:
    """As far as the rules look at it; ``drafting`` says which may be named."""
    if values["consultation"] is None:
        return None
    said = patient.consulted  # type: ignore[attr-defined]  # annotated
    if said is None or not values["online"]:
        raise drafting.WrongConsultation(field="consultation")
    return Consultation(id=values["consultation"], **said)


def _units(rows: list[Mapping[str, Any]]) -> dict[str, int]:
    units: dict[str, int] = {}
    for row in rows:
        units[row["medicine"]] = units.get(row["medicine"], 0) + row["quantity"]
    return units


def _fields(
    values: Mapping[str, Any], lines: list[content.Line], patient: Account
) -> dict[str, Any]:
    """What the rules look at of the record that would be sealed."""
    assert patient.person is not None, "who asked a doctor is identified"
    born = identity.born(persons.id_number_of(patient.person))
    return content.fields(
        patient={"born": born.isoformat()},
        prescriber={},
        diagnoses=values["diagnoses"],
        lines=lines,
        rest={name: values[name] for name in content.CIRCUMSTANCES},
    )


def _promises(
    found: Sequence[covers.InForce],
    patient: Account,
    diagnoses: Sequence[Mapping[str, Any]],
    at: datetime,
) -> billing.Promises:
    """What a checkout would find if the patient names no payer; the doctor knows the diagnoses."""
    uses = patient.uses  # type: ignore[attr-defined]  # annotated
    codes = [one["code"] for one in diagnoses]
    on = calendar.legal_day(at)
    return billing.Promises(tuple(one.promise(uses, on, codes) for one in found))


def _price(lines: list[content.Line], prices: Mapping[str, int], terms: billing.Promises) -> Price:
    units = {str(number): line.quantity for number, line in enumerate(lines, 1)}
    drugs = {str(number): line.medicine for number, line in enumerate(lines, 1)}
    quote = terms.quote(
        (
            billing.Priced(
                number,
                Medicine(drug.insurance_class, drug.code, drug.atc),
                prices[drug.code] * units[number],
            )
            for number, drug in drugs.items()
        ),
        units,
    )
    return Price(quote.total_fen, quote.patient_fen, quote.together, quote.explained())
