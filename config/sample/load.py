"""Write the sample network into the database: what an operator does with its members' lists."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from config.sample import loader
from hospital.actions import people
from hospital.models import Account, Department, Organisation
from hospital.roles import Role
from pharmacy.models import StockItem
from prescriptions.models import Medicine

BASIS_POINTS = 10_000


@transaction.atomic
def load(*, at: datetime) -> dict[str, Account]:
    """
    Load medicines, organisations, staff and shelves; loading again changes nothing but prices.

    Returns the accounts by ``slug/role/number``, numbered from 1 as the network lists them.
    """
    _load_medicines()
    accounts: dict[str, Account] = {}
    for source in loader.network():
        organisation, _ = Organisation.objects.update_or_create(
            slug=source.slug,
            defaults={"kind": source.kind, "name": source.name, "uscc": source.uscc},
        )
        for name in source.departments:
            Department.objects.get_or_create(organisation=organisation, name=name)
        for number, member in enumerate(source.staff, 1):
            account = _employ(member, organisation, at)
            accounts[f"{source.slug}/{member.role}/{number}"] = account
        if source.stock:
            _fill_shelf(organisation, source.stock)
    return accounts


def doctor_of(hospital: str, code: str, *, at: datetime) -> Account:
    """The doctor of this national code at a hospital of the network, employed if new."""
    organisation = Organisation.objects.get(slug=hospital, kind="hospital")
    known = Account.objects.filter(
        role=Role.DOCTOR, organisation=organisation, license_number=code
    ).first()
    return known or people.employ(Role.DOCTOR, organisation, at=at, license_number=code)


def _load_medicines() -> None:
    rows = [Medicine(**asdict(medicine)) for medicine in loader.medicines().values()]
    names = [field.name for field in Medicine._meta.fields if not field.primary_key]
    Medicine.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["code"], update_fields=names
    )


def _employ(member: loader.Member, organisation: Organisation, at: datetime) -> Account:
    person = None
    if member.id_number and member.phone:
        person = people.record(name=member.name, id_number=member.id_number, phone=member.phone)
    department = Department.objects.filter(
        organisation=organisation, name=member.department
    ).first()
    return people.employ(
        Role(member.role),
        organisation,
        at=at,
        person=person,
        department=department,
        license_number=member.license_number,
        controlled=member.controlled,
    )


def _fill_shelf(pharmacy: Organisation, stock: loader.Stock) -> None:
    items = [
        StockItem(
            pharmacy=pharmacy,
            medicine_id=medicine.code,
            price_fen=medicine.price_fen * stock.price_factor_bp // BASIS_POINTS,
            on_hand=stock.quantity,
        )
        for medicine in loader.medicines().values()
    ]
    StockItem.objects.bulk_create(
        items,
        update_conflicts=True,
        unique_fields=["pharmacy", "medicine"],
        update_fields=["price_fen"],
    )
