"""One patient of whom every word is known, and everybody who might want to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from hospital.client import Client
from hospital.models import Organisation
from pharmacy.models import Scan
from prescriptions.facts import InsuranceClass
from prescriptions.models import Medicine
from tests.journeys import cells, writes
from tests.journeys.looking import a_colleague, a_courier
from tests.journeys.watching import account
from tests.shelves import a_shelf
from tests.world import Patient, World, a_client, a_medicine, an_id_number

NAME, RECIPIENT, STREET = "百灵鸟氏", "云雀收", "百灵鸟巷七号"
DIAGNOSIS = {"code": "J06.903", "name": "百灵鸟热病", "main": True}
REMARK, ALLERGY, PHONE = "百灵鸟随餐服", "百灵鸟羽毛过敏", "13926535897"
TRACES = {"hospital", "pharmacy", "prescription"}
"""What public entries say, too; outside of a history they say nothing of the content."""
NOBODY = "nobody"


@dataclass(frozen=True)
class Case:
    """
    A prescription that was dispensed for a courier, of which payers pay the first line, another one
    of which nobody pays anything, and everybody who might look.
    """

    world: World
    patient: Patient
    rx: str
    readers: dict[str, Client]
    marks: dict[str, str]
    ids: dict[str, str]

    def path(self, call: str) -> tuple[str, str]:
        method, template = cells.CALLS[call]
        return method, template.format(**self.ids)

    def seen(self, text: str, *but: str) -> set[str]:
        """What of the patient stands in an answer."""
        return {name for name, mark in self.marks.items() if mark in text and name not in but}

    def works_at(self, reader: str) -> Organisation:
        found = account(self.readers[reader]).organisation
        assert found is not None
        return found


def a_case(world: World) -> Case:
    """The patient goes the whole way to the courier's list."""
    patient = _somebody(world)
    guardian = world.a_patient()
    medicines = _medicines(world)
    world.covers(patient, insurer_bp=1_000)
    company, courier = a_courier()
    said = {"diagnoses": [DIAGNOSIS], "allergies": ALLERGY}
    rx = world.approved(patient, lines=_lines(world, patient, *medicines[:2]), **said)
    place = {"recipient": RECIPIENT, "phone": "13900139000", "text": STREET}
    address = patient.client.write("/api/me/addresses", place)["id"]
    choice = {"pharmacy": world.pharmacy.slug, "way": "courier", "address": address}
    patient.client.command(writes.of(rx, "authorize"), {**choice, "courier": company})
    world.pay(patient, rx)
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    world.approved(patient, lines=_lines(world, patient, medicines[2]))
    guarded = patient.client.command("/api/guardianships", writes.appointing(guardian))
    ids = {
        "rx": rx,
        "rx_hex": rx.replace("-", ""),
        "scan": str(Scan.objects.get(prescription__id=rx).id),
        "guardianship": str(guarded["id"]),
    }
    readers = {"patient": patient.client, "guardian": guardian.client, "courier": courier}
    return Case(
        world,
        patient,
        rx,
        {**readers, **_others(world)},
        _marks(world, patient, rx, medicines),
        ids,
    )


def _others(world: World) -> dict[str, Client]:
    return {
        "another patient": world.other_patient.client,
        "prescriber": world.doctor,
        "colleague": world.other_doctor,
        "doctor elsewhere": world.foreign_doctor,
        "doctor at a third hospital": a_colleague(world.foreign_reviewer),
        "reviewer": world.reviewer,
        "reviewer elsewhere": world.foreign_reviewer,
        "pharmacist": world.pharmacist,
        "pharmacist without the code": world.second_pharmacist,
        "other pharmacy": world.other_pharmacist,
        "hospital's pharmacy": world.own_pharmacist,
        "other courier": world.other_courier,
        "fund's agent": world.fund_agent,
        "fund's officer": world.fund_officer,
        "agent": world.insurer_agent,
        "officer": world.officer,
        "other insurer's agent": world.other_agent,
        "other insurer's officer": world.other_officer,
        "researcher": world.researcher,
        "hospital's system": world.system,
        "regulator": world.regulator,
        NOBODY: a_client(),
    }


def _somebody(world: World) -> Patient:
    id_number, openid = an_id_number(), f"o{uuid4().hex[:27]}"
    client = a_client()
    client.enter_with_wechat(world.wechat_code(openid))
    world.binds(client, openid, name=NAME, id_number=id_number, phone=PHONE)
    client.register_key(uuid4().bytes * 2)
    return Patient(client, id_number, openid)


def _medicines(world: World) -> list[Medicine]:
    """One that payers pay, and two of class C, which nobody pays; on the pharmacy's shelf."""
    classes = (InsuranceClass.A, InsuranceClass.C, InsuranceClass.C)
    made = [a_medicine(insurance_class=one.value) for one in classes]
    for medicine in made:
        a_shelf(world.pharmacy, medicine, price_fen=medicine.price_fen, on_hand=100)
    return made


def _lines(world: World, patient: Patient, *medicines: Medicine) -> list[dict[str, Any]]:
    usual = world.draft(patient)["lines"][0]
    return [{**usual, "medicine": medicine.code, "note": REMARK} for medicine in medicines]


def _marks(world: World, patient: Patient, rx: str, medicines: list[Medicine]) -> dict[str, str]:
    paid, unpaid, other = (medicine.generic_name for medicine in medicines)
    return {
        "name": NAME,
        "number": patient.id_number,
        "phone": PHONE[3:],
        "openid": patient.openid,
        "account": patient.account,
        "doctor": account(world.doctor).license_number,
        "recipient": RECIPIENT,
        "street": STREET,
        "diagnosis": DIAGNOSIS["code"],  # type: ignore[dict-item]
        "diagnosis's name": DIAGNOSIS["name"],  # type: ignore[dict-item]
        "remark": REMARK,
        "allergies": ALLERGY,
        "paid line": paid,
        "unpaid line": unpaid,
        "other line": other,
        "hospital": world.hospital.slug,
        "pharmacy": world.pharmacy.slug,
        "prescription": rx,
    }
