"""Write the sample network into the database: what an operator does with its members' lists."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from django.db import transaction
from stdnum.cn import ric

from config.sample import loader
from hospital import calendar
from hospital.actions import people
from hospital.models import Account, Department, Organisation
from hospital.rights import Rights
from hospital.roles import OrganisationKind, Role
from pharmacy.actions import receiving
from pharmacy.hours import DAY_MIN, SUNDAY
from pharmacy.models import Carriage, Opening, StockItem
from prescriptions.catalogue import files
from prescriptions.catalogue.actions import importing
from prescriptions.uploaded import Uploaded

BASIS_POINTS = 10_000
PAEDIATRICS = "儿科"
LOT, LASTS = "示范20260801", timedelta(days=730)
"""The lot that lies on the sample's shelves, and how long it can be used."""
USUAL = (7 * 60, 22 * 60)
NIGHT_AND_DAY = "longcheng-pharmacy"
"""When shops are open, every day; one of them always is."""
FARES = ((5_000, 600, 40), (20_000, 1_200, 90))
"""What both courier companies ask: up to so many metres, fen, minutes."""
NEWCOMERS_BORN = date(1965, 1, 1)
NEWCOMERS_RIGHTS = Rights(practising_since=date(2010, 7, 1))


@transaction.atomic
def load(*, at: datetime) -> dict[str, Account]:
    """
    Load medicines, organisations, staff and shelves; loading again changes nothing but prices.

    Returns the accounts by ``slug/role/number``, numbered from 1 as the network lists them.
    """
    taken = importing.take(files.rows(loader.CATALOGUE))
    assert not taken.bad
    accounts: dict[str, Account] = {}
    for source in loader.network():
        organisation, _ = Organisation.objects.update_or_create(
            slug=source.slug,
            defaults={
                "hospital": Organisation.objects.filter(slug=source.hospital).first(),
                **{
                    name: getattr(source, name)
                    for name in ("kind", "name", "uscc", "longitude", "latitude")
                },
            },
        )
        for name in source.departments:
            _department(organisation, name)
        for number, member in enumerate(source.staff, 1):
            account = _employ(member, organisation, at)
            accounts[f"{source.slug}/{member.role}/{number}"] = account
        if source.stock:
            _fill_shelf(organisation, source.stock, at)
    _serve()
    return accounts


def member(named: str, *, at: datetime) -> Account | None:
    """The account ``slug/role/number`` of the network that ``load`` wrote."""
    for source in loader.network():
        for number, one in enumerate(source.staff, 1):
            if named == f"{source.slug}/{one.role}/{number}":
                return _employ(one, Organisation.objects.get(slug=source.slug), at)
    return None


def doctor_of(script: Uploaded, *, at: datetime) -> Account:
    """The doctor of a prescription at a hospital of the network, employed if new."""
    organisation = Organisation.objects.get(slug=script.hospital, kind="hospital")
    known = Account.objects.filter(
        role=Role.DOCTOR, organisation=organisation, license_number=script.doctor_code
    ).first()
    return known or _newcomer(script, organisation, at)


def _newcomer(script: Uploaded, organisation: Organisation, at: datetime) -> Account:
    """A doctor whom a file names and the network does not know, with an invented identity."""
    person = people.record(
        name=script.doctor_name, id_number=_invented(script.doctor_code), phone="13800138000"
    )
    return people.employ(
        Role.DOCTOR,
        organisation,
        at=at,
        person=person,
        department=_department(organisation, script.department),
        license_number=script.doctor_code,
        rights=NEWCOMERS_RIGHTS,
    )


def _invented(code: str) -> str:
    """An identity number of nobody (``loader`` says how they are told), the same for a code."""
    drawn = int.from_bytes(hashlib.sha256(code.encode()).digest()[:8])
    born = NEWCOMERS_BORN + timedelta(days=drawn % 7_000)
    body = f"450200{born:%Y%m%d}{996 + drawn % 4}"
    return body + str(ric.calc_check_digit(f"{body}0"))


def _department(organisation: Organisation, name: str) -> Department:
    made, _ = Department.objects.get_or_create(
        organisation=organisation, name=name, defaults={"paediatric": name == PAEDIATRICS}
    )
    return made


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
        rights=member.rights,
    )


def _fill_shelf(pharmacy: Organisation, stock: loader.Stock, at: datetime) -> None:
    """Every medicine, in one lot of an invented number; what has a lot gets no second one."""
    items = [
        StockItem(
            pharmacy=pharmacy,
            medicine_id=medicine.code,
            price_fen=medicine.price_fen * stock.price_factor_bp // BASIS_POINTS,
        )
        for medicine in loader.medicines().values()
    ]
    StockItem.objects.bulk_create(
        items,
        update_conflicts=True,
        unique_fields=["pharmacy", "medicine"],
        update_fields=["price_fen"],
    )
    empty = StockItem.objects.filter(pharmacy=pharmacy, lots__isnull=True)
    expires_on = calendar.legal_day(at) + LASTS
    receiving.open_with(empty.select_related("pharmacy"), LOT, expires_on, stock.quantity, at=at)


def _serve() -> None:
    """Hours of every shop, and who brings what it gives out; a hospital's own does not send."""
    shops = Organisation.objects.filter(kind=OrganisationKind.PHARMACY)
    Opening.objects.bulk_create(
        (
            Opening(pharmacy=shop, weekday=weekday, opens=opens, closes=closes)
            for shop in shops
            for opens, closes in [(0, DAY_MIN) if shop.slug == NIGHT_AND_DAY else USUAL]
            for weekday in range(SUNDAY + 1)
        ),
        ignore_conflicts=True,
    )
    couriers = Organisation.objects.filter(kind=OrganisationKind.COURIER)
    Carriage.objects.bulk_create(
        (
            Carriage(pharmacy=shop, courier=courier, up_to_m=metres, fee_fen=fen, minutes=minutes)
            for shop in shops.filter(hospital=None)
            for courier in couriers
            for metres, fen, minutes in FARES
        ),
        ignore_conflicts=True,
    )
