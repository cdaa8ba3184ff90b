"""A pharmacy cannot serve: the authorization is over, and the patient chooses another."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models, transaction

from hospital.roles import Actor
from insurance.actions import checkout
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle, seconds
from prescriptions.actions import answering
from prescriptions.models import ChangeRequest, Prescription


class DeclineReason(models.TextChoices):
    """Why the pharmacy gives nothing of it out."""

    OUT_OF_STOCK = "out_of_stock"
    UNSUITABLE = "unsuitable"
    DOUBTFUL = "doubtful"
    NOT_COLLECTED = "not_collected"
    OTHER = "other"


def draw(prescription_id: UUID, reason: str, *, by: Actor, key: str, at: datetime) -> Statement:
    prescription = lifecycle.find(prescription_id)
    return lifecycle.propose(
        prescription, lifecycle.DECLINE, by=by, key=key, at=at, facts={"reason": reason}
    )


@transaction.atomic(savepoint=False)
def decline(
    prescription_id: UUID, reason: str, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    End the authorization under a pharmacist's signature: stock returns to the shelf, the bill is
    void, a payment is owed back, the patient is told. Whatever was asked or proposed is over.

    Raises what ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    request = answering.open_request(prescription)
    entry = lifecycle.advance(
        prescription,
        lifecycle.DECLINE,
        by=by,
        at=at,
        signed=signed,
        facts={"reason": reason},
        pharmacy=None,
        way="",
        courier=None,
        chosen=None,
        **seconds.UNCHECKED,
    )
    checkout.clear(prescription, at=at)
    answering.close(request, ChangeRequest.Answer.WITHDRAWN, at=at)
    return prescription, entry
