"""What a hospital says of its doctors counts from the next thing they do."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from hospital.models import Account
from hospital.rights import Antimicrobials, Rights, Title
from tests.journeys.test_consultations import accepting
from tests.world import a_department, a_doctor


@pytest.fixture
def newcomer(world):
    """A doctor of whom the hospital has said nothing yet."""
    return a_doctor(world.hospital, since=None)


def entitle(world, doctor, **options) -> str:
    licence = Account.objects.get(id=doctor.account).license_number
    told = StringIO()
    call_command("entitle", world.hospital.slug, licence, stdout=told, **options)
    return told.getvalue()


def test_three_years_of_practice_open_consultations(world, patient, newcomer):
    asked = world.asked(patient)
    assert accepting(newcomer, asked)["code"] == "consultation.too_few_years"

    entitle(world, newcomer, practising_since="2001-07-01")

    newcomer.command(f"/api/consultations/{asked}/accept", {"follow_up": True})


def test_changes_what_is_named_and_nothing_else(world, newcomer):
    entitle(world, newcomer, title="chief", antimicrobials="special", controlled="yes")
    a_department(world.hospital, "外科")
    said = entitle(world, newcomer, department="外科", trainee="no")

    doctor = Account.objects.get(id=newcomer.account)
    assert doctor.rights == Rights(
        title=Title.CHIEF, antimicrobials=Antimicrobials.SPECIAL, controlled=True
    )
    assert "外科" in said


def test_refuses_strangers(world, newcomer):
    with pytest.raises(CommandError, match="no doctor"):
        call_command("entitle", world.hospital.slug, uuid4().hex)
    with pytest.raises(CommandError, match="no such organisation"):
        call_command("entitle", "nowhere", "x")
    with pytest.raises(CommandError, match="no such department"):
        entitle(world, newcomer, department="太空科")
