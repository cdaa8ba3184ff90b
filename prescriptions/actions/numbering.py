"""
Number what is written on the form of narcotics, by hospital and day, without a gap.

The number is an entry of its own, signed by the registrar in the transaction that issues: a chain
for each hospital and legal day, which validators hold to 1, 2, 3 …. It is not in the doctor's
statement, since then of two doctors who sign at once one would have to sign again.

Source: order 53, art. 39 (numbered in order, day by day) and art. 51 (a register of its own).
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from hospital import calendar, services, signing
from hospital.models import Organisation
from hospital.units import stamp
from ledger import chain, network
from prescriptions.controlled import NUMBERED
from prescriptions.models import Prescription
from prescriptions.registers import Register, Serial


def number(prescription: Prescription, *, at: datetime) -> Serial | None:
    """
    Give the content in force the next number of its hospital's day; None if its form needs none.

    The caller has entered the content in this transaction and holds the prescription's row; the
    register's row is locked after it. Whoever comes second waits, and a transaction that fails
    gives its number back, so none is missing and none stands twice.
    """
    if prescription.form not in NUMBERED:
        return None
    register = _locked(prescription.hospital, calendar.legal_day(at))
    register.last += 1
    register.save(update_fields=["last"])
    made = Serial.objects.create(
        register=register,
        number=register.last,
        prescription=prescription,
        record=prescription.record,
        form=prescription.form,
        created_at=at,
    )
    _enter(made, at)
    return made


def subject(hospital: Organisation, day: date) -> str:
    """The subject of the entries about one hospital's numbers of one day."""
    name = f"{hospital.slug} {day.isoformat()}".encode()
    return f"register/{hashlib.sha256(name).hexdigest()[:32]}"


def _locked(hospital: Organisation, day: date) -> Register:
    Register.objects.bulk_create([Register(hospital=hospital, day=day)], ignore_conflicts=True)
    return Register.objects.select_for_update().get(hospital=hospital, day=day)


def _enter(serial: Serial, at: datetime) -> None:
    """
    Append the entry, to the first line of logs, wherever the patient's own entries are.

    It names no patient, and a hospital's numbers of a day are in one chain.
    """
    prescription, day = serial.prescription, serial.register.day
    draft = signing.Draft(
        kind="register.number",
        subject=subject(prescription.hospital, day),
        patient="",
        facts={
            "ends": stamp(calendar.begins(day + timedelta(days=1))),
            "form": serial.form,
            "hospital": prescription.hospital.slug,
            "number": serial.number,
            "prescription": prescription.subject,
        },
        commitment=bytes(prescription.record.commitment),
    )
    by = services.key_name("registrar", network.origin(draft.line))
    statement = draft.statement(by=by, at=at)
    chain.append(services.sign("registrar", statement), drawn=statement)
