"""
What is dangerous or dear goes to a pharmacy only when the patient's face was seen just now.

The key lies in the phone, and a phone lies about; a look into the camera tells who holds it.
"""

import base64
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from hospital.faces.models import LIFE, FaceCheck
from hospital.units import stamp
from ledger import note
from ledger.entry import Statement
from prescriptions.facts import Control
from prescriptions.models import Prescription
from tests import lawfulness
from tests.journeys import narcotics, writes
from tests.journeys.series import refused
from tests.journeys.watching import at_once, drawn, everything, outcomes
from tests.shelves import a_shelf
from tests.world import a_face, a_medicine

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def rx(world, patient):
    """A narcotic that two have reviewed."""
    return narcotics.reviewed(world, narcotics.issued(world, patient))


def choice(world, **changes):
    return {"pharmacy": world.own_pharmacy.slug, "way": "collect", **changes}


def authorize(patient, rx, chosen):
    return patient.client.command(writes.of(rx, "authorize"), chosen)


def state(check):
    return "spent" if FaceCheck.objects.get(id=check).spent_at else "unspent"


def authorization(patient, rx):
    entries = patient.client.get("/api/entries", subject=f"rx/{rx.replace('-', '')}")["entries"]
    said = [Statement.parse(note.parse(one["note"].encode()).text) for one in entries]
    return next(one for one in reversed(said) if one.kind == "prescription.authorize")


def test_the_phone_is_told_before_anything_is_signed_and_the_entry_says_when(world, patient, rx):
    """T5: what the law of the log asks for, validators find in the entry."""
    before = everything()
    with refused("checkout.face_needed"):
        drawn(patient.client, writes.of(rx, "authorize"), choice(world))
    assert everything() == before

    seen = a_face(patient.client, "checkout")
    authorize(patient, rx, choice(world, face_check=seen))

    assert state(seen) == "spent"
    passed_at = FaceCheck.objects.get(id=seen).passed_at
    assert passed_at is not None
    assert authorization(patient, rx).facts["face"] == stamp(passed_at)
    assert lawfulness.faults() == []


@pytest.mark.parametrize("control", [Control.PSYCHOTROPIC_2, Control.TOXIC])
def test_so_do_the_other_controlled_medicines(world, patient, control):
    medicine = a_medicine(control=control)
    a_shelf(world.pharmacy, medicine, on_hand=9)
    usual = {"dose": "0.5", "dose_unit": "g", "frequency": "tid", "days": 2, "quantity": 1}
    lines = [{"medicine": medicine.code, **usual}]
    rx = str(world.prescriber.write("/api/prescriptions", world.draft(patient, lines=lines))["id"])
    world.prescriber.command(writes.of(rx, "issue"))
    narcotics.reviewed(world, rx)
    with refused("checkout.face_needed"):
        drawn(patient.client, writes.of(rx, "authorize"), world.choice(patient))
    seen = a_face(patient.client, "checkout")
    authorize(patient, rx, {**world.choice(patient), "face_check": seen})


def test_what_is_dear(world, patient, settings):
    """From so many fen in all, whoever pays them; below it nobody looks."""
    rx = world.approved(patient)
    path, chosen = writes.of(rx, "authorize"), world.choice(patient)
    asked = patient.client.post(f"{path}/statement", {**chosen, "key": patient.client.key_name})
    total = asked["shows"]["bill"]["total_fen"]
    settings.FACE_FROM_FEN = total
    with refused("checkout.face_needed"):
        drawn(patient.client, path, chosen)
    settings.FACE_FROM_FEN = total + 1
    authorize(patient, rx, chosen)
    assert "face" not in authorization(patient, rx).facts


def test_a_look_counts_once(world, patient, rx):
    """T10"""
    seen = a_face(patient.client, "checkout")
    authorize(patient, rx, choice(world, face_check=seen))
    patient.client.command(writes.of(rx, "withdraw"))
    with refused("face.spent"):
        drawn(patient.client, writes.of(rx, "authorize"), choice(world, face_check=seen))
    again = a_face(patient.client, "checkout")
    authorize(patient, rx, choice(world, face_check=again))


def test_one_look_for_two_prescriptions_at_once(world, patient, rx):
    """F1, T10: one of the two has it."""
    other = narcotics.reviewed(world, narcotics.issued(world, patient))
    chosen = choice(world, face_check=a_face(patient.client, "checkout"))
    paths = [writes.of(one, "authorize") for one in (rx, other)]
    ready = [drawn(patient.client, path, chosen) for path in paths]
    results = at_once(
        *[
            lambda path=path, body=body: patient.client.write(path, body)
            for path, body in zip(paths, ready, strict=True)
        ]
    )
    assert outcomes(results) == ["done", "face.spent"]
    assert Prescription.objects.filter(id__in=[rx, other], status="approved").count() == 1


def test_what_is_refused_spends_no_look(world, patient, rx):
    """Nothing is half done: the next try takes the same look."""
    seen = a_face(patient.client, "checkout")
    body = drawn(patient.client, writes.of(rx, "authorize"), choice(world, face_check=seen))
    text, signature = body["note"].rsplit(" ", 1)
    bits = bytearray(base64.b64decode(signature))
    bits[-1] ^= 1
    forged = f"{text} {base64.b64encode(bits).decode()}\n"
    with refused("signature.invalid"):
        patient.client.write(writes.of(rx, "authorize"), {**body, "note": forged})
    assert state(seen) == "unspent"
    patient.client.write(writes.of(rx, "authorize"), body)


def test_a_look_is_fresh(world, patient, rx):
    """F11: a quarter of an hour from the claim, to the microsecond."""
    seen = a_face(patient.client, "checkout")
    body = drawn(patient.client, writes.of(rx, "authorize"), choice(world, face_check=seen))
    ends = FaceCheck.objects.get(id=seen).ends_at
    assert ends - FaceCheck.objects.get(id=seen).created_at == LIFE
    with time_machine.travel(ends, tick=False), refused("face.ended"):
        patient.client.write(writes.of(rx, "authorize"), body)
    with time_machine.travel(ends - MOMENT, tick=False), refused("statement.expired"):
        patient.client.write(writes.of(rx, "authorize"), body)
    assert state(seen) == "unspent"


def test_a_look_that_will_have_passed(world, patient, rx):
    """F10: by a clock that runs ahead of this one; it counts when its moment has come."""
    seen = a_face(patient.client, "checkout")
    FaceCheck.objects.filter(id=seen).update(passed_at=timezone.now() + timedelta(minutes=1))
    with refused("face.not_passed"):
        drawn(patient.client, writes.of(rx, "authorize"), choice(world, face_check=seen))


@pytest.mark.parametrize("purpose", ["key", "recovery"])
def test_a_look_for_something_else(world, patient, rx, purpose):
    """T10"""
    with refused("face.wrong_purpose"):
        seen = a_face(patient.client, purpose)
        drawn(patient.client, writes.of(rx, "authorize"), choice(world, face_check=seen))


def test_a_look_of_somebody_else(world, patient, rx):
    """T10, Z1"""
    seen = a_face(world.a_patient().client, "checkout")
    with refused("face.unknown"):
        drawn(patient.client, writes.of(rx, "authorize"), choice(world, face_check=seen))


def test_another_look_than_was_signed(world, patient, rx):
    """K2: the statement says when the face was seen."""
    first, second = (a_face(patient.client, "checkout") for _ in range(2))
    body = drawn(patient.client, writes.of(rx, "authorize"), choice(world, face_check=first))
    with refused("statement.altered"):
        patient.client.write(writes.of(rx, "authorize"), {**body, "face_check": second})
    assert (state(first), state(second)) == ("unspent", "unspent")
