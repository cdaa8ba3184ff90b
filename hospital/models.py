"""Organisations, people, accounts, keys, sealed records, remembered answers. No decisions here."""

from __future__ import annotations

import secrets
import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from hospital.roles import Actor, OrganisationKind, Role


class Organisation(models.Model):
    """A hospital, pharmacy, payer, courier company or authority. Its names are public."""

    slug = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=16, choices=OrganisationKind.choices)
    name = models.CharField(max_length=100)
    uscc = models.CharField(max_length=18, unique=True, help_text="统一社会信用代码")


class Department(models.Model):
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="departments")
    name = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="department_once")
        ]


class Person(models.Model):
    """A human being, whatever capacities he or she acts in. Sealed; found by keyed digests."""

    handle = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.BinaryField()
    id_number = models.BinaryField()
    id_number_index = models.BinaryField(max_length=32, unique=True)
    phone = models.BinaryField()
    phone_index = models.BinaryField(max_length=32, db_index=True)
    tag_key = models.BinaryField(help_text="sealed key of the tags that stand for the patient")


class AccountManager(BaseUserManager["Account"]):
    def with_actor(self) -> models.QuerySet[Account]:
        """Accounts with all that ``Account.actor`` reads, in one query."""
        return self.select_related("organisation")


class Account(AbstractBaseUser):
    """One person (or agent program) in one capacity, at one organisation or as a patient."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    role = models.CharField(max_length=16, choices=Role.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True)
    department = models.ForeignKey(Department, models.PROTECT, null=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True)
    license_number = models.CharField(max_length=40, blank=True, help_text="e.g. 国家医师代码")
    controlled = models.BooleanField(
        default=False, help_text="may prescribe narcotics and psychotropics of class I"
    )
    wechat_index = models.BinaryField(max_length=32, null=True, unique=True)
    wechat_openid = models.BinaryField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    password = None  # type: ignore[assignment]  # nobody logs in with a password
    last_login = None

    objects = AccountManager()
    USERNAME_FIELD = "id"

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="patients_have_no_employer",
                condition=Q(role=Role.PATIENT, organisation__isnull=True)
                | (~Q(role=Role.PATIENT) & Q(organisation__isnull=False)),
            ),
            models.UniqueConstraint(
                name="one_patient_account_per_person",
                fields=["person"],
                condition=Q(role=Role.PATIENT),
            ),
            models.UniqueConstraint(
                name="license_once_per_role_and_organisation",
                fields=["organisation", "role", "license_number"],
                condition=~Q(license_number=""),
            ),
        ]

    @property
    def actor(self) -> Actor:
        return Actor(
            account=self.id,
            role=Role(self.role),
            organisation=self.organisation.slug if self.organisation else "",
            organisation_id=self.organisation_id or 0,
            person=self.person_id,
        )


class Key(models.Model):
    """A public key that was registered by an entry. Its private half was never here."""

    name = models.CharField(max_length=160, unique=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="keys")
    public_key = models.BinaryField(max_length=32, unique=True)
    registered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class EnrolmentCode(models.Model):
    """Lets a new member of staff, or an agent program, log in once to register the first key."""

    code_index = models.BinaryField(max_length=32, primary_key=True)
    account = models.ForeignKey(Account, models.CASCADE)
    expires_at = models.DateTimeField(db_index=True)


class LoginChallenge(models.Model):
    """A text that a key must sign to log in; good once, for a minute."""

    nonce = models.CharField(max_length=43, primary_key=True)
    key = models.ForeignKey(Key, models.CASCADE)
    expires_at = models.DateTimeField(db_index=True)


class SealedRecord(models.Model):
    """
    Personal content: fields, each with its salt, under a key of the record's own.

    The key is wrapped by the sealing key; forgetting it erases the content, while
    ``commitment`` and all proofs stay.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped_key = models.BinaryField()
    body = models.BinaryField()
    commitment = models.BinaryField(max_length=32)


class Address(models.Model):
    """Where a patient wants medicines brought; the text is sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.CASCADE)
    record = models.OneToOneField(SealedRecord, models.PROTECT)


class Answer(models.Model):
    """The answer to a write, kept under its Idempotency-Key and given again byte for byte."""

    account = models.ForeignKey(Account, models.CASCADE)
    key = models.CharField(max_length=255)
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="one_answer_per_key")
        ]


def new_nonce() -> str:
    """256 random bits as 43 characters of base64url."""
    return secrets.token_urlsafe(32)
