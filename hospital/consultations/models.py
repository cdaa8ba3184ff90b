"""Consultations and their messages as stored; what was asked and answered lies sealed."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from hospital.models import Account, Department, Organisation, SealedRecord


class State(models.TextChoices):
    DRAFT = "draft"
    ASKED = "asked"
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    LAPSED = "lapsed"


BEFORE_A_DOCTOR = (State.DRAFT, State.ASKED)
ACCEPTED = (State.OPEN, State.CLOSED)


class Consultation(models.Model):
    """
    A patient's question to a department. Only ``consultations.lifecycle`` writes ``state``.

    ``earlier`` are keyed digests of the diagnoses for which the patient brought evidence
    (``content.known``), so that the doctor's draft can be held against them without opening the
    record. ``follow_up`` and ``guardian`` are what the doctor signed when accepting.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(
        max_length=9, choices=State.choices, default=State.DRAFT, editable=False
    )
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    record = models.OneToOneField(SealedRecord, models.PROTECT)
    earlier = models.JSONField(default=list)
    follow_up = models.BooleanField(null=True)
    guardian = models.BooleanField(null=True)
    created_at = models.DateTimeField()
    accept_until = models.DateTimeField()
    close_until = models.DateTimeField()
    messages_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-created_at", "-id"], name="consulted_by_patient"),
            models.Index(fields=["doctor", "-created_at", "-id"], name="answered_by_doctor"),
            models.Index(
                fields=["department", "created_at", "id"],
                name="awaiting_a_doctor",
                condition=Q(state=State.ASKED),
            ),
            models.Index(
                fields=["accept_until"],
                name="nobody_may_accept",
                condition=Q(state__in=BEFORE_A_DOCTOR),
            ),
            models.Index(
                fields=["close_until"], name="nobody_may_close", condition=Q(state=State.OPEN)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="accepted_by_a_doctor_who_said_so",
                condition=Q(doctor__isnull=False, follow_up__isnull=False, guardian__isnull=False)
                | (
                    Q(doctor__isnull=True, follow_up__isnull=True, guardian__isnull=True)
                    & ~Q(state__in=ACCEPTED)
                ),
            ),
            models.CheckConstraint(
                name="nobody_accepts_beforehand",
                condition=Q(doctor__isnull=True) | ~Q(state__in=BEFORE_A_DOCTOR),
            ),
            models.CheckConstraint(
                name="follow_up_has_evidence", condition=~Q(follow_up=True, earlier=[])
            ),
            models.CheckConstraint(
                name="accepted_before_it_is_closed",
                condition=Q(created_at__lt=F("accept_until"), accept_until__lt=F("close_until")),
            ),
        ]

    @property
    def subject(self) -> str:
        """The subject of all entries about this consultation."""
        return subject_of(self.id)

    def is_open(self, at: datetime) -> bool:
        """Accepted, not ended, and its time is not up: of it a prescription may come."""
        return self.state == State.OPEN and at < self.close_until


class Message(models.Model):
    """One message. Its record says the words, who wrote them and when; so does its commitment."""

    class Kind(models.TextChoices):
        TEXT = "text"
        PICTURE = "picture"

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="messages")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(Account, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    record = models.OneToOneField(SealedRecord, models.PROTECT)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "number"], name="message_numbered_once"
            ),
            models.CheckConstraint(name="messages_count_from_one", condition=Q(number__gte=1)),
        ]


def subject_of(consultation_id: uuid.UUID) -> str:
    """The subject of all entries about the consultation of this id."""
    return f"consultation/{consultation_id.hex}"
