"""
Upload: a hospital's own system brings what was prescribed there, and signs it.

Two calls, as for every command. ``bring`` stores a draft, sealed, under the hospital's number;
``upload`` issues it under the system's signature. In between, whoever voids the draft makes it
cancelled for good (``cancelling``): it is the row's lock that decides, not the order of messages.

A number names one prescription for ever: the same line again finds what it made the first time,
another line under the same number is refused.

What needs a doctor's own key cannot be uploaded: online prescriptions, which come of a
consultation held here; controlled medicines; what an assistant or a trainee wrote, which a
colleague countersigns; long-term prescriptions in several issues, which are signed together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from hospital import access, errors, queries, sealing, signing
from hospital.actions import people
from hospital.models import Account, Person
from hospital.roles import Actor, Role
from hospital.units import stamp
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle, national, permissions, rules, uploaded
from prescriptions.actions import drafting, issuing, judging
from prescriptions.facts import Form, MedicineFacts
from prescriptions.lifecycle import Move
from prescriptions.models import Prescription, Status
from prescriptions.uploaded import Uploaded

FORMS = (Form.ORDINARY, Form.EMERGENCY, Form.PAEDIATRIC)
"""The forms of what may be uploaded: none of a controlled medicine."""


class BadLine(errors.Invalid):
    """The line is no prescription in the shape of D001; ``problems`` names every field."""

    code = "upload.bad_line"


class NumberTaken(errors.Conflict):
    """The hospital has uploaded another content under this number of its own."""

    code = "upload.number_taken"


class WrongName(errors.Invalid):
    """The person of this identity number has another name."""

    code = "upload.wrong_name"


class WrongTime(errors.Invalid):
    """Prescribed, then reviewed, then uploaded; this is not in that order, or in the future."""

    code = "upload.wrong_time"


class UnknownReviewer(errors.Invalid):
    """The hospital employs no reviewing pharmacist of this code."""

    code = "upload.unknown_reviewer"


class NeedsDoctor(errors.Forbidden):
    """It counts only under a doctor's own key; ``because`` says why. The doctor issues it here."""

    code = "upload.needs_doctor"


class Because(StrEnum):
    """Why an upload needs the doctor."""

    ONLINE = "online"
    CONTROLLED = "controlled"
    COUNTERSIGNATURE = "countersignature"
    ISSUES = "issues"


@dataclass(frozen=True, slots=True)
class Brought:
    """What a line is: the draft it made, or what became of it; what the rules warn of."""

    prescription: Prescription
    findings: list[rules.Finding]


def bring(
    line: str, number: int, catalogue: Mapping[str, MedicineFacts], *, by: Actor, at: datetime
) -> Brought:
    """
    Store line ``number`` of an upload as a draft, or find what it made before.

    ``catalogue`` knows the medicines that the line names. In the caller's transaction.

    Raises:
        BadLine, NumberTaken, WrongName, WrongTime, UnknownReviewer, NeedsDoctor: see each.
        permissions.WrongHospital, queries.UnknownPatient, people.UnknownDoctor: see each.
        permissions.OwnPrescription: its reviewer prescribed it or will receive it.
        judging.RuleBroken: a rule of prescribing forbids it.
    """
    read = national.read(line, number, catalogue)
    if not isinstance(read, Uploaded):
        problems = [{"field": one.field, "code": one.code, "reason": one.reason} for one in read]
        raise BadLine(problems=problems)
    if read.hospital != by.organisation:
        raise permissions.WrongHospital
    origin = _origin(read, by)
    if known := _known(origin, by):
        return Brought(known, [])
    try:
        with transaction.atomic():
            return _drafted(read, origin, by=by, at=at)
    except IntegrityError:  # the same number came in at this moment, and was first
        if known := _known(origin, by):
            return Brought(known, [])
        raise


def draw(prescription: Prescription, *, by: Actor, key: str, at: datetime) -> Statement:
    """The statement under which the system uploads the draft. Raises what ``upload`` raises."""
    move, facts, _ = _for_upload(prescription, by=by, at=at)
    return lifecycle.propose(prescription, move, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def upload(signed: str, *, by: Actor, at: datetime) -> tuple[Prescription, chain.Appended]:
    """
    Issue a draft under the system's signature, reviewed if it came so.

    The rules look again, and the doctor is judged as for an issue of the doctor's own.

    Raises:
        lifecycle.UnknownPrescription, permissions.NotUploaded: see each.
        lifecycle.WrongState: it was uploaded before, or has been voided; ``status`` says which.
        NeedsDoctor, judging.RuleBroken, and what ``lifecycle.advance`` raises.
    """
    _, claimed = signing.read(signed)
    prescription = lifecycle.lock(_id_in(claimed.subject))
    move, facts, columns = _for_upload(prescription, by=by, at=at)
    entry = lifecycle.advance(
        prescription, move, by=by, at=at, signed=signed, facts=facts, **columns
    )
    return prescription, entry


def _id_in(subject: str) -> UUID:
    family, _, name = subject.partition("/")
    try:
        found = UUID(hex=name)
    except ValueError:
        raise lifecycle.UnknownPrescription from None
    if family != "rx":
        raise lifecycle.UnknownPrescription
    return found


def _origin(read: Uploaded, by: Actor) -> dict[str, bytes]:
    """The number, and what the line says whatever the order of its fields; both as digests."""
    content = json.dumps(asdict(read), default=str, sort_keys=True)
    return {
        "upload_number": sealing.index(read.hospital_number, f"upload/{by.organisation}"),
        "upload_digest": sealing.index(content, "upload"),
    }


def _known(origin: Mapping[str, bytes], by: Actor) -> Prescription | None:
    number, hospital = origin["upload_number"], by.organisation_id
    rows = Prescription.objects.filter(hospital=hospital, upload_number=number, remainder_of=None)
    known = lifecycle.with_parties(rows).first()
    if known is not None and bytes(known.upload_digest or b"") != origin["upload_digest"]:
        raise NumberTaken(id=str(known.id), status=known.status)
    return known


def _drafted(read: Uploaded, origin: Mapping[str, bytes], *, by: Actor, at: datetime) -> Brought:
    patient = queries.patient_by_id_number(read.patient.id_number)
    _check_name(patient.person, read.patient.name, "mdtrtinfo.patnName")
    doctor = _employed(Role.DOCTOR, read.doctor_code, by)
    if doctor is None:
        raise people.UnknownDoctor(license_number=read.doctor_code)
    _check_name(doctor.person, read.doctor_name, "mdtrtinfo.prscDrName")
    _check_line(read)
    ends = _ends(read, at)
    met = drafting.Met(patient, doctor, False, None, None, None)
    columns, findings = drafting.content_of(uploaded.content_of(read), met, at=at)
    _check_judged(columns)
    prescription = Prescription(
        **columns,
        **origin,
        patient=patient,
        doctor=doctor,
        hospital=doctor.organisation,
        online=False,
        created_at=read.prescribed_at,
        valid_until=ends,
        upload_reviewer=_reviewer(read, by),
    )
    if prescription.upload_reviewer is not None:
        permissions.check_four_eyes(prescription, prescription.upload_reviewer.actor)
    prescription.save(force_insert=True)
    return Brought(prescription, findings)


def _check_line(read: Uploaded) -> None:
    if read.online:
        raise NeedsDoctor(because=Because.ONLINE.value)
    if (read.extras.issues or 1) > 1:
        raise NeedsDoctor(because=Because.ISSUES.value)


def _check_judged(columns: Mapping[str, Any]) -> None:
    """Doctor and medicines may become others between the two calls, so both calls ask."""
    if columns["form"] not in FORMS:
        raise NeedsDoctor(because=Because.CONTROLLED.value)
    if rules.COUNTERSIGNATURE in columns["warnings"]:
        raise NeedsDoctor(because=Because.COUNTERSIGNATURE.value)


def _ends(read: Uploaded, at: datetime) -> datetime:
    """When it ends, counted from when it was prescribed. Raises ``WrongTime``, ``OutOfTime``."""
    moments = [read.prescribed_at, *([read.reviewed_at] if read.reviewed_at else []), at]
    if moments != sorted(moments):
        raise WrongTime(field="prscTime")
    ends = rules.valid_until(read.prescribed_at, read.valid_days)
    if at >= ends:
        raise lifecycle.OutOfTime(move=lifecycle.UPLOAD.name, valid_until=stamp(ends))
    return ends


def _check_name(person: Person | None, name: str, field: str) -> None:
    """The number decides who it is, and the name tells a number that was mistyped."""
    if person is None or people.name_of(person) != name:
        raise WrongName(field=field)


def _employed(role: Role, code: str, by: Actor) -> Account | None:
    staff = Account.objects.select_related("person", "department", "organisation")
    return staff.filter(role=role, license_number=code, organisation_id=by.organisation_id).first()


def _reviewer(read: Uploaded, by: Actor) -> Account | None:
    if not read.reviewer_code:
        return None
    reviewer = _employed(Role.REVIEWER, read.reviewer_code, by)
    if reviewer is None or not reviewer.is_active:
        raise UnknownReviewer(field="pharCode")
    return reviewer


def _for_upload(
    prescription: Prescription, *, by: Actor, at: datetime
) -> tuple[Move, dict[str, Any], dict[str, Any]]:
    """The move, what the entry says, and what of it is stored."""
    reviewer = prescription.upload_reviewer
    move = lifecycle.UPLOAD if reviewer is None else lifecycle.UPLOAD_REVIEWED
    lifecycle.check(prescription, move, by=by, at=at)
    columns = judging.again(prescription, None, at=at).columns()
    _check_judged(columns)
    patient = prescription.patient.person
    assert patient is not None, "only an identified patient has prescriptions"
    line = access.line_of(patient)
    facts = {
        **issuing.content_facts(prescription.quantities, columns),
        "doctor": _actor(prescription.doctor_id).name,
        "hospital": prescription.hospital.slug,
        "prescriber": _at_work(prescription.doctor, line),
        "valid_until": stamp(prescription.valid_until),
    }
    if reviewer is not None:
        facts |= {"reviewer": reviewer.actor.name, "reviewed_by": _at_work(reviewer, line)}
    return move, facts, columns


def _actor(account: UUID) -> Actor:
    return Account.objects.with_actor().get(id=account).actor


def _at_work(member: Account, line: str) -> str:
    """Who the member of staff is in this line of logs, as the keys' entries say it."""
    assert member.person is not None, "a doctor and a reviewer are persons"
    return access.staff_tag(member.person, line)


def is_waiting(prescription: Prescription) -> bool:
    """Whether the system has still to sign it."""
    return prescription.status == Status.DRAFT
