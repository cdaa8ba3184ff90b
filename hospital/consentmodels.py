"""Who may look without being a party: grants of patients, and emergencies."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q

from hospital.consents import (
    LIVE,
    OPEN,
    PLEADED,
    REVIEWED,
    TERMS,
    WITHDRAWN,
    Purpose,
    Verdict,
)

_WITHIN_TERMS = [Q(purpose=one.value, fields__contained_by=[*TERMS[one].fields]) for one in Purpose]


class Grant(models.Model):
    """
    What a patient lets an organisation, or one ``account`` there, see of all records.

    ``fields`` are prefixes of field names (``hospital.consents``); ``until`` is exclusive.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    patient = models.ForeignKey("Account", models.PROTECT, related_name="grants")
    organisation = models.ForeignKey("Organisation", models.PROTECT, related_name="+")
    account = models.ForeignKey("Account", models.PROTECT, null=True, related_name="+")
    purpose = models.CharField(max_length=20, choices=[(one.value, one.name) for one in Purpose])
    fields = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="grant_ends_after_it_begins", condition=Q(until__gt=models.F("since"))
            ),
            models.CheckConstraint(
                name="grant_opens_fields_of_its_purpose",
                condition=reduce(or_, _WITHIN_TERMS) & ~Q(fields=[]),
            ),
        ]
        indexes = [
            models.Index(
                fields=["patient", "organisation"],
                name="not_withdrawn",
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.Index(fields=["patient", "-since", "-id"], name="grants_of_patient"),
            models.Index(
                fields=["organisation", "-since", "-id"],
                name="grants_to_organisation",
                condition=Q(withdrawn_at__isnull=True),
            ),
        ]

    @property
    def subject(self) -> str:
        return f"grant/{self.id.hex}"

    @property
    def state(self) -> str:
        """As in ``consents.MOVES``."""
        return LIVE if self.withdrawn_at is None else WITHDRAWN


class Emergency(models.Model):
    """
    A doctor's look without a grant (break-glass); why is sealed; a regulator judges it.

    It opens when a second doctor has signed, ``opened_at``, and closes half an hour after the plea.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    patient = models.ForeignKey("Account", models.PROTECT, related_name="+")
    doctor = models.ForeignKey("Account", models.PROTECT, related_name="+")
    record = models.OneToOneField("SealedRecord", models.PROTECT)
    pleaded_at = models.DateTimeField()
    until = models.DateTimeField()
    seconder = models.ForeignKey("Account", models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewer = models.ForeignKey("Account", models.PROTECT, null=True, related_name="+")
    verdict = models.CharField(
        max_length=16, blank=True, choices=[(one.value, one.name) for one in Verdict]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="emergency_ends_after_it_begins",
                condition=Q(until__gt=models.F("pleaded_at")),
            ),
            models.CheckConstraint(
                name="opened_by_two_in_time",
                condition=Q(opened_at__isnull=True, seconder__isnull=True)
                | (
                    Q(opened_at__isnull=False, seconder__isnull=False)
                    & Q(opened_at__lt=models.F("until"))
                    & ~Q(seconder=models.F("doctor"))
                ),
            ),
            models.CheckConstraint(
                name="only_what_was_opened_is_judged",
                condition=Q(verdict="") | Q(opened_at__isnull=False),
            ),
            models.CheckConstraint(
                name="verdict_has_reviewer_and_time",
                condition=Q(verdict="", reviewed_at__isnull=True, reviewer__isnull=True)
                | (~Q(verdict="") & Q(reviewed_at__isnull=False, reviewer__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "doctor", "-until"], name="opened_for"),
            models.Index(
                fields=["opened_at", "id"],
                name="unreviewed",
                condition=Q(verdict="", opened_at__isnull=False),
            ),
            models.Index(fields=["until"], name="unseconded", condition=Q(opened_at__isnull=True)),
        ]

    @property
    def subject(self) -> str:
        return f"emergency/{self.id.hex}"

    @property
    def state(self) -> str:
        """As in ``consents.MOVES``."""
        if self.opened_at is None:
            return PLEADED
        return REVIEWED if self.verdict else OPEN
