"""
The prescribing law as small pure functions: a draft goes in, findings come out.

``check`` runs every row of ``RULES``, in their order, over one draft. A finding of severity BLOCK
means that the draft may not be issued; WARN is shown to doctor and pharmacist and stands in the
ledger entry, together with ``VERSION``, so that anybody can later run the same rules over the
same draft. A new rule is a function that yields what is wrong, a row of its module's ``RULES``, and
another ``VERSION``; it never looks at another rule's findings.

    terms         what a draft, a rule and a finding are
    calendar      legal days, ages, the end of validity
    forms         on which form it is written
    prescribers   who may prescribe what
    prescribing   how much, of what, how it is written
    long_term     in how many parts, how far apart
    online        over the internet: to whom, for what, by whom
    sale          what pharmacies may not sell, over the internet or to whom
    controlled    narcotics, psychotropics, toxic medicines
    suitability   allergy, duplication, interactions, dose, age, pregnancy, route
    illness       kidneys, liver, lactation, diagnoses, skin test
    substances, contraindications    the tables of the two, with their sources; ``atc`` finds rows

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

from datetime import datetime

from prescriptions.facts import Form
from prescriptions.rules import (
    controlled,
    illness,
    long_term,
    online,
    prescribers,
    prescribing,
    sale,
    suitability,
)
from prescriptions.rules.calendar import (
    VALID_DAYS_MAX,
    age,
    kept_until,
    legal_day,
    valid_until,
    written_age,
)
from prescriptions.rules.forms import controls_of, form_of
from prescriptions.rules.prescribers import COUNTERSIGNATURE, countersigned
from prescriptions.rules.terms import (
    Consulted,
    Draft,
    DraftLine,
    Finding,
    Liver,
    Prescriber,
    Rule,
    Severity,
    SkinTest,
)
from prescriptions.rules.words import in_words

__all__ = [
    "COUNTERSIGNATURE",
    "RULES",
    "VALID_DAYS_MAX",
    "VERSION",
    "Consulted",
    "Draft",
    "DraftLine",
    "Finding",
    "Form",
    "Liver",
    "Prescriber",
    "Rule",
    "Severity",
    "SkinTest",
    "age",
    "blocked",
    "check",
    "controls_of",
    "countersigned",
    "form_of",
    "in_words",
    "kept_until",
    "legal_day",
    "valid_until",
    "written_age",
]

VERSION = "rx-rules/5"
RULES: tuple[Rule, ...] = (
    *prescribers.RULES,
    *prescribing.RULES,
    *long_term.RULES,
    *online.RULES,
    *sale.RULES,
    *controlled.RULES,
    *suitability.RULES,
    *illness.RULES,
)


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
