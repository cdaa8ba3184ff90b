"""
A pharmacist asks the doctor to change a prescription; nothing changes until the doctor answers.

Who asks has seen the prescription under the patient's code. That the shelf lacks something is known
without it: the pharmacy keeps the stock that it reserved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hospital import errors, records
from hospital.roles import Actor
from ledger import chain, commitments
from ledger.entry import Statement
from pharmacy import queries
from pharmacy.actions.dispensing import NotScanned
from prescriptions import lifecycle
from prescriptions.actions import answering
from prescriptions.actions.answering import REQUEST
from prescriptions.actions.judging import UnknownMedicine
from prescriptions.models import ChangeRequest, Medicine, Prescription

BLIND = ChangeRequest.Reason.OUT_OF_STOCK
"""The one reason for which nobody has to have seen the prescription."""


class AlreadyAsked(errors.Conflict):
    """The doctor has not answered the request before this one."""

    code = "change.already_asked"


@dataclass(frozen=True, slots=True)
class Question:
    """
    What the pharmacist asks for. ``lines`` propose: number, medicine's code, dispensing units.

    ``salt`` is base64 of 16 bytes: with it the statement commits to words and lines, which stay
    sealed, so that nobody can put others there afterwards.
    """

    reason: str
    words: str
    lines: Sequence[dict[str, Any]]
    salt: str

    @property
    def sealed(self) -> dict[str, Any]:
        return {"words": self.words, "lines": [dict(line) for line in self.lines]}


def draw(
    prescription_id: UUID, question: Question, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement that asks. Raises what ``ask`` raises."""
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.ASK_CHANGE, by=by, at=at)
    facts = _facts(prescription, question, by, at)
    return lifecycle.propose(prescription, lifecycle.ASK_CHANGE, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def ask(
    prescription_id: UUID, question: Question, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Ask under the pharmacist's signature.

    Raises:
        NotScanned, AlreadyAsked, records.BadSalt, UnknownMedicine: see each; and what
        ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.ASK_CHANGE, by=by, at=at)
    facts = _facts(prescription, question, by, at)
    entry = lifecycle.advance(
        prescription, lifecycle.ASK_CHANGE, by=by, at=at, signed=signed, facts=facts
    )
    ChangeRequest.objects.create(
        prescription=prescription,
        pharmacist_id=by.account,
        pharmacy_id=by.organisation_id,
        reason=question.reason,
        record=records.seal(
            {REQUEST: question.sealed}, {REQUEST: records.given_salt(question.salt)}
        ),
        asked_at=at,
    )
    return prescription, entry


def _facts(
    prescription: Prescription, question: Question, by: Actor, at: datetime
) -> dict[str, Any]:
    scan = queries.live_scan(prescription, by, at=at)
    if scan is None and question.reason != BLIND:
        raise NotScanned
    if answering.open_request(prescription) is not None:
        raise AlreadyAsked
    _check_medicines(question)
    digest = commitments.digest(records.given_salt(question.salt), REQUEST, question.sealed)
    return {
        "reason": question.reason,
        "request": commitments.commit([digest]).hex(),
        **({"scan": scan.id.hex} if scan else {}),
    }


def _check_medicines(question: Question) -> None:
    """Raises ``UnknownMedicine`` unless the catalogue has all that is proposed."""
    proposed = [line["medicine"] for line in question.lines]
    known = set(Medicine.objects.filter(code__in=proposed).values_list("code", flat=True))
    for place, code in enumerate(proposed):
        if code not in known:
            raise UnknownMedicine(field=f"lines[{place}].medicine")
