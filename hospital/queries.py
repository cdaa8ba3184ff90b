"""What can be asked about people and organisations; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from hospital import errors, identity, paging, sealing
from hospital.consents import TERMS
from hospital.models import Account, Emergency, Grant, Key, Organisation, SealedRecord
from hospital.roles import Actor, OrganisationKind, Role


class UnknownPatient(errors.Invalid):
    """No registered patient has this identity number."""

    code = "patient.unknown"


class UnknownOrganisation(errors.Invalid):
    """There is no such organisation of the kind that is needed here."""

    code = "organisation.unknown"


def of_id_number(id_number: str) -> Q:
    """The condition that an account is this person's as a patient. ``identity.BadIdNumber``."""
    index = sealing.index(identity.checked_id_number(id_number), "id_number")
    return Q(person__id_number_index=index, role=Role.PATIENT, is_active=True)


def patient_by_id_number(id_number: str) -> Account:
    """Raises ``identity.BadIdNumber`` or ``UnknownPatient``."""
    account = Account.objects.select_related("person").filter(of_id_number(id_number)).first()
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
    found = Organisation.objects.select_related("hospital").order_by("slug")
    return found.filter(kind=kind) if kind else found


def keys_of(account: UUID) -> QuerySet[Key]:
    return Key.objects.filter(account_id=account).order_by("registered_at", "name")


def recovery_of(account: UUID, *, at: datetime) -> Key | None:
    """The key that waits to replace the others of this account, lost ones."""
    waiting = Key.objects.filter(account_id=account, active_from__gt=at, revoked_at__isnull=True)
    return waiting.order_by("-id").first()


def grants_of(patient: UUID) -> QuerySet[Grant]:
    """All grants of a patient, withdrawn and ended ones too, the newest first."""
    grants = Grant.objects.filter(patient_id=patient)
    return grants.select_related("organisation").order_by("-since", "-id")


def live_grants(patient: UUID, *, at: datetime) -> QuerySet[Grant]:
    """Those in force."""
    return Grant.objects.filter(patient_id=patient, until__gt=at, withdrawn_at__isnull=True)


def grants_to(
    by: Actor, wanted: paging.Wanted, *, at: datetime
) -> tuple[list[Grant], paging.Cursor | None]:
    """
    A page of those in force that let ``by`` look, newest first, and the next page.

    With what a pseudonym of the patient is made of; one query.
    """
    purposes = [purpose.value for purpose, terms in TERMS.items() if terms.role is by.role]
    mine = Q(account__isnull=True) | Q(account_id=by.account)
    there = Grant.objects.filter(mine, organisation_id=by.organisation_id, purpose__in=purposes)
    live = there.filter(until__gt=at, withdrawn_at__isnull=True, patient__is_active=True)
    rows = live.select_related("patient__person", "organisation").annotate(created_at=F("since"))
    return paging.newest_first(rows, wanted)


def unreviewed_emergencies() -> QuerySet[Emergency]:
    """What a regulator has to judge, the oldest first."""
    waiting = Emergency.objects.filter(verdict="", opened_at__isnull=False)
    return waiting.select_related("doctor__organisation").order_by("opened_at", "id")


def unseconded_pleas(organisation: int, *, at: datetime) -> QuerySet[Emergency]:
    """What waits for the signature of a second doctor at a hospital, the latest first."""
    waiting = Emergency.objects.filter(opened_at__isnull=True, until__gt=at)
    there = waiting.filter(doctor__organisation_id=organisation)
    return there.select_related("doctor__organisation").order_by("-until", "id")


def reasons_of(patient: UUID, ids: Collection[UUID]) -> list[SealedRecord]:
    """Why doctors asked for this patient's records in emergencies of these ids; one query."""
    rows = Emergency.objects.filter(patient_id=patient, id__in=ids).select_related("record")
    return [one.record for one in rows]
