"""
The prescribing law as small pure functions: a draft goes in, findings come out.

``check`` runs every row of ``RULES``, in their order, over one draft. A finding of severity BLOCK
means that the draft may not be issued; WARN is shown to doctor and pharmacist and stands in the
ledger entry, together with ``VERSION``, so that anybody can later run the same rules over the
same draft. A new rule is a function that yields what is wrong, a row of ``RULES``, and another
``VERSION``; it never looks at another rule's findings.

What it does not do: interactions, allergies, pregnancy, dose ceilings, the days that narcotics
are limited to (order 53, art. 23 and 24 unconfirmed), and who may prescribe at all.

``confirmed`` is True where article and content were seen in a source. Otherwise the article's
number is from memory, and the word "unconfirmed" stands in ``Finding.article``.

Decisions where the law is silent (legal days are Asia/Shanghai days throughout):
    Validity: the day of issue is day 1, and the last day ends at its 24:00.
    Age: a year of life is complete when the birthday begins; who was born on 29 February
    completes it on 1 March in common years, the later day being the one that protects a child.
    "6 岁以下" is read as "younger than six".
    Kinds of medicine are counted by generic name.
    A stated reason lengthens an ordinary or emergency prescription to 28 days at most; what is
    longer has to be a long-term prescription, and from the 29th day on that needs a reason too.
    Medicines against tuberculosis (ATC J04) are the antimicrobials allowed for the long term.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from hospital.units import SHANGHAI
from prescriptions.facts import Control, MedicineFacts, packs_needed

VERSION = "rx-rules/1"


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

    ``per_day`` counts doses (``facts.FREQUENCIES``), ``quantity`` dispensing units.
    """

    medicine: MedicineFacts
    dose: Decimal
    dose_unit: str
    per_day: Fraction | None
    days: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that the rules look at, and nothing that names a person."""

    online: bool
    emergency: bool = False
    long_term: bool = False
    reason_for_longer: str = ""
    patient_born: date
    guardian_present: bool = False
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


MEDICINES_MAX = 5
DAYS_ORDINARY, DAYS_EMERGENCY = 7, 3
DAYS_WITH_REASON, DAYS_LONG_TERM_MAX = 28, 84
GUARDED_BELOW_YEARS = 6
VALID_DAYS_MAX = 3
ATC_LEVEL_5 = 7


def check(draft: Draft, at: datetime) -> tuple[Finding, ...]:
    """
    Run every rule over ``draft`` as of ``at`` (aware).

    Raises:
        ValueError: ``at`` is naive.
    """
    on = legal_day(at)
    return tuple(
        rule.against(field, text) for rule in RULES for field, text in rule.faults(draft, on)
    )


def blocked(findings: tuple[Finding, ...]) -> bool:
    """Whether any finding forbids to issue."""
    return any(finding.severity is Severity.BLOCK for finding in findings)


def legal_day(at: datetime) -> date:
    """
    The Asia/Shanghai day on which an aware moment falls.

    Raises:
        ValueError: ``at`` is naive.
    """
    if at.utcoffset() is None:
        raise ValueError("a moment without a time zone falls on no legal day")
    return at.astimezone(SHANGHAI).date()


def age(born: date, on: date) -> int:
    """Completed years of life on a legal day; negative before birth."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def valid_until(issued_at: datetime, days: int) -> datetime:
    """
    The first moment (aware, UTC) at which a prescription issued at ``issued_at`` is void.

    The day of issue is day 1, and day ``days`` ends at 24:00 Asia/Shanghai.

    Raises:
        ValueError: ``days`` is not 1, 2 or 3, or ``issued_at`` is naive.

    Source: order 53, art. 18: valid on the day; the doctor may extend it to 3 days at most.
    """
    if not 1 <= days <= VALID_DAYS_MAX:
        raise ValueError(f"a prescription is valid for 1 to {VALID_DAYS_MAX} days, not {days}")
    void_on = legal_day(issued_at) + timedelta(days=days)
    return datetime.combine(void_on, time(), SHANGHAI).astimezone(UTC)


def too_many_medicines(draft: Draft, on: date) -> Iterator[Fault]:
    """More than five medicines."""
    kinds = len({line.medicine.generic_name for line in draft.lines})
    if kinds > MEDICINES_MAX:
        yield "lines", f"每张处方不得超过{MEDICINES_MAX}种药品，本方有{kinds}种。"


def too_many_days(draft: Draft, on: date) -> Iterator[Fault]:
    """More than seven days, in an emergency three; with a stated reason, more than 28."""
    if draft.long_term:
        return
    usual = DAYS_EMERGENCY if draft.emergency else DAYS_ORDINARY
    allowed = DAYS_WITH_REASON if draft.reason_for_longer.strip() else usual
    kind = "急诊处方" if draft.emergency else "处方"
    for field, medicine, line in _lines(draft):
        if line.days > allowed:
            limit = f"{kind}一般不得超过{usual}日用量，注明理由可延长至{DAYS_WITH_REASON}日"
            yield f"{field}.days", f"{limit}；{medicine.generic_name}开具了{line.days}日。"


def too_many_long_term_days(draft: Draft, on: date) -> Iterator[Fault]:
    """A long-term prescription over four weeks, or with a stated reason over twelve."""
    if not draft.long_term:
        return
    allowed = DAYS_LONG_TERM_MAX if draft.reason_for_longer.strip() else DAYS_WITH_REASON
    for field, medicine, line in _lines(draft):
        if line.days > allowed:
            limit = f"长期处方不超过{DAYS_WITH_REASON}日用量，注明理由可至{DAYS_LONG_TERM_MAX}日"
            yield f"{field}.days", f"{limit}；{medicine.generic_name}开具了{line.days}日。"


def not_for_long_term(draft: Draft, on: date) -> Iterator[Fault]:
    """A controlled medicine or an antimicrobial in a long-term prescription."""
    if not draft.long_term:
        return
    for field, medicine, _ in _lines(draft):
        tuberculosis = medicine.atc.startswith("J04")
        if medicine.control is not Control.NONE or (medicine.antimicrobial and not tuberculosis):
            name = medicine.generic_name
            yield f"{field}.medicine", f"{name}属特殊管理药品或抗微生物药物，不得用于长期处方。"


def controlled_online(draft: Draft, on: date) -> Iterator[Fault]:
    """A controlled medicine prescribed over the internet."""
    for field, medicine, _ in _lines(draft):
        if draft.online and medicine.control is not Control.NONE:
            name = medicine.generic_name
            yield f"{field}.medicine", f"{name}属特殊管理药品，不得在互联网上开具处方。"


def controlled_unentitled(draft: Draft, on: date) -> Iterator[Fault]:
    """A narcotic or a class I psychotropic by a doctor without the right to prescribe it."""
    for field, medicine, _ in _lines(draft):
        strictest = medicine.control in (Control.NARCOTIC, Control.PSYCHOTROPIC_1)
        if strictest and not draft.prescriber.controlled:
            missing = "医师未取得麻醉药品和第一类精神药品处方权"
            yield f"{field}.medicine", f"{missing}，不得开具{medicine.generic_name}。"


def child_without_guardian(draft: Draft, on: date) -> Iterator[Fault]:
    """An online prescription for a child under six with no guardian (and specialist) present."""
    small = age(draft.patient_born, on) < GUARDED_BELOW_YEARS
    if draft.online and small and not draft.guardian_present:
        yield (
            "guardian_present",
            f"为{GUARDED_BELOW_YEARS}岁以下儿童在互联网上开具处方，应当有监护人和相关专业医师陪伴。",
        )


def no_diagnosis(draft: Draft, on: date) -> Iterator[Fault]:
    """No diagnosis."""
    if not any(code.strip() for code in draft.diagnoses):
        yield "diagnoses", "除特殊情况外，处方应当注明临床诊断。"


def same_medicine_twice(draft: Draft, on: date) -> Iterator[Fault]:
    """The same generic name, or the same substance (ATC level 5), a second time."""
    seen: set[str] = set()
    for field, medicine, _ in _lines(draft):
        substance = {medicine.atc} if len(medicine.atc) == ATC_LEVEL_5 else set()
        if seen & (itself := {medicine.generic_name} | substance):
            yield f"{field}.medicine", f"重复给药：{medicine.generic_name}与前列药品为同一成分。"
        seen |= itself


def more_than_needed(draft: Draft, on: date) -> Iterator[Fault]:
    """More whole packages than dose, frequency and days take."""
    for field, medicine, line in _lines(draft):
        need = packs_needed(medicine, line.dose, line.dose_unit, line.per_day, line.days)
        if need is not None and line.quantity > need:
            wanted = f"{medicine.generic_name}{line.days}日需{need}{medicine.unit}"
            yield f"{field}.quantity", f"{wanted}，开具了{line.quantity}{medicine.unit}。"


def _lines(draft: Draft) -> Iterator[tuple[str, MedicineFacts, DraftLine]]:
    for index, line in enumerate(draft.lines):
        yield f"lines[{index}]", line.medicine, line


BLOCK, WARN = Severity.BLOCK, Severity.WARN
ORDER_53 = "处方管理办法"
ONLINE = "互联网诊疗管理办法（试行）"
LONG_TERM = "长期处方管理规范（试行）"

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.five_drugs",           BLOCK, ORDER_53,  "第六条",     True,  too_many_medicines),
    Rule("rx.days_supply",          BLOCK, ORDER_53,  "第十九条",   False, too_many_days),
    Rule("rx.long_term_days",       BLOCK, LONG_TERM, "条号",       False, too_many_long_term_days),
    Rule("rx.long_term_excluded",   BLOCK, LONG_TERM, "第五条",     False, not_for_long_term),
    Rule("rx.controlled_online",    BLOCK, ONLINE,    "第十九条",   True,  controlled_online),
    Rule("rx.controlled_right",     BLOCK, ORDER_53,  "第十一条",   False, controlled_unentitled),
    Rule("rx.child_needs_guardian", BLOCK, ONLINE,    "第十九条",   True,  child_without_guardian),
    Rule("rx.diagnosis_missing",    BLOCK, ORDER_53,  "第六条",     False, no_diagnosis),
    Rule("rx.duplicate_medicine",   BLOCK, ORDER_53,  "第三十五条", False, same_medicine_twice),
    Rule("rx.quantity_above_need",  WARN,  ORDER_53,  "第十九条",   False, more_than_needed),
)
# fmt: on
