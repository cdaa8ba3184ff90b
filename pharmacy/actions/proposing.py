"""
A pharmacist proposes another medicine for a line; nothing changes until the patient agrees.

The same: generic name, form, specification, and all by which a dose is measured, so that units of
one are units of the other and what the doctor has signed holds for both. Another maker's, then, or
another pack's name in the catalogue; what differs in any of this takes the doctor
(``requesting.ask``). What two pharmacists give out is not substituted.

Source: order 53, art. 17: prescriptions are written by the generic name (unconfirmed).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from hospital import errors, records
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from pharmacy import queries
from pharmacy.actions.dispensing import NotScanned
from pharmacy.models import Reservation, StockItem, Substitution
from pharmacy.substitutions import commitment
from prescriptions import lifecycle
from prescriptions.facts import TWO_PHARMACISTS
from prescriptions.models import Medicine, Prescription

SAME: Final = (
    *("generic_name", "form", "specification", "unit", "pack_size", "pack_unit"),
    *("strength", "strength_unit", "route", "control"),
)
"""What a substitute has in common with what it replaces, in the catalogue."""
BLIND = Substitution.Reason.OUT_OF_STOCK
"""The one reason for which nobody has to have seen the prescription."""


class NotTheSame(errors.Invalid):
    """It is another medicine, not the same of another maker; ask the doctor for a change."""

    code = "substitution.not_the_same"


class NoSuchItem(errors.Invalid):
    """Your pharmacy does not keep this medicine, or nothing is held for this line."""

    code = "substitution.unknown"


class WholeOnly(errors.Conflict):
    """What two pharmacists give out is not substituted."""

    code = "substitution.not_allowed"


class AlreadyProposed(errors.Conflict):
    """The patient has not answered the proposal before this one."""

    code = "substitution.already_proposed"


@dataclass(frozen=True, slots=True)
class Proposal:
    """``salt``: base64 of 16 bytes, with which the entry commits to line and medicine."""

    line: str
    medicine: str
    reason: str
    salt: str


def draw(
    prescription_id: UUID, proposal: Proposal, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement that proposes. Raises what ``propose`` raises."""
    prescription = lifecycle.find(prescription_id)
    lifecycle.check(prescription, lifecycle.SUBSTITUTE, by=by, at=at)
    facts, _ = _proposed(prescription, proposal, by, at)
    return lifecycle.propose(prescription, lifecycle.SUBSTITUTE, by=by, key=key, at=at, facts=facts)


@transaction.atomic(savepoint=False)
def propose(
    prescription_id: UUID, proposal: Proposal, signed: str, *, by: Actor, at: datetime
) -> tuple[Prescription, chain.Appended]:
    """
    Propose under the pharmacist's signature; the patient is told.

    Raises:
        NotTheSame, NoSuchItem, WholeOnly, AlreadyProposed, NotScanned, records.BadSalt, and what
        ``lifecycle.advance`` raises.
    """
    prescription = lifecycle.lock(prescription_id)
    lifecycle.check(prescription, lifecycle.SUBSTITUTE, by=by, at=at)
    facts, item = _proposed(prescription, proposal, by, at)
    entry = lifecycle.advance(
        prescription, lifecycle.SUBSTITUTE, by=by, at=at, signed=signed, facts=facts
    )
    Substitution.objects.create(
        prescription=prescription,
        line=proposal.line,
        item=item,
        reason=proposal.reason,
        pharmacist_id=by.account,
        salt=base64.b64decode(proposal.salt),
        commitment=facts["proposal"],
        proposed_at=at,
    )
    return prescription, entry


def _proposed(
    prescription: Prescription, proposal: Proposal, by: Actor, at: datetime
) -> tuple[dict[str, Any], StockItem]:
    if prescription.form in TWO_PHARMACISTS:
        raise WholeOnly
    scanned = queries.live_scan(prescription, by, at=at)
    if scanned is None and proposal.reason != BLIND:
        raise NotScanned
    if Substitution.objects.filter(prescription=prescription, answer="").exists():
        raise AlreadyProposed
    item = _item(prescription, proposal, by)
    salt = records.given_salt(proposal.salt)
    facts = {
        "proposal": commitment(salt, proposal.line, proposal.medicine),
        "reason": proposal.reason,
    }
    return facts | ({"scan": scanned.id.hex} if scanned else {}), item


def _item(prescription: Prescription, proposal: Proposal, by: Actor) -> StockItem:
    """The item of the own shelf, if it is the same as what is held for the line."""
    held = Reservation.objects.filter(
        prescription=prescription, state=Reservation.State.HELD, lines__has_key=proposal.line
    )
    reservation = held.select_related("item__medicine").first()
    item = (
        StockItem.objects.select_related("medicine")
        .filter(pharmacy_id=by.organisation_id, medicine_id=proposal.medicine)
        .first()
    )
    if reservation is None or item is None:
        raise NoSuchItem(field="medicine" if reservation else "line")
    if item.id == reservation.item_id or not _same(item.medicine, reservation.item.medicine):
        raise NotTheSame(field="medicine")
    return item


def _same(one: Medicine, other: Medicine) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in SAME)
