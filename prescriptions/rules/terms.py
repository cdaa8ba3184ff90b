"""What rules are made of: a draft goes in, findings come out. Pure: no Django, no clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from prescriptions.facts import MedicineFacts


class Severity(StrEnum):
    """BLOCK: may not be issued. WARN: may, and the warning is recorded."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule has against a draft. ``field`` is a path into the draft."""

    rule: str
    instrument: str
    article: str
    confirmed: bool
    severity: Severity
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Prescriber:
    """What the hospital has entitled a doctor to, beyond the licence."""

    controlled: bool = False


@dataclass(frozen=True, slots=True)
class DraftLine:
    """
    One medicine of a draft.

    ``per_day`` counts doses (``facts.FREQUENCIES``), ``quantity`` dispensing units; ``route`` is a
    code of ``facts.ROUTES``, the medicine's own if empty.
    """

    medicine: MedicineFacts
    dose: Decimal
    dose_unit: str
    per_day: Fraction | None
    days: int
    quantity: int
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    All that the rules look at, and nothing that names a person.

    ``severe_pain``: cancer or severe chronic pain, with the documents of order 53, art. 21, on
    file. ``reason_for_overdose``: why a dose is above the usual one; the doctor's signature under
    the statement that carries it is the second one that art. 6 asks for.
    """

    online: bool
    emergency: bool = False
    long_term: bool = False
    reason_for_longer: str = ""
    patient_born: date
    weight_g: int | None = None
    pregnant: bool = False
    allergies: str = ""
    guardian_present: bool = False
    severe_pain: bool = False
    for_oneself: bool = False
    reason_for_overdose: str = ""
    prescriber: Prescriber = Prescriber()
    diagnoses: tuple[str, ...]
    lines: tuple[DraftLine, ...]


Fault = tuple[str, str]
"""Where in the draft, and what is wrong there, in Chinese."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What to look for on a legal day, and the article that asks for it."""

    id: str
    severity: Severity
    instrument: str
    article: str
    confirmed: bool
    faults: Callable[[Draft, date], Iterator[Fault]]

    def cited(self) -> str:
        """The article, with the word "unconfirmed" where it belongs."""
        return self.article if self.confirmed else f"{self.article} unconfirmed"

    def against(self, field: str, text: str) -> Finding:
        """One fault of a draft as a finding."""
        return Finding(
            self.id, self.instrument, self.cited(), self.confirmed, self.severity, field, text
        )


def lines_of(draft: Draft) -> Iterator[tuple[str, MedicineFacts, DraftLine]]:
    """Each line with its path in the draft and its medicine."""
    for index, line in enumerate(draft.lines):
        yield f"lines[{index}]", line.medicine, line
