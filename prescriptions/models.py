"""Medicines and prescriptions as stored. What a prescription says lies sealed in its record."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from hospital.consultations.models import Consultation
from hospital.models import Account, Organisation, SealedRecord
from prescriptions import controlled, origins, places, rests, seconds, waiting
from prescriptions.contents import Content
from prescriptions.facts import Form
from prescriptions.medicines import Medicine as Medicine
from prescriptions.registers import Register as Register
from prescriptions.registers import Serial as Serial
from prescriptions.reviews import Review as Review


class Status(models.TextChoices):
    """
    PENDING: it waits for a countersignature. CHECKED: for the second of two reviewers. RETURNING: a
    parcel that could not be delivered is on its way back; UNDELIVERED: the pharmacy has it again.
    TAKEN_BACK: the patient has brought back all that was given out; RETURNED: to the doctor.
    """

    DRAFT = "draft"
    PENDING = "pending"
    ISSUED = "issued"
    CHECKED = "checked"
    RETURNED = "returned"
    APPROVED = "approved"
    AUTHORIZED = "authorized"
    PAID = "paid"
    DISPENSED = "dispensed"
    IN_TRANSIT = "in_transit"
    RETURNING = "returning"
    DELIVERED = "delivered"
    CLAIMED = "claimed"
    UNDELIVERED = "undelivered"
    TAKEN_BACK = "taken_back"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Way(models.TextChoices):
    """How the medicines reach the patient."""

    COLLECT = "collect"
    COURIER = "courier"


OPEN = (
    *(Status.PENDING, Status.ISSUED, Status.CHECKED, Status.RETURNED),
    *(Status.APPROVED, Status.AUTHORIZED, Status.PAID),
)
"""Nothing was dispensed yet, and time is running."""
CHOSEN = (
    *(Status.AUTHORIZED, Status.PAID, Status.DISPENSED),
    *(Status.IN_TRANSIT, Status.RETURNING, Status.DELIVERED, Status.CLAIMED, Status.TAKEN_BACK),
)
"""In these states the patient has chosen a pharmacy and a way."""
GIVEN = CHOSEN[2:]
"""In these states the medicines have left the shelf."""
NOT_GIVEN = (Status.APPROVED, Status.AUTHORIZED, Status.PAID)
"""In these states it waits for its patient, at a pharmacy or for the choice of one."""
COUNTS = (Status.ISSUED, Status.CHECKED, Status.APPROVED, *CHOSEN)
"""In these states the prescription has every doctor's signature that it needs."""


class Prescription(
    Content, places.Place, seconds.Seconds, origins.Origin, waiting.Waiting, rests.Rest
):
    """
    One prescription. Only ``prescriptions.lifecycle`` writes ``status``.

    A long-term prescription that is fetched in parts is a ``series`` of them, one for each issue.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.DRAFT, editable=False
    )
    patient = models.ForeignKey(Account, models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Account, models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    online = models.BooleanField()
    consultation = models.ForeignKey(Consultation, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    way = models.CharField(max_length=8, choices=Way.choices, blank=True)
    courier = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    payers = ArrayField(
        models.BigIntegerField(), default=list, help_text="whose feeds tell of a claim"
    )

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-created_at", "-id"], name="of_patient"),
            models.Index(fields=["doctor", "-created_at", "-id"], name="of_doctor"),
            models.Index(
                fields=["hospital", "created_at", "id"],
                name="awaiting_review",
                condition=Q(status__in=[Status.ISSUED, Status.CHECKED]),
            ),
            models.Index(
                fields=["hospital", "created_at", "id"],
                name="awaiting_countersignature",
                condition=Q(status=Status.PENDING),
            ),
            models.Index(
                fields=["pharmacy", "created_at", "id"],
                name="at_pharmacy",
                condition=Q(status__in=[Status.AUTHORIZED, Status.PAID, Status.DISPENSED]),
            ),
            models.Index(
                fields=["owed_by", "created_at", "id"],
                name="owed",
                condition=Q(status__in=NOT_GIVEN, owed_by__isnull=False),
            ),
            models.Index(fields=["valid_until"], name="may_lapse", condition=Q(status__in=OPEN)),
            *waiting.INDEXES,
        ]
        constraints = [
            models.CheckConstraint(
                name="chosen_pharmacy_and_way_go_together",
                condition=Q(status__in=CHOSEN, pharmacy__isnull=False) & ~Q(way="")
                | ~Q(status__in=CHOSEN),
            ),
            models.CheckConstraint(
                name="courier_exactly_when_couriered",
                condition=Q(way=Way.COURIER, courier__isnull=False)
                | (~Q(way=Way.COURIER) & Q(courier__isnull=True)),
            ),
            models.CheckConstraint(
                name="written_on_a_form_of_the_law",
                condition=Q(form__in=[form.value for form in Form]),
            ),
            models.CheckConstraint(
                name="narcotics_name_their_dispenser", condition=controlled.NAMES_DISPENSER
            ),
            models.CheckConstraint(
                name="narcotics_are_fetched_at_their_dispenser",
                condition=controlled.FETCHED_THERE,
            ),
            models.CheckConstraint(
                name="only_online_from_a_consultation",
                condition=Q(online=True) | Q(consultation__isnull=True),
            ),
            models.CheckConstraint(
                name="valid_after_creation",
                condition=Q(valid_until__gt=models.F("created_at")),
            ),
            *places.CONSTRAINTS,
            *seconds.constraints(counts=COUNTS, approved=(Status.APPROVED, *CHOSEN), given=GIVEN),
            *origins.CONSTRAINTS,
            *waiting.CONSTRAINTS,
            *rests.constraints(chosen=CHOSEN),
        ]

    @property
    def subject(self) -> str:
        """The subject of all entries about this prescription."""
        return f"rx/{self.id.hex}"


class Version(Content):
    """
    A content that is not in force: one that a change replaced, or one that waits to be signed.

    ``number`` counts the contents of a prescription in the order in which they were signed; the
    one in force stands in the prescription itself and has the number that is missing.
    """

    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    drafted_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prescription", "number"], name="version_numbered_once"
            ),
            models.UniqueConstraint(
                fields=["prescription"],
                condition=Q(replaced_at__isnull=True),
                name="one_version_waits",
            ),
            models.CheckConstraint(
                name="version_on_a_form_of_the_law",
                condition=Q(form__in=[form.value for form in Form]),
            ),
            models.CheckConstraint(
                name="version_of_narcotics_names_its_dispenser",
                condition=controlled.NAMES_DISPENSER,
            ),
        ]
        indexes = [
            models.Index(
                fields=["drafted_at"], condition=Q(replaced_at__isnull=True), name="waits_for_key"
            )
        ]


class ChangeRequest(models.Model):
    """
    A pharmacist asks the doctor to change a prescription; what is asked lies sealed.

    It is open while it has no answer and its prescription is authorized or paid.
    """

    class Reason(models.TextChoices):
        """In the words of NCPDP's RxChangeRequest and of the suitability review (Order 53)."""

        OUT_OF_STOCK = "out_of_stock"
        SUBSTITUTION = "substitution"
        DOSE = "dose"
        INTERACTION = "interaction"
        ALLERGY = "allergy"
        CLARIFICATION = "clarification"
        OTHER = "other"

    class Answer(models.TextChoices):
        NONE = ""
        CHANGE = "change"
        KEEP = "keep"
        WITHDRAWN = "withdrawn"

    class KeepReason(models.TextChoices):
        """Why the doctor leaves it as it is."""

        INTENDED = "intended"
        CLARIFIED = "clarified"
        PATIENT_WISHES = "patient_wishes"
        NO_ALTERNATIVE = "no_alternative"
        OTHER = "other"

    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="requests")
    pharmacist = models.ForeignKey(Account, models.PROTECT, related_name="+")
    pharmacy = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    record = models.OneToOneField(SealedRecord, models.PROTECT)
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=16, choices=Answer.choices, blank=True)
    keep_reason = models.CharField(max_length=16, choices=KeepReason.choices, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prescription"], condition=Q(answer=""), name="one_open_request"
            ),
            models.CheckConstraint(
                name="answered_when",
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="kept_for_a_reason",
                condition=(Q(answer="keep") & ~Q(keep_reason=""))
                | (~Q(answer="keep") & Q(keep_reason="")),
            ),
        ]
        indexes = [
            models.Index(fields=["pharmacy", "-asked_at", "-id"], name="asked_by_pharmacy"),
        ]

    @property
    def named(self) -> str:
        """How entries name it: its commitment, so that nobody alters what was asked."""
        return bytes(self.record.commitment).hex()
