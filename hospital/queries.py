"""What can be asked about people and organisations; nothing here writes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from hospital import errors, identity, sealing
from hospital.models import Account, Key, Organisation
from hospital.roles import OrganisationKind, Role


class UnknownPatient(errors.Invalid):
    """No registered patient has this identity number."""

    code = "patient.unknown"


class UnknownOrganisation(errors.Invalid):
    """There is no such organisation of the kind that is needed here."""

    code = "organisation.unknown"


def patient_by_id_number(id_number: str) -> Account:
    """Raises ``identity.BadIdNumber`` or ``UnknownPatient``."""
    index = sealing.index(identity.checked_id_number(id_number), "id_number")
    account = (
        Account.objects.select_related("person")
        .filter(person__id_number_index=index, role=Role.PATIENT)
        .first()
    )
    if account is None:
        raise UnknownPatient(field="patient")
    return account


def organisation(slug: str, *kinds: OrganisationKind, field: str = "organisation") -> Organisation:
    """The organisation of this slug, if it is of one of ``kinds``."""
    found = Organisation.objects.filter(slug=slug, kind__in=kinds).first()
    if found is None:
        raise UnknownOrganisation(field=field)
    return found


def organisations(kind: str | None = None) -> QuerySet[Organisation]:
    found = Organisation.objects.order_by("slug")
    return found.filter(kind=kind) if kind else found


def keys_of(account: UUID) -> QuerySet[Key]:
    return Key.objects.filter(account_id=account).order_by("registered_at", "name")
