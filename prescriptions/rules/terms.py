"""What rules are made of: a draft goes in, findings come out. Pure: no Django, no clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache

from hospital.rights import Rights
from prescriptions.facts import MedicineFacts


class Severity(StrEnum):
    """BLOCK: may not be issued. WARN: may, and the warning is recorded."""

    BLOCK = "block"
    WARN = "warn"


class SkinTest(StrEnum):
    """
    What is known of a skin test before the medicine (皮试); empty if nothing was noted.

    EXEMPT: not due, since the patient is in the middle of a course without reaction.
    """

    NONE = ""
    NEGATIVE = "negative"
    POSITIVE = "positive"
    EXEMPT = "exempt"


class Liver(StrEnum):
    """How much the liver suffers, by Child and Pugh; empty if nothing was noted."""

    NONE = ""
    MILD = "a"
    MODERATE = "b"
    SEVERE = "c"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescriber(Rights):
    """
    Who prescribes: what the hospital has entitled the doctor to, and where the doctor works.

    ``registered``: licensed, and at work at the hospital that issues. ``paediatric``: of a
    department for children.
    """

    registered: bool = True
    paediatric: bool = False


@dataclass(frozen=True, slots=True)
class DraftLine:
    """
    One medicine of a draft.

    ``per_day`` counts doses (``facts.FREQUENCIES``), ``quantity`` dispensing units; ``route`` is a
    code of ``facts.ROUTES``, the medicine's own if empty. ``note`` is what the patient reads of how
    to use it.
    """

    medicine: MedicineFacts
    dose: Decimal
    dose_unit: str
    per_day: Fraction | None
    days: int
    quantity: int
    route: str = ""
    note: str = ""
    skin_test: SkinTest = SkinTest.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulted:
    """
    The open online consultation of this doctor with this patient.

    ``follow_up``: the doctor has seen evidence of an earlier diagnosis and signed so. ``known`` are
    those of the draft's diagnoses that are among the earlier ones.
    """

    follow_up: bool
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    All that the rules look at, and nothing that names a person.

    ``severe_pain``: cancer or severe chronic pain, with the documents of order 53, art. 21, on
    file. ``reason_for_overdose``: why a dose is above the usual one; the doctor's signature under
    the statement that carries it is the second one that art. 6 asks for. ``guardian_present`` is
    what the doctor signed when accepting the consultation. ``egfr``: the kidneys' filtration, or
    the clearance of creatinine, in ml/min (per 1.73 m²), None if not measured. ``issues``: in how
    many parts a long-term prescription is fetched, each as much as the lines say, ``interval_days``
    apart.
    """

    online: bool
    consulted: Consulted | None = None
    emergency: bool = False
    long_term: bool = False
    issues: int = 1
    interval_days: int | None = None
    reason_for_longer: str = ""
    patient_born: date
    weight_g: int | None = None
    pregnant: bool = False
    lactating: bool = False
    egfr: int | None = None
    liver: Liver = Liver.NONE
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
        yield _path(index), line.medicine, line


@cache
def _path(index: int) -> str:
    return f"lines[{index}]"
