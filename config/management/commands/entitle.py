"""``manage.py entitle HOSPITAL LICENCE …``: a doctor's title, department and rights."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hospital import errors, queries
from hospital.actions import people
from hospital.models import Account, Department, Organisation
from hospital.rights import Antimicrobials, Rights, Title
from hospital.roles import OrganisationKind, Role


class Command(BaseCommand):
    help = "Show a doctor's title, department and rights, and change those that are named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("hospital", help="the slug")
        parser.add_argument("licence", help="national code of the doctor")
        parser.add_argument("--department", help="one of the hospital's")
        parser.add_argument("--title", choices=[one.value for one in Title])
        parser.add_argument("--antimicrobials", choices=[one.value for one in Antimicrobials])
        parser.add_argument("--practising-since", type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--controlled", choices=["yes", "no"])
        parser.add_argument("--trainee", choices=["yes", "no"])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            hospital = queries.organisation(options["hospital"], OrganisationKind.HOSPITAL)
            before = _doctor(hospital, options["licence"])
            doctor = people.entitle(
                hospital,
                options["licence"],
                department=_department(hospital, options["department"]) or before.department,
                rights=_changed(before.rights, options),
            )
        except errors.Refusal as refusal:
            raise CommandError(refusal.sentence()) from refusal
        ward = doctor.department.name if doctor.department else "no department"
        self.stdout.write(f"{doctor.license_number}: {ward}, {doctor.rights}")


def _doctor(hospital: Organisation, licence: str) -> Account:
    doctors = Account.objects.select_related("department").filter(role=Role.DOCTOR)
    found = doctors.filter(organisation=hospital, license_number=licence).first()
    if found is None:
        raise people.UnknownDoctor(license_number=licence)
    return found


def _department(hospital: Organisation, name: str | None) -> Department | None:
    if name is None:
        return None
    found = Department.objects.filter(organisation=hospital, name=name).first()
    if found is None:
        raise CommandError("The hospital has no such department.")
    return found


def _changed(rights: Rights, options: dict[str, Any]) -> Rights:
    """The rights with those that were named; the others stay."""
    given: dict[str, Any] = {
        "title": Title(options["title"]) if options["title"] else None,
        "antimicrobials": (
            Antimicrobials(options["antimicrobials"]) if options["antimicrobials"] else None
        ),
        "practising_since": options["practising_since"],
        "controlled": _yes(options["controlled"]),
        "trainee": _yes(options["trainee"]),
    }
    return dataclasses.replace(
        rights, **{name: value for name, value in given.items() if value is not None}
    )


def _yes(said: str | None) -> bool | None:
    return None if said is None else said == "yes"
