"""
A world for tests: organisations, staff and patients with keys, a simulated WeChat, real HTTP calls.

Calls go through the WSGI application in this process (``httpx.WSGITransport``), so a test sees
what a client sees: status codes, bytes, headers. Everything has a name that no other test uses.
"""

from __future__ import annotations

import base64
import itertools
import os
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from math import ceil
from typing import Any
from uuid import uuid4

import httpx
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from stdnum.cn import ric, uscc

from config.demo import phone
from config.demo.phone import pickup_code
from hospital import identity
from hospital.actions import login, people
from hospital.client import Client
from hospital.faces import actions as faces
from hospital.faces.models import FaceCheck
from hospital.models import Account, Department, Organisation
from hospital.rights import Rights, Title
from hospital.roles import Actor, OrganisationKind, Role
from ledger import network
from pharmacy.actions import checklist
from pharmacy.codes import Kind
from prescriptions import controlled
from prescriptions.facts import Control, InsuranceClass
from prescriptions.models import Medicine, Prescription
from tests.shelves import a_shelf

BASE = "http://127.0.0.1"
PAEDIATRICS = "儿科"
LONG_AGO = date(2010, 7, 1)
COUNTIES = [*range(132421, 132443), *range(362121, 362139), *range(513321, 513339)]
"""Fifty-eight that were there in 1984, when the numbers were first given out."""
PHONES: dict[str, tuple[httpx.Client, str]] = {}
"""The cameras of the patients' phones, by account: WeChat, and the openid it knows the phone by."""
GIVES_OUT = re.compile("/dispense(-part)?(/statement)?$")
application = get_wsgi_application()
numbers = itertools.count(random.SystemRandom().randrange(10**6))


@dataclass
class Desk(Client):
    """Whoever gives something out makes the four checks (四查十对), unless the test says which."""

    def _send(self, method: str, path: str, body: Any, **more: Any) -> httpx.Response:
        if GIVES_OUT.search(path):
            body = {"checks": checklist.ALL, **body}
        return super()._send(method, path, body, **more)


def a_client(**options: Any) -> Client:
    transport = httpx.WSGITransport(app=application, raise_app_exceptions=True)
    return Desk(httpx.Client(transport=transport, base_url=BASE), **options)


def an_id_number(born: date = date(1960, 5, 17)) -> str:
    """A valid identity number that no other test has drawn: a county gives a day 1,000."""
    drawn = next(numbers)
    body = f"{COUNTIES[drawn // 1_000 % len(COUNTIES)]}{born:%Y%m%d}{drawn % 1_000:03d}"
    return body + str(ric.calc_check_digit(f"{body}0"))


def an_organisation(kind: OrganisationKind, **changes: Any) -> Organisation:
    name = uuid4().hex[:10]
    body = f"9145{next(numbers) % 10**4:04d}MA{next(numbers) % 10**7:07d}"
    return Organisation.objects.create(
        slug=f"{kind.value.replace('_', '-')}-{name}",
        kind=kind,
        name=f"测试{name}",
        uscc=body + uscc.calc_check_digit(body),
        **changes,
    )


def a_member(role: Role, organisation: Organisation, **changes: Any) -> Client:
    """A member of staff, or an agent, with a registered key and a session."""
    person = people.record(name="测试员工", id_number=an_id_number(), phone="13800138000")
    account = people.employ(
        role,
        organisation,
        at=timezone.now(),
        **{"person": person, "license_number": uuid4().hex[:20], **changes},
    )
    return enrolled(account)


def a_department(hospital: Organisation, name: str = "内科") -> Department:
    """Paediatric if it is called 儿科."""
    made, _ = Department.objects.get_or_create(
        organisation=hospital, name=name, defaults={"paediatric": name == PAEDIATRICS}
    )
    return made


def a_doctor(
    hospital: Organisation, department: str = "内科", *, since: date | None = LONG_AGO
) -> Client:
    """A doctor who may see patients online: experienced, and logged in with the own key."""
    rights = Rights(practising_since=since)
    found = a_department(hospital, department)
    doctor = a_member(Role.DOCTOR, hospital, department=found, rights=rights)
    doctor.enter_with_key()
    return doctor


def enrolled(account: Account) -> Client:
    client = a_client()
    client.enrol(login.make_enrolment_code(account, at=timezone.now()))
    client.register_key(os.urandom(32))
    return client


def looked_at(client: Client) -> str:
    """A passed face check for one more key of a patient's, who has come in with the first one."""
    if client.account not in PHONES:
        return ""
    client.enter_with_key()
    return a_face(client, "key")


def a_face(client: Client, purpose: str) -> str:
    """A passed face check of a patient who is known."""
    wechat, openid = PHONES[client.account]
    return phone.face(client, wechat, openid, purpose)


def a_face_for(client: Client, rx: str) -> dict[str, str]:
    """The face check that authorizing takes, where the law asks for one; an unspent one again."""
    if Prescription.objects.get(id=rx).form not in controlled.TO_FACES:
        return {}
    passed = FaceCheck.objects.filter(account_id=client.account, purpose="checkout", spent_at=None)
    found = passed.filter(passed_at__isnull=False, ends_at__gt=timezone.now()).first()
    return {"face_check": str(found.id) if found else a_face(client, "checkout")}


def boxes(dose: str) -> int:
    """Boxes of 24 tablets of 0.5 g for this many g, three times a day for a week."""
    return ceil(Decimal(dose) * 2 * 21 / 24)


def a_medicine(**changes: Any) -> Medicine:
    values: dict[str, Any] = {
        "code": f"XTEST{uuid4().hex[:16].upper()}",
        "generic_name": f"测试药{uuid4().hex[:8]}",
        "form": "片剂",
        "specification": "0.5g×24片",
        "unit": "盒",
        "pack_size": 24,
        "pack_unit": "片",
        "strength": "0.5",
        "strength_unit": "g",
        "route": "1",
        "route_name": "口服",
        "frequency": "tid",
        "atc": f"A{20 + next(numbers) % 80}",  # groups that the ATC has not, so no rule is of them
        "insurance_class": InsuranceClass.A.value,
        "control": Control.NONE.value,
        "price_fen": 1_999,
    }
    return Medicine.objects.create(**{**values, **changes})


@dataclass
class Patient:
    """A patient: WeChat's openid, an identity, a phone with a key."""

    client: Client
    id_number: str
    openid: str

    @property
    def born(self) -> str:
        """The birth date, as whoever brings a printed code tells it."""
        return identity.born(self.id_number).isoformat()

    @property
    def account(self) -> str:
        return self.client.account


NARCOTICS = Rights(practising_since=LONG_AGO, controlled=True)


@dataclass
class World:
    """Two of each party that can be the wrong one; a simulated WeChat at ``wechat``."""

    wechat: httpx.Client
    medicines: list[Medicine] = field(default_factory=list)

    @cached_property
    def hospital(self) -> Organisation:
        """It has a pharmacy of its own, whose shelves are empty but for narcotics."""
        hospital = an_organisation(OrganisationKind.HOSPITAL)
        an_organisation(OrganisationKind.PHARMACY, hospital=hospital)
        return hospital

    @cached_property
    def pharmacy(self) -> Organisation:
        return self.a_pharmacy()

    @cached_property
    def other_pharmacy(self) -> Organisation:
        return self.a_pharmacy()

    @cached_property
    def fund(self) -> Organisation:
        return an_organisation(OrganisationKind.SOCIAL_FUND)

    @cached_property
    def insurer(self) -> Organisation:
        return an_organisation(OrganisationKind.INSURER)

    @cached_property
    def courier_company(self) -> Organisation:
        return an_organisation(OrganisationKind.COURIER)

    @cached_property
    def institute(self) -> Organisation:
        return an_organisation(OrganisationKind.RESEARCH)

    @cached_property
    def researcher(self) -> Client:
        return a_member(Role.RESEARCHER, self.institute)

    @cached_property
    def doctor(self) -> Client:
        return a_doctor(self.hospital)

    @cached_property
    def other_doctor(self) -> Client:
        return a_doctor(self.hospital)

    @cached_property
    def assistant(self) -> Client:
        """A doctor whose prescriptions count only when another has signed them."""
        rights = Rights(title=Title.ASSISTANT, practising_since=LONG_AGO)
        return a_member(Role.DOCTOR, self.hospital, rights=rights)

    @cached_property
    def paediatrician(self) -> Client:
        return a_doctor(self.hospital, PAEDIATRICS)

    @cached_property
    def reviewer(self) -> Client:
        return a_member(Role.REVIEWER, self.hospital)

    @cached_property
    def second_reviewer(self) -> Client:
        return a_member(Role.REVIEWER, self.hospital)

    @cached_property
    def poison(self) -> Medicine:
        """A toxic medicine: what is written on its form is approved by two."""
        return a_medicine(control=Control.TOXIC)

    @cached_property
    def prescriber(self) -> Client:
        """A doctor with the right to narcotics."""
        return a_member(Role.DOCTOR, self.hospital, rights=NARCOTICS)

    @cached_property
    def own_pharmacy(self) -> Organisation:
        return Organisation.objects.get(hospital=self.hospital)

    @cached_property
    def own_pharmacist(self) -> Client:
        return a_member(Role.PHARMACIST, self.own_pharmacy)

    @cached_property
    def second_own_pharmacist(self) -> Client:
        return a_member(Role.PHARMACIST, self.own_pharmacy)

    @cached_property
    def morphine(self) -> Medicine:
        """A narcotic, which the hospital's own pharmacy has."""
        medicine = a_medicine(control=Control.NARCOTIC)
        a_shelf(self.own_pharmacy, medicine, on_hand=100_000)
        return medicine

    @cached_property
    def system(self) -> Client:
        return a_member(Role.SYSTEM, self.hospital, person=None)

    @cached_property
    def foreign_system(self) -> Client:
        return a_member(Role.SYSTEM, self.foreign_hospital, person=None)

    @cached_property
    def foreign_reviewer(self) -> Client:
        return a_member(Role.REVIEWER, an_organisation(OrganisationKind.HOSPITAL))

    @cached_property
    def foreign_hospital(self) -> Organisation:
        return an_organisation(OrganisationKind.HOSPITAL)

    @cached_property
    def foreign_doctor(self) -> Client:
        return a_doctor(self.foreign_hospital)

    @cached_property
    def foreign_colleague(self) -> Client:
        return a_doctor(self.foreign_hospital)

    @cached_property
    def regulator(self) -> Client:
        return a_member(Role.REGULATOR, an_organisation(OrganisationKind.REGULATOR))

    @cached_property
    def pharmacist(self) -> Client:
        return a_member(Role.PHARMACIST, self.pharmacy)

    @cached_property
    def second_pharmacist(self) -> Client:
        return a_member(Role.PHARMACIST, self.pharmacy)

    @cached_property
    def other_pharmacist(self) -> Client:
        return a_member(Role.PHARMACIST, self.other_pharmacy)

    @cached_property
    def courier(self) -> Client:
        return a_member(Role.COURIER, self.courier_company)

    @cached_property
    def other_courier(self) -> Client:
        return a_member(Role.COURIER, an_organisation(OrganisationKind.COURIER))

    @cached_property
    def fund_agent(self) -> Client:
        return a_member(Role.AGENT, self.fund)

    @cached_property
    def insurer_agent(self) -> Client:
        return a_member(Role.AGENT, self.insurer)

    @cached_property
    def other_agent(self) -> Client:
        return a_member(Role.AGENT, an_organisation(OrganisationKind.INSURER))

    @cached_property
    def officer(self) -> Client:
        return a_member(Role.OFFICER, self.insurer)

    @cached_property
    def other_officer(self) -> Client:
        return a_member(Role.OFFICER, an_organisation(OrganisationKind.INSURER))

    @cached_property
    def fund_officer(self) -> Client:
        return a_member(Role.OFFICER, self.fund)

    @cached_property
    def patient(self) -> Patient:
        return self.a_patient()

    @cached_property
    def other_patient(self) -> Patient:
        return self.a_patient()

    def a_pharmacy(self, on_hand: int = 100_000) -> Organisation:
        pharmacy = an_organisation(OrganisationKind.PHARMACY)
        if not self.medicines:
            self.medicines.extend(a_medicine() for _ in range(3))
        for medicine in self.medicines:
            a_shelf(pharmacy, medicine, price_fen=medicine.price_fen, on_hand=on_hand)
        return pharmacy

    def a_patient(self, born: date = date(1960, 5, 17)) -> Patient:
        """Logged in with WeChat, identified, with a phone's key registered."""
        return self.comes(an_id_number(born))

    def comes(self, id_number: str) -> Patient:
        """
        Whoever has this identity number, with a WeChat account and a phone of his own.

        Thousands of tests need one: WeChat, which would know the openid and recognise the face, is
        not asked. Whoever tests that it is calls ``wechat_code`` and ``binds``.
        """
        openid, client, at = f"o{uuid4().hex[:27]}", a_client(), timezone.now()
        by = Actor(login.of_openid(openid, at=at).account.id, Role.PATIENT)
        claimed = faces.Claim("测试患者", id_number, "13900139000")
        check = faces.claim("identity", claimed, by=by, at=at)
        FaceCheck.objects.filter(id=check.id).update(verify_id=uuid4().hex, passed_at=at)
        faces.bind_identity(check.id, by=by, at=at)
        session = login.of_openid(openid, at=at)
        client.token, client.account = session.token, str(session.account.id)
        PHONES[client.account] = (self.wechat, openid)
        client.register_key(os.urandom(32))
        return Patient(client, id_number, openid)

    def binds(self, client: Client, openid: str, **identity: str) -> None:
        """WeChat recognises the face of who claims this identity."""
        seen = phone.face(client, self.wechat, openid, "identity", **identity)
        if client.write("/api/me/identity", {"face_check": seen})["log_in_again"]:
            client.enter_with_wechat(self.wechat_code(openid))
        PHONES[client.account] = (self.wechat, openid)

    def wechat_code(self, openid: str) -> str:
        answer = self.wechat.post("/simulator/code", json={"openid": openid})
        return str(answer.json()["code"])

    def covers(self, patient: Patient, *, fund_bp: int = 7_000, insurer_bp: int = 0) -> None:
        """The fund, and the insurer if it pays anything, promise the patient cover."""
        for agent, rate in ((self.fund_agent, fund_bp), (self.insurer_agent, insurer_bp)):
            if rate:
                self._promise(agent, patient, rate)

    # --- an online consultation, walked to a state ----------------------------------------------

    def question(self, department: str = "内科", **changes: Any) -> dict[str, Any]:
        """The input of a question with evidence of an earlier diagnosis."""
        return {
            "department": a_department(self.hospital, department).id,
            "complaint": "上次的药快用完了，症状平稳。",
            "earlier": {
                "hospital": "测试人民医院",
                "on": "2026-01-05",
                "diagnoses": [{"code": "J06.900", "name": "急性上呼吸道感染"}],
            },
            **changes,
        }

    def written(self, patient: Patient, **changes: Any) -> str:
        made = patient.client.write("/api/consultations", self.question(**changes))
        return str(made["id"])

    def asked(self, patient: Patient, **changes: Any) -> str:
        consultation = self.written(patient, **changes)
        patient.client.command(f"/api/consultations/{consultation}/ask")
        return consultation

    def consulted(
        self,
        patient: Patient,
        doctor: Client | None = None,
        *,
        follow_up: bool = True,
        guardian: bool = False,
        **changes: Any,
    ) -> str:
        """An open consultation that a doctor, the world's own if none is named, has accepted."""
        consultation = self.asked(patient, **changes)
        said = {"follow_up": follow_up, "guardian": guardian}
        (doctor or self.doctor).command(f"/api/consultations/{consultation}/accept", said)
        return consultation

    def answered(self, patient: Patient, **changes: Any) -> str:
        """With a message of each, so that the doctor may close."""
        consultation = self.consulted(patient, **changes)
        for who, text in ((patient.client, "请问可以续方吗？"), (self.doctor, "可以，按时服药。")):
            who.write(f"/api/consultations/{consultation}/messages", {"text": text})
        return consultation

    # --- a prescription -------------------------------------------------------------------------

    def draft(self, patient: Patient, **changes: Any) -> dict[str, Any]:
        """
        The input of a lawful draft of two medicines; an online one comes of a consultation that
        the patient has with the world's doctor for it.
        """
        _ = self.pharmacy
        if changes.get("online") and "consultation" not in changes:
            changes["consultation"] = self.consulted(patient)
        return {
            "patient": patient.id_number,
            "online": False,
            "valid_days": 3,
            "diagnoses": [{"code": "J06.9", "name": "急性上呼吸道感染", "main": True}],
            "lines": [
                {
                    "medicine": medicine.code,
                    "dose": "0.5",
                    "dose_unit": "g",
                    "frequency": "tid",
                    "days": 7,
                    "quantity": 1,
                }
                for medicine in self.medicines[:2]
            ],
            **changes,
        }

    def content(self, *doses: str) -> dict[str, Any]:
        """What a change drafts: a line of each dose in g, three times a day for a week."""
        line = self.draft(self.patient)["lines"][0]
        return {
            "diagnoses": [{"code": "J06.9", "name": "急性上呼吸道感染", "main": True}],
            "lines": [
                {**line, "medicine": medicine.code, "dose": dose, "quantity": boxes(dose)}
                for medicine, dose in zip(self.medicines, doses or ("1",), strict=False)
            ],
        }

    # --- a prescription, walked to a state the way everybody else does -------------------------

    def drafted(self, patient: Patient, **changes: Any) -> str:
        return str(self.doctor.write("/api/prescriptions", self.draft(patient, **changes))["id"])

    def issued(self, patient: Patient, **changes: Any) -> str:
        rx = self.drafted(patient, **changes)
        self.doctor.command(f"/api/prescriptions/{rx}/issue")
        return rx

    def submitted(self, patient: Patient, **changes: Any) -> str:
        """What an assistant has signed; it waits for another doctor."""
        draft = self.draft(patient, **changes)
        rx = str(self.assistant.write("/api/prescriptions", draft)["id"])
        self.assistant.command(f"/api/prescriptions/{rx}/issue")
        return rx

    def toxic(self, patient: Patient, **changes: Any) -> str:
        """Issued, on the form of toxic medicines."""
        return self.issued(patient, lines=self.toxic_lines(patient), **changes)

    def toxic_lines(self, patient: Patient) -> list[dict[str, Any]]:
        return [{**self.draft(patient)["lines"][0], "medicine": self.poison.code, "days": 2}]

    def narcotic_lines(self, patient: Patient) -> list[dict[str, Any]]:
        return [{**self.draft(patient)["lines"][0], "medicine": self.morphine.code, "days": 3}]

    def checked(self, patient: Patient) -> str:
        """Approved by the first of two reviewers."""
        rx = self.toxic(patient)
        self.reviewer.command(f"/api/prescriptions/{rx}/review", {"decision": "approve"})
        return rx

    def approved(self, patient: Patient, **changes: Any) -> str:
        rx = self.issued(patient, **changes)
        self.reviewer.command(f"/api/prescriptions/{rx}/review", {"decision": "approve"})
        return rx

    def choice(self, patient: Patient, way: str = "collect") -> dict[str, Any]:
        chosen: dict[str, Any] = {"pharmacy": self.pharmacy.slug, "way": way}
        if way == "courier":
            address = {"recipient": "测试患者", "phone": "13900139000", "text": "测试路1号"}
            made = patient.client.write("/api/me/addresses", address)
            chosen |= {"courier": self.courier_company.slug, "address": made["id"]}
        return chosen

    def authorized(self, patient: Patient, way: str = "collect", **changes: Any) -> str:
        rx = self.approved(patient, **changes)
        choice = {**self.choice(patient, way), **a_face_for(patient.client, rx)}
        patient.client.command(f"/api/prescriptions/{rx}/authorize", choice)
        return rx

    def paid(self, patient: Patient, way: str = "collect", **changes: Any) -> str:
        rx = self.authorized(patient, way, **changes)
        self.pay(patient, rx)
        return rx

    def pay(self, patient: Patient, rx: str) -> str:
        """Pay on the phone and bring WeChat's signed answer in; the order's number."""
        order = patient.client.write(f"/api/prescriptions/{rx}/pay", {})
        number = str(order["out_trade_no"])
        asked = patient.client.get(f"/api/payments/{number}/parameters")
        self.wechat.post("/simulator/pay", json=asked).raise_for_status()
        self.bring_answer(number)
        return number

    def bring_answer(self, out_trade_no: str) -> None:
        """What the task does when no notice comes: ask, and book what is signed."""
        from insurance.actions import paying
        from insurance.gateways import wechat_pay

        paying.accept(wechat_pay.client().query(out_trade_no), at=timezone.now())

    def code(
        self,
        patient: Patient,
        rx: str,
        *,
        more: Iterable[str] = (),
        kind: Kind = Kind.SCREEN,
        life: timedelta | None = None,
        pharmacy: str = "",
    ) -> str:
        at, origin = pharmacy or self.pharmacy.slug, network.lines()[0]
        return pickup_code(patient.client, rx, at, origin, more=more, kind=kind, life=life)

    def printed(self, patient: Patient, rx: str, *more: str) -> tuple[str, dict[str, Any]]:
        """A code on paper, and what the server answered when the phone registered it."""
        code = self.code(patient, rx, more=more, kind=Kind.PAPER)
        return code, patient.client.write("/api/me/printed-codes", {"code": code})

    def scanned(self, patient: Patient, way: str = "collect", **changes: Any) -> str:
        rx = self.paid(patient, way, **changes)
        self.pharmacist.write("/api/scans", {"code": self.code(patient, rx)})
        return rx

    def asked_to_change(self, patient: Patient, way: str = "collect", **changes: Any) -> str:
        rx = self.scanned(patient, way, **changes)
        salt = base64.b64encode(os.urandom(16)).decode()
        asked = {"reason": "dose", "words": "剂量偏大，请核实。", "salt": salt}
        self.pharmacist.command(f"/api/prescriptions/{rx}/change-request", asked)
        return rx

    def change(self, rx: str, *doses: str) -> dict[str, Any]:
        """The doctor drafts and signs another content; what was answered."""
        self.doctor.write(f"/api/prescriptions/{rx}/versions", self.content(*doses))
        return self.doctor.command(f"/api/prescriptions/{rx}/change")

    def dispensed(self, patient: Patient, way: str = "collect", **changes: Any) -> str:
        rx = self.scanned(patient, way, **changes)
        lines = {"1": 1, "2": 1}
        self.pharmacist.command(f"/api/prescriptions/{rx}/dispense", {"lines": lines})
        return rx

    def shipped(self, patient: Patient, **changes: Any) -> str:
        rx = self.dispensed(patient, "courier", **changes)
        self.courier.command(f"/api/prescriptions/{rx}/ship")
        return rx

    def turned_back(self, patient: Patient, **changes: Any) -> str:
        rx = self.shipped(patient, **changes)
        self.courier.command(f"/api/prescriptions/{rx}/attempt", {"reason": "refused"})
        return rx

    def taken_back(self, patient: Patient, **changes: Any) -> str:
        rx = self.turned_back(patient, **changes)
        self.pharmacist.command(f"/api/prescriptions/{rx}/take-back")
        return rx

    def delivered(self, patient: Patient, **changes: Any) -> str:
        rx = self.dispensed(patient, **changes)
        patient.client.command(f"/api/prescriptions/{rx}/deliver")
        return rx

    def _promise(self, agent: Client, patient: Patient, rate: int) -> None:
        now = timezone.now()
        agent.write(
            "/api/coverages",
            {
                "patient": patient.id_number,
                "rates_bp": {"甲": rate, "乙": rate, "丙": 0},
                "valid_from": (now - timedelta(days=1)).isoformat(),
                "valid_until": (now + timedelta(days=365)).isoformat(),
            },
        )
