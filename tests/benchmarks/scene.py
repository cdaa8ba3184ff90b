"""
Who acts in the benchmark, and prescriptions in the state that an operation needs.

Four settings, each a hospital, a pharmacy with stock of its own and a patient; so the four clients
seldom wait for one another, as in a city with many pharmacies. Content is really sealed, every
step really signed and entered; only HTTP is left out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any
from unittest import mock
from uuid import UUID

import httpx
from django.db import transaction
from django.utils import timezone

from config.demo.phone import pickup_code
from hospital import records
from hospital.actions import people
from hospital.client import Client
from hospital.models import Account, SealedRecord
from hospital.roles import Actor, Role
from insurance import queries as bills
from insurance.actions import billing, checkout
from ledger import entry, network
from pharmacy.actions import scanning
from pharmacy.models import StockItem
from prescriptions import lifecycle
from prescriptions.actions import drafting, issuing, reviewing
from prescriptions.inputs import DraftInput
from prescriptions.models import Prescription, Status
from tests import world
from tests.shelves import a_lot

SETTINGS = 4
PLENTY = 10_000_000
MINUTE = timedelta(minutes=1)
LINES = {"1": 1, "2": 1}
LISTED = (10_000, 100)
"""How many prescriptions the two patients have whose lists are read."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with a key: as the interface sees him or her, and as the actions do."""

    client: Client
    actor: Actor

    @classmethod
    def of(cls, client: Client) -> Who:
        account = Account.objects.select_related("organisation").get(id=client.account)
        return cls(client, account.actor)

    @property
    def drawer(self) -> dict[str, Any]:
        return {"by": self.actor, "key": self.client.key_name, "at": timezone.now()}

    @property
    def doer(self) -> dict[str, Any]:
        return {"by": self.actor, "at": timezone.now()}

    def sign(self, statement: entry.Statement) -> str:
        return self.client.sign(statement.text().decode())


class Setting:
    """One hospital, one pharmacy, one patient."""

    def __init__(self) -> None:
        self.world = world.World(httpx.Client())
        self.doctor = Who.of(self.world.doctor)
        self.reviewer = Who.of(self.world.reviewer)
        self.pharmacist = Who.of(self.world.pharmacist)
        self.patient = self.a_patient()
        # A recorded UPDATE carries the count of its moment; so far from zero none can break a rule;
        # what expires first is the lot that there is plenty of.
        shelf = StockItem.objects.filter(pharmacy=self.world.pharmacy)
        for item in shelf:
            a_lot(item, PLENTY, "plenty", timezone.now().date() + timedelta(days=1_000))
        shelf.update(reserved=PLENTY // 2)

    def a_patient(self) -> Who:
        """Identified, with a phone's key, insured by the fund and by an insurer."""
        number, at = world.an_id_number(), timezone.now()
        person = people.record(name="测试患者", id_number=number, phone="13900139000")
        account = Account.objects.create(role=Role.PATIENT, person=person, created_at=at)
        client = world.enrolled(account)
        self.world.covers(world.Patient(client, number, ""), insurer_bp=5_000)
        self._numbers = {**getattr(self, "_numbers", {}), account.id: number}
        return Who.of(client)

    @property
    def choice(self) -> dict[str, Any]:
        return {"pharmacy": self.world.pharmacy.slug, "way": "collect"}

    # --- a prescription, brought to a state -----------------------------------------------------

    def drafted(self) -> UUID:
        rx = self.another(created_at=timezone.now())
        rx.save(force_insert=True)
        return rx.id

    def another(self, **changes: Any) -> Prescription:
        """Like the first draft, at which the rules have looked; its content sealed anew."""
        model, fields = self.model
        same = {name: getattr(model, name) for name in _COPIED}
        return Prescription(record=records.seal(fields), **{**same, **changes})

    def issued(self) -> UUID:
        rx = self.drafted()
        signed = self.doctor.sign(issuing.draw_issue(rx, **self.doctor.drawer))
        issuing.issue(rx, signed, **self.doctor.doer)
        return rx

    def approved(self) -> UUID:
        rx, verdict = self.issued(), ("approve", "none")
        signed = self.reviewer.sign(reviewing.draw(rx, *verdict, **self.reviewer.drawer))
        reviewing.review(rx, *verdict, signed, **self.reviewer.doer)
        return rx

    def paid(self) -> UUID:
        rx, choice = self.approved(), checkout.Choice(**self.choice)
        statement, _ = checkout.draw(rx, choice, **self.patient.drawer)
        checkout.authorize(rx, choice, self.patient.sign(statement), **self.patient.doer)
        with transaction.atomic():
            prescription = lifecycle.lock(rx)
            bill = bills.live_bill(prescription)
            facts = {"patient_fen": bill.patient_fen}
            billing.settle_patient_share(prescription, bill, facts, at=timezone.now())
        return rx

    def scanned(self) -> UUID:
        rx, slug = self.paid(), self.world.pharmacy.slug
        code = pickup_code(self.patient.client, str(rx), slug, network.origin())
        scanning.scan(code, **self.pharmacist.doer)
        return rx

    @cached_property
    def model(self) -> tuple[Prescription, dict[str, Any]]:
        number = self._numbers[self.patient.actor.account]
        values = DraftInput(data=self.world.draft(world.Patient(self.patient.client, number, "")))
        values.is_valid(raise_exception=True)
        model, _ = drafting.draft(values.validated_data, **self.doctor.doer)
        return model, records.unsealed(model.record)


_COPIED = (
    *("patient_id", "doctor_id", "hospital_id", "quantities", "form"),
    *("rules_version", "warnings", "online", "valid_until"),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """The settings, the patients whose lists are read, and one prescription to read for each."""

    settings: list[Setting]
    listed: dict[int, Who]
    readable: list[UUID]

    @classmethod
    def set(cls) -> Scene:
        settings = [Setting() for _ in range(SETTINGS)]
        listed = {number: settings[0].a_patient() for number in LISTED}
        for each in settings:
            _ = each.model  # made once, before the processes part
        return cls(settings, listed, [each.issued() for each in settings])

    def any(self, number: int) -> Setting:
        """A setting by chance, and the same for the same number."""
        return random.Random(number).choice(self.settings)


@transaction.atomic
def fill(setting: Setting, patient: Who, numbers: range) -> None:
    """Give a patient issued prescriptions, one a minute, for the list."""
    now, owner = timezone.now(), patient.actor.account
    same = {"patient_id": owner, "status": Status.ISSUED}
    with mock.patch.object(SealedRecord.objects, "create", SealedRecord):  # sealed, not yet stored
        made = [setting.another(created_at=now - MINUTE * number, **same) for number in numbers]
    SealedRecord.objects.bulk_create([one.record for one in made], batch_size=1000)
    Prescription.objects.bulk_create(made, batch_size=1000)
