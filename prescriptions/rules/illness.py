"""
A draft against the patient's illness: kidneys, liver, lactation, diagnoses, skin test.

They are points of the pharmacist's review as well (order 53, art. 35, number unconfirmed); the
tables are in ``contraindications``.

Decisions: what was not measured or noted is not judged. A diagnosis speaks for what it stands for,
whether main or not; the unspecific codes of symptoms (R) and encounters (Z) justify any medicine.
A positive skin test blocks; a missing one only warns, since the test is often made when the
medicine is given.
"""

from collections.abc import Iterator
from datetime import date

from hospital.rights import Antimicrobials
from prescriptions.facts import MedicineFacts
from prescriptions.rules import contraindications as tables
from prescriptions.rules.suitability import is_systemic
from prescriptions.rules.terms import (
    Draft,
    DraftLine,
    Fault,
    Liver,
    Rule,
    Severity,
    SkinTest,
    lines_of,
)

_CLASSES = tuple(Liver)
UNSPECIFIC = ("R", "Z")


def harms_with_weak_kidneys(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that kidneys as weak as these do not bear."""
    yield from _kidneys(draft, Severity.BLOCK)


def needs_care_with_weak_kidneys(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that needs care with kidneys as weak as these."""
    yield from _kidneys(draft, Severity.WARN)


def harms_a_weak_liver(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that a liver as weak as this does not bear."""
    yield from _liver(draft, Severity.BLOCK)


def needs_care_with_a_weak_liver(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that needs care with a liver as weak as this."""
    yield from _liver(draft, Severity.WARN)


def harms_the_nursed(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that nursing mothers must not have."""
    yield from _lactation(draft, Severity.BLOCK)


def may_harm_the_nursed(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that nursing mothers should rather not have."""
    yield from _lactation(draft, Severity.WARN)


def forbidden_by_diagnosis(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that must not be given in an illness that was diagnosed."""
    yield from _diagnoses(draft, Severity.BLOCK)


def risky_by_diagnosis(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine that needs care in an illness that was diagnosed."""
    yield from _diagnoses(draft, Severity.WARN)


def not_indicated(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine of a group for which no diagnosis speaks."""
    if not draft.diagnoses or any(_is(code, UNSPECIFIC) for code in draft.diagnoses):
        return
    for field, medicine, _ in _systemic(draft):
        for row in tables.indications(medicine.atc):
            if not any(_is(code, row.diagnoses) for code in draft.diagnoses):
                yield f"{field}.medicine", f"{medicine.generic_name}与临床诊断不符，请核实适应证。"


def against_viruses(draft: Draft, on: date) -> Iterator[Fault]:
    """An antimicrobial against bacteria or fungi while all diagnoses are of viruses."""
    viral = [_is(code, tables.VIRAL) for code in draft.diagnoses]
    if not viral or not all(viral):
        return
    for field, medicine, _ in _systemic(draft):
        if medicine.antimicrobial_grade is not Antimicrobials.NONE:
            name = medicine.generic_name
            yield f"{field}.medicine", f"诊断为病毒性感染，无应用抗菌药物{name}的指征。"


def skin_test_positive(draft: Draft, on: date) -> Iterator[Fault]:
    """A medicine to which the patient's skin test was positive."""
    for field, medicine, line in lines_of(draft):
        if line.skin_test is SkinTest.POSITIVE:
            yield f"{field}.skin_test", f"{medicine.generic_name}皮试阳性，禁止使用。"


def skin_test_missing(draft: Draft, on: date) -> Iterator[Fault]:
    """A penicillin without a note on the skin test."""
    for field, medicine, line in _systemic(draft):
        tested = medicine.atc.startswith(tables.SKIN_TESTED)
        if tested and line.skin_test is SkinTest.NONE:
            yield f"{field}.skin_test", f"{medicine.generic_name}须做皮试，请注明皮试及结果的判定。"


# --- looking up -----------------------------------------------------------------------------


def _systemic(draft: Draft) -> Iterator[tuple[str, MedicineFacts, DraftLine]]:
    return (one for one in lines_of(draft) if is_systemic(one[2]))


def _is(code: str, categories: tuple[str, ...]) -> bool:
    return code.strip().upper().startswith(categories)


def _word(severity: Severity) -> str:
    return "禁" if severity is Severity.BLOCK else "慎"


def _kidneys(draft: Draft, severity: Severity) -> Iterator[Fault]:
    if draft.egfr is None:
        return
    for field, medicine, _ in _systemic(draft):
        for row in tables.kidneys(medicine.atc):
            if row.severity is severity and draft.egfr < row.below_ml_min:
                limit = f"肾小球滤过率（肌酐清除率）低于{row.below_ml_min}ml/min时"
                said = f"{limit}{_word(severity)}用{medicine.generic_name}"
                yield f"{field}.medicine", f"{said}，患者为{draft.egfr}（{row.source}）。"


def _liver(draft: Draft, severity: Severity) -> Iterator[Fault]:
    if draft.liver is Liver.NONE:
        return
    for field, medicine, _ in _systemic(draft):
        for row in tables.liver(medicine.atc):
            worse = _CLASSES.index(draft.liver) >= _CLASSES.index(row.since)
            if row.severity is severity and worse:
                said = f"肝功能不全（Child-Pugh {draft.liver.upper()}级）"
                named = f"{said}{_word(severity)}用{medicine.generic_name}"
                yield f"{field}.medicine", f"{named}（{row.source}）。"


def _lactation(draft: Draft, severity: Severity) -> Iterator[Fault]:
    if not draft.lactating:
        return
    for field, medicine, _ in _systemic(draft):
        rows = tables.lactation(medicine.atc)
        if any(row.severity is severity for row in rows):
            yield f"{field}.medicine", f"哺乳期{_word(severity)}用{medicine.generic_name}。"


def _diagnoses(draft: Draft, severity: Severity) -> Iterator[Fault]:
    for field, medicine, _ in _systemic(draft):
        for row in tables.diagnoses(medicine.atc):
            if row.severity is severity and any(_is(one, row.diagnoses) for one in draft.diagnoses):
                said = f"{row.illness}患者{_word(severity)}用{medicine.generic_name}"
                yield f"{field}.medicine", f"{said}（{row.source}）。"


BLOCK, WARN = Severity.BLOCK, Severity.WARN
ORDER_53, ARTICLE = "处方管理办法", "第三十五条"

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.kidneys",            BLOCK, ORDER_53, ARTICLE, False, harms_with_weak_kidneys),
    Rule("rx.kidneys_care",       WARN,  ORDER_53, ARTICLE, False, needs_care_with_weak_kidneys),
    Rule("rx.liver",              BLOCK, ORDER_53, ARTICLE, False, harms_a_weak_liver),
    Rule("rx.liver_care",         WARN,  ORDER_53, ARTICLE, False, needs_care_with_a_weak_liver),
    Rule("rx.lactation",          BLOCK, ORDER_53, ARTICLE, False, harms_the_nursed),
    Rule("rx.lactation_care",     WARN,  ORDER_53, ARTICLE, False, may_harm_the_nursed),
    Rule("rx.disease",            BLOCK, ORDER_53, ARTICLE, False, forbidden_by_diagnosis),
    Rule("rx.disease_care",       WARN,  ORDER_53, ARTICLE, False, risky_by_diagnosis),
    Rule("rx.indication",         WARN,  ORDER_53, ARTICLE, False, not_indicated),
    Rule("rx.viral_antibiotic",   WARN,  ORDER_53, ARTICLE, False, against_viruses),
    Rule("rx.skin_test_positive", BLOCK, ORDER_53, ARTICLE, False, skin_test_positive),
    Rule("rx.skin_test",          WARN,  ORDER_53, ARTICLE, False, skin_test_missing),
)
# fmt: on
