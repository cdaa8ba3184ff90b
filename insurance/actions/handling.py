"""Who may decide on a claim that waits for a person, or on a large one: four eyes of the payer."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from hospital import errors
from hospital.roles import Actor, Role
from insurance import queries_claims
from insurance.models import Bill, ClaimLimit

FIELD_MISSING = "field_missing"


class AwaitsPerson(errors.Conflict):
    """This claim waits for an officer; a program does not decide on it."""

    code = "claim.awaits_person"


class SamePerson(errors.Forbidden):
    """You have had a hand in this claim: another officer decides."""

    code = "claim.same_person"


class FourEyes(errors.Forbidden):
    """It is above your payer's limit: an officer refers it, and another one decides."""

    code = "claim.four_eyes"


class StillAsked(errors.Conflict):
    """Nothing is missing yet: the patient was not asked for it, or may still answer."""

    code = "claim.still_asked"


class Ruling(Protocol):
    """As ``actions.claims.Ruling``."""

    @property
    def approved_fen(self) -> int: ...
    @property
    def reason(self) -> str: ...


def check(bill: Bill, ruling: Ruling, by: Actor, at: datetime) -> None:
    """
    May ``by`` decide so on this bill?

    Raises:
        AwaitsPerson, SamePerson, FourEyes, StillAsked: see each.
    """
    found = queries_claims.pending(bill, by.organisation_id)
    if found is not None and by.role is not Role.OFFICER:
        raise AwaitsPerson
    if found is not None and by.person in found.barred:
        raise SamePerson
    if ruling.approved_fen > limit_of(by.organisation_id) and not (found and found.seconded):
        raise FourEyes(limit_fen=limit_of(by.organisation_id))
    if ruling.reason == FIELD_MISSING:
        withheld = found is not None and found.withheld_at is not None
        lapsed = found is not None and found.field_until is not None and at >= found.field_until
        if not (withheld or lapsed):
            raise StillAsked


def limit_of(payer: int) -> int:
    """Fen above which this payer's decision takes two persons."""
    rows = ClaimLimit.objects.filter(payer_id=payer).values_list("four_eyes_fen", flat=True)
    found = rows.first()
    return ClaimLimit.USUAL_FEN if found is None else found
