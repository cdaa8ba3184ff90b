"""Another medicine for a line, proposed by a pharmacist; no decisions here."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hospital.models import Account
from ledger import commitments
from prescriptions.models import Prescription

SAID = "substitution"
"""What a proposal is called in the digest that commits to it."""


class Substitution(models.Model):
    """
    A pharmacist proposes an item of the shelf for a line, in place of the one that is held.

    Entries name it by ``commitment``, to line and medicine, salted: who reads the ledger alone does
    not learn what is proposed. It is open until the patient agrees or refuses, or the authorization
    ends.
    """

    class Reason(models.TextChoices):
        OUT_OF_STOCK = "out_of_stock"
        EXPIRING = "expiring"
        PRICE = "price"
        PATIENT_WISHES = "patient_wishes"
        OTHER = "other"

    class Answer(models.TextChoices):
        NONE = ""
        AGREED = "agreed"
        REFUSED = "refused"
        OVER = "over"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="substitutions")
    line = models.CharField(max_length=3)
    item = models.ForeignKey("pharmacy.StockItem", models.PROTECT, related_name="+")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    pharmacist = models.ForeignKey(Account, models.PROTECT, related_name="+")
    salt = models.BinaryField(max_length=commitments.SALT_SIZE)
    commitment = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prescription"], condition=Q(answer=""), name="one_open_substitution"
            ),
            models.CheckConstraint(
                name="a_substitution_is_answered_when",
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
            ),
        ]


def commitment(salt: bytes, line: str, medicine: str) -> str:
    """What entries call the proposal: 64 hex digits, which only who has the salt can open."""
    return commitments.digest(salt, SAID, {"line": line, "medicine": medicine}).hex()
