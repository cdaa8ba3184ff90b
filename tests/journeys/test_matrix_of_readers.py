"""
Who sees which words of a patient's data: reader × call, and for a doctor elsewhere basis × field.

Every word of the patient is one that stands nowhere else, so whatever an answer shows is found in
it, by whatever call. A cell that is not declared here opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from hospital.client import Client
from hospital.models import Grant
from pharmacy.models import Scan
from tests.journeys import writes
from tests.journeys.looking import ASKED, a_courier, breaks_glass, grants, withdraws
from tests.journeys.watching import count_entries, raw
from tests.world import Patient, World, a_client, a_doctor, an_id_number

WORDS = {
    "name": "百灵鸟氏",
    "diagnosis": "百灵鸟热病",
    "note": "百灵鸟随餐服",
    "allergy": "百灵鸟羽毛过敏",
    "street": "百灵鸟巷七号",
}
CONTENT = {"name", "diagnosis", "note", "allergy"}

READERS = (
    *("patient", "another patient", "prescriber", "colleague", "doctor elsewhere", "reviewer"),
    *("reviewer elsewhere", "pharmacist", "pharmacist without the code", "other pharmacy"),
    *("courier", "other courier", "social fund", "insurer", "hospital's system", "regulator"),
)
OPEN = {
    ("patient", "one"): CONTENT,
    ("patient", "fields"): CONTENT,
    ("patient", "list"): {"note"},
    ("patient", "versions"): CONTENT,
    ("prescriber", "one"): CONTENT,
    ("prescriber", "versions"): CONTENT,
    ("prescriber", "list"): {"note"},
    ("pharmacist", "scan"): CONTENT,
    ("courier", "parcels"): {"name", "street"},
}
"""All other cells are empty."""


@dataclass(frozen=True)
class Case:
    """A prescription that has been dispensed for a courier, and everybody who might look."""

    world: World
    patient: Patient
    rx: str
    courier: Client

    def reader(self, name: str) -> Client:
        world = self.world
        return {
            "patient": lambda: self.patient.client,
            "another patient": lambda: world.other_patient.client,
            "prescriber": lambda: world.doctor,
            "colleague": lambda: world.other_doctor,
            "doctor elsewhere": lambda: world.foreign_doctor,
            "reviewer": lambda: world.reviewer,
            "reviewer elsewhere": lambda: world.foreign_reviewer,
            "pharmacist": lambda: world.pharmacist,
            "pharmacist without the code": lambda: world.second_pharmacist,
            "other pharmacy": lambda: world.other_pharmacist,
            "courier": lambda: self.courier,
            "other courier": lambda: world.other_courier,
            "social fund": lambda: world.fund_agent,
            "insurer": lambda: world.insurer_agent,
            "hospital's system": lambda: world.system,
            "regulator": lambda: world.regulator,
        }[name]()

    def calls(self) -> dict[str, tuple[str, str, dict[str, str] | None]]:
        scan = Scan.objects.get(prescription__id=self.rx).id
        return {
            "one": ("GET", f"/api/prescriptions/{self.rx}", None),
            "fields": ("GET", f"/api/prescriptions/{self.rx}/fields", None),
            "versions": ("GET", f"/api/prescriptions/{self.rx}/versions", None),
            "consultation": ("GET", f"/api/prescriptions/{self.rx}/consultation", None),
            "countersign": ("GET", f"/api/prescriptions/{self.rx}/countersign", None),
            "scan": ("GET", f"/api/scans/{scan}", None),
            "double check": ("GET", f"/api/prescriptions/{self.rx}/double-check/{scan}", None),
            "list": ("GET", "/api/prescriptions", None),
            "parcels": ("GET", "/api/parcels", None),
            "register": ("GET", "/api/register", None),
            "requests": ("GET", "/api/change-requests", None),
            "emergencies": ("GET", "/api/emergencies", None),
            "pleas": ("GET", "/api/break-glass", None),
            "claims": ("GET", "/api/claims", None),
            "unsettled": ("GET", "/api/claims/unsettled", None),
            "looks": ("GET", "/api/me/looks", None),
            "entries": ("GET", f"/api/entries?subject=rx/{self.rx.replace('-', '')}", None),
            "history": ("POST", ASKED, {"patient": self.patient.id_number}),
        }


@pytest.fixture
def case(world: World) -> Case:
    """The patient of these words goes the whole way to the courier's list."""
    id_number, openid = an_id_number(), f"o{uuid4().hex[:27]}"
    client = a_client()
    client.enter_with_wechat(world.wechat_code(openid))
    identity = {"name": WORDS["name"], "id_number": id_number, "phone": "13900139000"}
    world.binds(client, openid, **identity)
    client.register_key(uuid4().bytes * 2)
    patient = Patient(client, id_number, openid)
    draft = world.draft(patient)
    lines = [{**line, "note": WORDS["note"]} for line in draft["lines"]]
    diagnoses = [{"code": "J06.9", "name": WORDS["diagnosis"], "main": True}]
    said = {"lines": lines, "diagnoses": diagnoses, "allergies": WORDS["allergy"]}
    world.covers(patient, insurer_bp=1_000)
    rx = world.approved(patient, **said)
    place = {"recipient": WORDS["name"], "phone": "13900139000", "text": WORDS["street"]}
    address = client.write("/api/me/addresses", place)["id"]
    choice = {"pharmacy": world.pharmacy.slug, "way": "courier", "address": address}
    choice["courier"], courier = a_courier()
    client.command(writes.of(rx, "authorize"), choice)
    world.pay(patient, rx)
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    return Case(world, patient, rx, courier)


def shown(answer) -> set[str]:
    return {name for name, word in WORDS.items() if word in answer.text}


def test_exactly_the_declared_cells_open(case):
    """Z1, Z3, Z4, Z7, L15: sixteen readers by all calls; what opens was entered, refusals too."""
    found = {}
    for name in READERS:
        reader = case.reader(name)
        for call, (method, path, body) in case.calls().items():
            views, refused = count_entries(kind="record.view"), count_entries(kind="record.refuse")
            answer = raw(reader, method, path, key=None, body=body)
            assert answer.status_code in (200, 403, 404, 409), (name, call, answer.text)
            if opened := shown(answer):
                found[name, call] = opened
                assert count_entries(kind="record.view") == views + 1
            elif answer.status_code == 403 and case.rx in path:
                assert count_entries(kind="record.refuse") == refused + 1, (name, call)
    assert found == OPEN


# What of the words each prefix of a grant opens.
PREFIXES = {"allergies": "allergy", "diagnosis/": "diagnosis", "line/": "note"}
ASKED_FOR = (("allergies",), ("diagnosis/",), ("line/",), ("diagnosis/", "line/"), tuple(PREFIXES))


def granted(case: Case, opens: tuple[str, ...], **changes):
    there = {"to": case.world.foreign_hospital.slug, "opens": sorted(opens), **changes}
    return grants(case.patient, there.pop("to"), **there)


def of_the_doctor(case: Case, opens) -> None:
    granted(case, opens, account=case.world.foreign_doctor.account)


def of_a_colleague(case: Case, opens) -> None:
    granted(case, opens, account=a_doctor(case.world.foreign_hospital).account)


def of_another_hospital(case: Case, opens) -> None:
    granted(case, opens, to=case.world.hospital.slug)


def of_another_patient(case: Case, opens) -> None:
    there, until = case.world.foreign_hospital.slug, timezone.now() + timedelta(days=1)
    grants(case.world.other_patient, there, opens=sorted(opens), until=until.isoformat())


def withdrawn(case: Case, opens) -> None:
    withdraws(case.patient, granted(case, opens))


def ended(case: Case, opens) -> None:
    made = granted(case, opens)
    now = timezone.now()
    past = {"since": now - timedelta(days=2), "until": now - timedelta(seconds=1)}
    Grant.objects.filter(id=made["id"]).update(**past)


OPENING = (granted, of_the_doctor)
CLOSED = (of_a_colleague, of_another_hospital, of_another_patient, withdrawn, ended)


def history_of(case: Case):
    return raw(case.world.foreign_doctor, "POST", ASKED, body={"patient": case.patient.id_number})


def test_a_doctor_elsewhere_sees_what_is_granted_and_not_a_word_more(case):
    """Z1, Z3: basis × fields; a grant for others opens nothing, and the look is recorded."""
    for opens in ASKED_FOR:
        for basis in CLOSED:
            basis(case, opens)
            refused = count_entries(kind="record.refuse")
            answer = history_of(case)
            code = answer.json()["code"]
            assert (answer.status_code, code) == (403, "access.not_granted"), basis.__name__
            assert not shown(answer)
            assert count_entries(kind="record.refuse") == refused + 1
        for basis in OPENING:
            basis(case, opens)
            assert shown(history_of(case)) == {PREFIXES[one] for one in opens}, basis.__name__
            for grant in case.patient.client.get("/api/me/grants")["grants"]:
                if grant["withdrawn_at"] is None:
                    withdraws(case.patient, grant)


def test_broken_glass_opens_to_its_doctor_alone(case):
    """Z9: all the fields of treatment, neither name nor address; nothing to a colleague."""
    colleague = a_doctor(case.world.foreign_hospital)
    breaks_glass(case.world.foreign_doctor, case.patient)
    assert shown(history_of(case)) == set(PREFIXES.values())
    answer = raw(colleague, "POST", ASKED, body={"patient": case.patient.id_number})
    assert (answer.status_code, answer.json()["code"]) == (403, "access.not_granted")
