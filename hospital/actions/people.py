"""People: checked, sealed, found again by keyed digests."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from nacl import utils

from hospital import errors, identity, records, sealing
from hospital.models import Account, Address, Department, Organisation, Person
from hospital.resealing import Sealed
from hospital.rights import Rights
from hospital.roles import EMPLOYERS, Actor, OrganisationKind, Role

ORDINARY_RIGHTS = Rights()


class IdentityTaken(errors.Conflict):
    """This identity, or this account, is already bound."""

    code = "identity.taken"


class WrongEmployer(errors.Invalid):
    """An organisation of this kind does not employ this role."""

    code = "organisation.wrong_kind"


def record(*, name: str, id_number: str, phone: str) -> Person:
    """
    The person of this identity number, sealed; the one we know, if we know one.

    Raises:
        identity.BadIdNumber, identity.BadPhone: see each.
    """
    number = identity.checked_id_number(id_number)
    telephone = identity.checked_phone(phone)
    handle = uuid4()
    about = f"person/{handle.hex}"
    person, _ = Person.objects.get_or_create(
        id_number_index=sealing.index(number, "id_number"),
        defaults={
            "handle": handle,
            "name": sealing.seal(name.encode(), f"{about}/name"),
            "id_number": sealing.seal(number.encode(), f"{about}/id_number"),
            "phone": sealing.seal(telephone.encode(), f"{about}/phone"),
            "phone_index": sealing.index(telephone, "phone"),
            "tag_key": sealing.seal(utils.random(sealing.KEY_BYTES), f"{about}/tag_key"),
        },
    )
    return person


def admit(*, name: str, id_number: str, phone: str, at: datetime) -> Account:
    """
    A patient's account that nobody can log in to yet: for a child, whose guardian acts for it.

    Its person takes it over by the face (``bind``). Raises as ``record``.
    """
    person = record(name=name, id_number=id_number, phone=phone)
    account, _ = Account.objects.get_or_create(
        person=person, role=Role.PATIENT, defaults={"created_at": at}
    )
    return account


def name_of(person: Person) -> str:
    """The person's name, opened; for the person's own record, and for nobody to read."""
    return _opened(person, "name")


def id_number_of(person: Person) -> str:
    """The person's identity number, opened; for the person's own record, and for nobody to read."""
    return _opened(person, "id_number")


def phone_of(person: Person) -> str:
    """The person's telephone number, opened; for the record, the own or a ward's."""
    return _opened(person, "phone")


def _opened(person: Person, field: str) -> str:
    return sealing.unseal(getattr(person, field), _about(person, field)).decode()


def _about(person: Person, field: str) -> str:
    return f"person/{person.handle.hex}/{field}"


SEALED = Sealed(Person, ("name", "id_number", "phone", "tag_key"), _about, ("handle",))


def bind(account: Account, *, name: str, id_number: str, phone: str, at: datetime) -> Account:
    """
    Bind a patient's account, whose row is locked, to the person behind it; once, for good.

    If an account was opened for that person (``admit``), the person takes it over: gives that one.

    Raises:
        identity.BadIdNumber, identity.BadPhone, IdentityTaken: see each.
    """
    person = record(name=name, id_number=id_number, phone=phone)
    # The person's row is the lock under which two accounts cannot both find it free.
    person = Person.objects.select_for_update().get(id=person.id)
    known = Account.objects.select_for_update(of=("self",)).filter(person=person, role=Role.PATIENT)
    if waiting := known.first():
        _take_over(waiting, account, at)
        _be_called(person, name, phone)
        return waiting
    account.person = person
    account.save(update_fields=["person"])
    return account


def _take_over(waiting: Account, account: Account, at: datetime) -> None:
    """The WeChat account of ``account``, in which nobody is known, is that of ``waiting`` now."""
    if waiting.wechat_index is not None or not waiting.is_active or waiting.keys.exists():
        raise IdentityTaken
    index, openid = account.wechat_index, account.wechat_openid
    account.wechat_index, account.wechat_openid = None, None
    account.is_active, account.left_at = False, at
    account.save(update_fields=["wechat_index", "wechat_openid", "is_active", "left_at"])
    waiting.wechat_index, waiting.wechat_openid = index, openid
    waiting.save(update_fields=["wechat_index", "wechat_openid"])
    Address.objects.filter(account=account).update(account=waiting)


def put_right(account: Account, *, name: str, id_number: str, phone: str) -> Account:
    """
    The bound person has, by the face, this name and telephone from now on.

    Source: Personal Information Protection Law (个人信息保护法), art. 46.
    Sex and birth date are in the number, which stays; and so does what was signed before.
    Raises ``identity.BadPhone``, and ``IdentityTaken``: it is another person's number.
    """
    assert account.person is not None
    person = Person.objects.select_for_update().get(id=account.person.id)
    check_same(person, id_number)
    _be_called(person, name, phone)
    return account


def check_same(person: Person, id_number: str) -> None:
    """Raises ``IdentityTaken``: the number is not this person's; ``identity.BadIdNumber``."""
    number = identity.checked_id_number(id_number)
    if bytes(person.id_number_index) != sealing.index(number, "id_number"):
        raise IdentityTaken


def _be_called(person: Person, name: str, phone: str) -> None:
    """What the face check has shown holds, whoever wrote something else before."""
    number = identity.checked_phone(phone)
    person.name = sealing.seal(name.encode(), _about(person, "name"))
    person.phone = sealing.seal(number.encode(), _about(person, "phone"))
    person.phone_index = sealing.index(number, "phone")
    person.save(update_fields=["name", "phone", "phone_index"])


def employ(
    role: Role,
    organisation: Organisation,
    *,
    at: datetime,
    person: Person | None = None,
    department: Department | None = None,
    license_number: str = "",
    rights: Rights = ORDINARY_RIGHTS,
) -> Account:
    """
    The account of a person (or agent program) in a role at an organisation; made if missing.

    ``rights`` are a new doctor's; what an account has already stays, until ``entitle``.

    Raises:
        WrongEmployer: see ``roles.EMPLOYERS``.
    """
    if OrganisationKind(organisation.kind) not in EMPLOYERS.get(role, ()):
        raise WrongEmployer(role=role, kind=organisation.kind)
    account, _ = Account.objects.get_or_create(
        role=role,
        organisation=organisation,
        person=person,
        license_number=license_number,
        defaults={"department": department, "created_at": at, **asdict(rights)},
    )
    return account


class UnknownDoctor(errors.Invalid):
    """The hospital employs no doctor of this licence."""

    code = "doctor.unknown"


@transaction.atomic
def entitle(
    hospital: Organisation, license_number: str, *, department: Department | None, rights: Rights
) -> Account:
    """
    Give a doctor other rights, or another department: what the hospital tells the operator.

    It counts from the next draft and the next consultation on. Raises ``UnknownDoctor``.
    """
    account = Account.objects.select_for_update(of=("self",)).filter(
        role=Role.DOCTOR, organisation=hospital, license_number=license_number
    )
    found = account.first()
    if found is None:
        raise UnknownDoctor(license_number=license_number)
    account.update(department=department, **asdict(rights))
    found.refresh_from_db()
    return found


class UnknownAddress(errors.Invalid):
    """You have no such address."""

    code = "address.unknown"


@transaction.atomic(savepoint=False)
def add_address(*, text: str, recipient: str, phone: str, by: Actor) -> Address:
    """Seal an address of the caller's. Raises ``identity.BadPhone``."""
    fields = {"text": text, "recipient": recipient, "phone": identity.checked_phone(phone)}
    return Address.objects.create(account_id=by.account, record=records.seal(fields))
