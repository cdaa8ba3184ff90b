"""Organisations, people, accounts, sealed records, remembered answers. No decisions here."""

from __future__ import annotations

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q

from hospital.consentmodels import Emergency as Emergency
from hospital.consentmodels import Grant as Grant
from hospital.keymodels import EnrolmentCode as EnrolmentCode
from hospital.keymodels import Key as Key
from hospital.keymodels import LoginChallenge as LoginChallenge
from hospital.keymodels import new_nonce as new_nonce
from hospital.lookmodels import Listed as Listed
from hospital.rights import Antimicrobials, Rights, Title
from hospital.roles import Actor, OrganisationKind, Role


class Organisation(models.Model):
    """
    A hospital, pharmacy, payer, courier company, research institute or authority.

    Its names and its place are public.

    A pharmacy of a ``hospital`` is the one that the hospital itself runs; most belong to none.
    Coordinates are degrees in GCJ-02, which maps in China, WeChat's among them, are drawn in. The
    nearest pharmacies are found by a point of the unit sphere (``hospital.sphere``), on an index.
    """

    slug = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=16, choices=OrganisationKind.choices)
    name = models.CharField(max_length=100)
    uscc = models.CharField(max_length=18, unique=True, help_text="统一社会信用代码")
    hospital = models.OneToOneField("self", models.PROTECT, null=True, related_name="own_pharmacy")
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_place_is_on_earth",
                condition=Q(longitude__isnull=True, latitude__isnull=True)
                | Q(longitude__isnull=False, latitude__isnull=False)
                & Q(longitude__range=(-180, 180), latitude__range=(-90, 90)),
            ),
            models.CheckConstraint(
                name="only_a_pharmacy_is_a_hospitals_own",
                condition=Q(kind=OrganisationKind.PHARMACY) | Q(hospital__isnull=True),
            ),
        ]
        indexes = [
            GistIndex(
                models.Func("longitude", "latitude", function="hospital_on_sphere"),
                name="pharmacies_by_place",
                condition=Q(kind=OrganisationKind.PHARMACY, latitude__isnull=False),
            )
        ]


class Department(models.Model):
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="departments")
    name = models.CharField(max_length=60)
    paediatric = models.BooleanField(default=False, help_text="its doctors are specialists")

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
    title = models.CharField(
        max_length=16, choices=[(one.value, one.name) for one in Title], default=Title.ATTENDING
    )
    trainee = models.BooleanField(default=False)
    practising_since = models.DateField(null=True)
    antimicrobials = models.CharField(
        max_length=12,
        choices=[(one.value, one.name) for one in Antimicrobials],
        default=Antimicrobials.UNRESTRICTED,
    )
    wechat_index = models.BinaryField(max_length=32, null=True, unique=True)
    wechat_openid = models.BinaryField(null=True)
    is_active = models.BooleanField(default=True)
    left_at = models.DateTimeField(null=True, help_text="when a patient had everything erased")
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
            models.CheckConstraint(
                name="who_has_left_is_out",
                condition=Q(left_at__isnull=True) | Q(role=Role.PATIENT, is_active=False),
            ),
        ]
        indexes = [
            models.Index(fields=["left_at"], name="left", condition=Q(left_at__isnull=False))
        ]

    @property
    def rights(self) -> Rights:
        return Rights(
            title=Title(self.title),
            trainee=self.trainee,
            controlled=self.controlled,
            antimicrobials=Antimicrobials(self.antimicrobials),
            practising_since=self.practising_since,
        )

    @property
    def actor(self) -> Actor:
        return Actor(
            account=self.id,
            role=Role(self.role),
            organisation=self.organisation.slug if self.organisation else "",
            organisation_id=self.organisation_id or 0,
            person=self.person_id,
        )


class SealedRecord(models.Model):
    """
    Personal content: fields, each with its salt, under a key of the record's own.

    The key is wrapped by the sealing key; forgetting it erases the content, while
    ``commitment`` and all proofs stay. What its patient had erased and the law wants kept opens to
    the regulator alone, until ``kept_until``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped_key = models.BinaryField()
    body = models.BinaryField()
    commitment = models.BinaryField(max_length=32)
    kept_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="what_is_gone_is_not_kept",
                condition=Q(kept_until__isnull=True) | ~Q(wrapped_key=b""),
            )
        ]
        indexes = [
            models.Index(
                fields=["kept_until"],
                name="kept_for_the_regulator",
                condition=Q(kept_until__isnull=False),
            )
        ]


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
