"""
A world for tests: organisations, staff and patients with keys, a simulated WeChat, real HTTP calls.

Calls go through the WSGI application in this process (``httpx.WSGITransport``), so a test sees
what a client sees: status codes, bytes, headers. Everything has a name that no other test uses.
"""

from __future__ import annotations

import itertools
import os
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

import httpx
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from stdnum.cn import ric, uscc

from config.demo.phone import pickup_code
from hospital.actions import login, people
from hospital.client import Client
from hospital.models import Account, Organisation
from hospital.roles import OrganisationKind, Role
from ledger import network
from pharmacy.models import StockItem
from prescriptions.facts import Control, InsuranceClass
from prescriptions.models import Medicine

BASE = "http://127.0.0.1"
application = get_wsgi_application()
numbers = itertools.count(random.SystemRandom().randrange(10**6))


def a_client(**options: Any) -> Client:
    transport = httpx.WSGITransport(app=application, raise_app_exceptions=True)
    return Client(httpx.Client(transport=transport, base_url=BASE), **options)


def an_id_number(born: date = date(1960, 5, 17)) -> str:
    """A valid identity number that no other test has drawn."""
    body = f"450202{born:%Y%m%d}{next(numbers) % 1000:03d}"
    region = f"{random.SystemRandom().choice(range(450202, 450206))}"
    body = region + body[6:]
    return body + str(ric.calc_check_digit(f"{body}0"))


def an_organisation(kind: OrganisationKind) -> Organisation:
    name = uuid4().hex[:10]
    body = f"9145{next(numbers) % 10**4:04d}MA{next(numbers) % 10**7:07d}"
    return Organisation.objects.create(
        slug=f"{kind.value.replace('_', '-')}-{name}",
        kind=kind,
        name=f"测试{name}",
        uscc=body + uscc.calc_check_digit(body),
    )


def a_member(role: Role, organisation: Organisation) -> Client:
    """A member of staff, or an agent, with a registered key and a session."""
    person = people.record(name="测试员工", id_number=an_id_number(), phone="13800138000")
    account = people.employ(
        role,
        organisation,
        at=timezone.now(),
        person=person,
        license_number=uuid4().hex[:20],
    )
    return enrolled(account)


def enrolled(account: Account) -> Client:
    client = a_client()
    client.enrol(login.make_enrolment_code(account, at=timezone.now()))
    client.register_key(os.urandom(32))
    return client


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
        "atc": f"A{next(numbers) % 100:02d}",
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
    def account(self) -> str:
        return self.client.account


@dataclass
class World:
    """Two of each party that can be the wrong one; a simulated WeChat at ``wechat``."""

    wechat: httpx.Client
    medicines: list[Medicine] = field(default_factory=list)

    @cached_property
    def hospital(self) -> Organisation:
        return an_organisation(OrganisationKind.HOSPITAL)

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
    def doctor(self) -> Client:
        return a_member(Role.DOCTOR, self.hospital)

    @cached_property
    def other_doctor(self) -> Client:
        return a_member(Role.DOCTOR, self.hospital)

    @cached_property
    def reviewer(self) -> Client:
        return a_member(Role.REVIEWER, self.hospital)

    @cached_property
    def foreign_reviewer(self) -> Client:
        return a_member(Role.REVIEWER, an_organisation(OrganisationKind.HOSPITAL))

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
    def patient(self) -> Patient:
        return self.a_patient()

    @cached_property
    def other_patient(self) -> Patient:
        return self.a_patient()

    def a_pharmacy(self, on_hand: int = 1_000) -> Organisation:
        pharmacy = an_organisation(OrganisationKind.PHARMACY)
        if not self.medicines:
            self.medicines.extend(a_medicine() for _ in range(3))
        for medicine in self.medicines:
            StockItem.objects.create(
                pharmacy=pharmacy, medicine=medicine, price_fen=medicine.price_fen, on_hand=on_hand
            )
        return pharmacy

    def a_patient(self, born: date = date(1960, 5, 17)) -> Patient:
        """Logged in with WeChat, identified, with a phone's key registered."""
        openid, id_number, client = f"o{uuid4().hex[:27]}", an_id_number(born), a_client()
        client.enter_with_wechat(self.wechat_code(openid))
        identity = {"name": "测试患者", "id_number": id_number, "phone": "13900139000"}
        client.write("/api/me/identity", identity)
        client.register_key(os.urandom(32))
        return Patient(client, id_number, openid)

    def wechat_code(self, openid: str) -> str:
        answer = self.wechat.post("/simulator/code", json={"openid": openid})
        return str(answer.json()["code"])

    def covers(self, patient: Patient, *, fund_bp: int = 7_000, insurer_bp: int = 0) -> None:
        """The fund, and the insurer if it pays anything, promise the patient cover."""
        for agent, rate in ((self.fund_agent, fund_bp), (self.insurer_agent, insurer_bp)):
            if rate:
                self._promise(agent, patient, rate)

    def draft(self, patient: Patient, **changes: Any) -> dict[str, Any]:
        """The input of a lawful draft of two medicines."""
        _ = self.pharmacy
        return {
            "patient": patient.id_number,
            "online": True,
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

    # --- a prescription, walked to a state the way everybody else does -------------------------

    def drafted(self, patient: Patient, **changes: Any) -> str:
        return str(self.doctor.write("/api/prescriptions", self.draft(patient, **changes))["id"])

    def issued(self, patient: Patient, **changes: Any) -> str:
        rx = self.drafted(patient, **changes)
        self.doctor.command(f"/api/prescriptions/{rx}/issue")
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
        choice = self.choice(patient, way)
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

    def code(self, patient: Patient, rx: str, *, life: timedelta = timedelta(minutes=2)) -> str:
        return pickup_code(patient.client, rx, self.pharmacy.slug, network.lines()[0], life=life)

    def scanned(self, patient: Patient, way: str = "collect", **changes: Any) -> str:
        rx = self.paid(patient, way, **changes)
        self.pharmacist.write("/api/scans", {"code": self.code(patient, rx)})
        return rx

    def dispensed(self, patient: Patient, way: str = "collect", **changes: Any) -> str:
        rx = self.scanned(patient, way, **changes)
        lines = {"1": 1, "2": 1}
        self.pharmacist.command(f"/api/prescriptions/{rx}/dispense", {"lines": lines})
        return rx

    def shipped(self, patient: Patient, **changes: Any) -> str:
        rx = self.dispensed(patient, "courier", **changes)
        self.courier.command(f"/api/prescriptions/{rx}/ship")
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
