"""Corrections as stored: which record is disputed, and what came of it; the words are sealed."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from hospital.models import Account, Organisation, SealedRecord

FAMILY = "correction"
START = "unknown"
"""Where one stands that nobody has asked for; no row has it."""


class State(models.TextChoices):
    """TURNED: the regulator has turned the refusal; UPHELD: has let it stand."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    APPEALED = "appealed"
    UPHELD = "upheld"
    TURNED = "turned"
    WITHDRAWN = "withdrawn"


class Reason(models.TextChoices):
    """Why a doctor leaves a record as it is."""

    CORRECT = "correct"
    UNPROVEN = "unproven"
    CHANGED = "changed"
    OTHER = "other"


S = State
OPEN = (S.ASKED, S.APPEALED)
"""Somebody has to answer."""
_REFUSED = (S.REFUSED, S.APPEALED, S.UPHELD, S.TURNED)
_ANSWERED = (S.ACCEPTED, *_REFUSED)
_APPEALED = (S.APPEALED, S.UPHELD, S.TURNED)
_DECIDED = (S.UPHELD, S.TURNED)


def _together(*names: str, there: tuple[State, ...], absent: tuple[State, ...]) -> Q:
    """All of these columns are filled or none; in these states they are, in those they are not."""
    filled = Q(**{f"{name}__isnull": False for name in names}) & ~Q(state__in=absent)
    empty = Q(**{f"{name}__isnull": True for name in names}) & ~Q(state__in=there)
    return filled | empty


class Correction(models.Model):
    """
    A patient's word that a record is wrong. Only ``corrections.lifecycle`` writes ``state``.

    ``of`` is the disputed record, which stays as it is, and ``about`` the subject that it belongs
    to; ``author`` is the doctor who wrote it. ``request``, ``answer`` (the amendment, or why there
    is none) and ``appeal`` (the statement of disagreement) are sealed, each with a commitment.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    state = models.CharField(
        max_length=9, choices=State.choices, default=State.ASKED, editable=False
    )
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    author = models.ForeignKey(Account, models.PROTECT, related_name="+")
    about = models.CharField(max_length=60)
    of = models.ForeignKey(SealedRecord, models.PROTECT, related_name="corrections")
    request = models.OneToOneField(SealedRecord, models.PROTECT, related_name="requested_in")
    created_at = models.DateTimeField()
    answer_until = models.DateTimeField()
    answer = models.OneToOneField(
        SealedRecord, models.PROTECT, null=True, related_name="answered_in"
    )
    answerer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=8, choices=Reason.choices, blank=True)
    appeal_until = models.DateTimeField(null=True)
    appeal = models.OneToOneField(
        SealedRecord, models.PROTECT, null=True, related_name="appealed_in"
    )
    appealed_at = models.DateTimeField(null=True)
    decider = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["of"], condition=Q(state__in=OPEN), name="one_open_correction"
            ),
            models.CheckConstraint(
                name="correction_asked_before_its_term",
                condition=Q(created_at__lt=models.F("answer_until")),
            ),
            models.CheckConstraint(
                name="correction_answered_by_somebody",
                condition=_together(
                    *("answer", "answerer", "answered_at"), there=_ANSWERED, absent=(S.ASKED,)
                ),
            ),
            models.CheckConstraint(
                name="correction_refused_for_a_reason",
                condition=Q(reason="", appeal_until__isnull=True) & ~Q(state__in=_REFUSED)
                | ~Q(reason="")
                & Q(appeal_until__isnull=False)
                & ~Q(state__in=(S.ASKED, S.ACCEPTED)),
            ),
            models.CheckConstraint(
                name="correction_appealed_in_words",
                condition=_together(
                    *("appeal", "appealed_at"),
                    there=_APPEALED,
                    absent=(S.ASKED, S.ACCEPTED, S.REFUSED),
                ),
            ),
            models.CheckConstraint(
                name="correction_decided_by_somebody",
                condition=Q(state__in=_DECIDED, decider__isnull=False, decided_at__isnull=False)
                | Q(decider__isnull=True, decided_at__isnull=True) & ~Q(state__in=_DECIDED),
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-created_at", "-id"], name="corrections_of_patient"),
            models.Index(
                fields=["hospital", "created_at", "id"],
                name="corrections_to_answer",
                condition=Q(state=S.ASKED),
            ),
            models.Index(
                fields=["created_at", "id"],
                name="corrections_to_oversee",
                condition=Q(state__in=OPEN),
            ),
        ]

    @property
    def subject(self) -> str:
        """The subject of all entries about it."""
        return f"{FAMILY}/{self.id.hex}"

    def is_overdue(self, at: datetime) -> bool:
        """The hospital has let its term pass."""
        return self.state == State.ASKED and at >= self.answer_until
