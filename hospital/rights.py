"""
What a hospital has entitled a doctor to, beyond the licence. Pure: no Django, no clock.

An account stores it (``hospital.models.Account``); the rules of prescribing judge by it.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Title(StrEnum):
    """The professional title; an assistant's prescription counts when countersigned."""

    ASSISTANT = "assistant"
    RESIDENT = "resident"
    ATTENDING = "attending"
    ASSOCIATE_CHIEF = "associate_chief"
    CHIEF = "chief"


class Antimicrobials(StrEnum):
    """
    Which antimicrobials a doctor may prescribe; each grade includes those before it.

    Source: Measures for the Clinical Use of Antimicrobials (MoH Order 84, 2012), art. 24
    (unconfirmed).
    """

    NONE = "none"
    UNRESTRICTED = "unrestricted"
    RESTRICTED = "restricted"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """
    ``controlled``: narcotics and psychotropics of class I. ``practising_since``: the first day of
    independent practice, None if the hospital has not said.
    """

    title: Title = Title.ATTENDING
    trainee: bool = False
    controlled: bool = False
    antimicrobials: Antimicrobials = Antimicrobials.UNRESTRICTED
    practising_since: date | None = None
