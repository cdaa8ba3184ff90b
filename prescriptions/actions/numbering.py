"""
Number what is written on the form of narcotics, by hospital and day, without a gap.

The number is an entry of its own, signed by the registrar in the transaction that issues: a chain
for each hospital and legal day, which validators hold to 1, 2, 3 …. It is in the line of logs that
holds the prescription, so that they see both: no other move is lawful before, and no number without
its content. It is not in the doctor's statement, since then of two doctors who sign at once one
would have to sign again.

Source: order 53, art. 39 (numbered in order, day by day) and art. 51 (a register of its own).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hospital import access, calendar, services, signing
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
    line = _line(prescription)
    volume = network.lines().index(line) + 1
    register = _locked(prescription.hospital, calendar.legal_day(at), volume)
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
    _enter(made, line, at)
    return made


def subject(hospital: Organisation, day: date) -> str:
    """The subject of the entries about one hospital's numbers of one day, in each line of logs."""
    return f"register/{hospital.slug}/{_ends(day)}"


def _ends(day: date) -> str:
    return stamp(calendar.begins(day + timedelta(days=1)))


def _line(prescription: Prescription) -> str:
    person = prescription.patient.person
    assert person is not None, "only an identified patient has prescriptions"
    return access.line_of(person)


def _locked(hospital: Organisation, day: date, volume: int) -> Register:
    named = {"hospital": hospital, "day": day, "volume": volume}
    Register.objects.bulk_create([Register(**named)], ignore_conflicts=True)
    return Register.objects.select_for_update().get(**named)


def _enter(serial: Serial, line: str, at: datetime) -> None:
    """Append the entry beside the prescription's own; it names no patient."""
    prescription, day = serial.prescription, serial.register.day
    draft = signing.Draft(
        kind="register.number",
        subject=subject(prescription.hospital, day),
        patient="",
        facts={
            "ends": _ends(day),
            "form": serial.form,
            "hospital": prescription.hospital.slug,
            "number": serial.number,
            "prescription": prescription.subject,
        },
        commitment=bytes(prescription.record.commitment),
        line=line,
    )
    by = services.key_name("registrar", network.origin(draft.line))
    statement = draft.statement(by=by, at=at)
    chain.append(services.sign("registrar", statement), drawn=statement)
