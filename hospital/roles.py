"""Who acts, in which capacity, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models


class Role(models.TextChoices):
    """
    The capacity in which an account acts; an account has exactly one.

    SYSTEM: a hospital's own information system, a program as a payer's AGENT is.
    """

    PATIENT = "patient"
    DOCTOR = "doctor"
    REVIEWER = "reviewer"
    PHARMACIST = "pharmacist"
    COURIER = "courier"
    AGENT = "agent"
    SYSTEM = "system"
    OFFICER = "officer"
    RESEARCHER = "researcher"
    REGULATOR = "regulator"
    CLOCK = "clock"
    CASHIER = "cashier"


class OrganisationKind(models.TextChoices):
    HOSPITAL = "hospital"
    PHARMACY = "pharmacy"
    INSURER = "insurer"
    SOCIAL_FUND = "social_fund"
    REGULATOR = "regulator"
    COURIER = "courier"
    RESEARCH = "research"


PAYERS = (OrganisationKind.INSURER, OrganisationKind.SOCIAL_FUND)

EMPLOYERS: dict[Role, tuple[OrganisationKind, ...]] = {
    Role.DOCTOR: (OrganisationKind.HOSPITAL,),
    Role.REVIEWER: (OrganisationKind.HOSPITAL,),
    Role.SYSTEM: (OrganisationKind.HOSPITAL,),
    Role.PHARMACIST: (OrganisationKind.PHARMACY,),
    Role.COURIER: (OrganisationKind.COURIER,),
    Role.AGENT: PAYERS,
    Role.OFFICER: PAYERS,
    Role.RESEARCHER: (OrganisationKind.RESEARCH,),
    Role.REGULATOR: (OrganisationKind.REGULATOR,),
}
"""Which kinds of organisation employ which role. A patient is employed by none."""

SERVER_ROLES = (Role.CLOCK, Role.CASHIER)
"""Roles that the server plays itself, with a key of its own; nobody logs in as one."""


SERVER = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Who acts. ``organisation`` is the slug, empty for patients and for the server's roles, whose
    ids are 0: no row has these, so nothing is theirs by accident. ``key_login_at`` is when the
    session was opened with the actor's own key, None if it was opened in another way.

    A guardian who acts for a ward is the actor: ``ward`` is for whom, by which ``guardianship``
    (``hospital.acting``).
    """

    account: UUID
    role: Role
    organisation: str = ""
    organisation_id: int = 0
    person: int | None = None
    key_login_at: datetime | None = None
    ward: UUID | None = None
    guardianship: UUID | None = None

    @property
    def patient(self) -> UUID:
        """The account of the patient for whom a patient's call is made: the ward, or the own."""
        return self.ward or self.account

    @property
    def name(self) -> str:
        """How entries name this actor: opaque, no personal data."""
        who = "server" if self.account == SERVER else self.account.hex
        return "/".join(part for part in (self.organisation, self.role.value, who) if part)
