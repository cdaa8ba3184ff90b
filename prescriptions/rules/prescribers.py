"""
Who may prescribe what: registration, countersignature, antimicrobials by their grade.

The right to narcotics is in ``controlled``, the internet in ``online``.

Decisions: registered is who is licensed and at work at the hospital that issues; a doctor with a
second place of work has a second account there. An emergency lets a doctor use an antimicrobial
above the own grade for one day, and is no outpatient visit (门诊), from which those of the special
grade are kept.
"""

from collections.abc import Iterator
from datetime import date

from hospital.rights import Antimicrobials, Rights, Title
from prescriptions.facts import MedicineFacts
from prescriptions.rules.terms import Draft, DraftLine, Fault, Rule, Severity, lines_of

COUNTERSIGNATURE = "rx.countersignature"
"""The rule by whose warning an entry says that it counts only when countersigned."""
DAYS_ABOVE_GRADE = 1
GRADES = {
    Antimicrobials.UNRESTRICTED: "非限制使用级",
    Antimicrobials.RESTRICTED: "限制使用级",
    Antimicrobials.SPECIAL: "特殊使用级",
}
_RANK = {grade: rank for rank, grade in enumerate(Antimicrobials)}


def countersigned(prescriber: Rights) -> bool:
    """Whether the doctor's prescriptions count only when another doctor has signed them too."""
    return prescriber.trainee or prescriber.title is Title.ASSISTANT


def not_registered(draft: Draft, on: date) -> Iterator[Fault]:
    """A doctor without a licence, or one who does not work at the hospital that issues."""
    if not draft.prescriber.registered:
        yield "prescriber", "医师未在本医疗机构注册执业，不得开具处方。"


def uncountersigned(draft: Draft, on: date) -> Iterator[Fault]:
    """A prescription of an assistant or a trainee, which counts when countersigned."""
    if countersigned(draft.prescriber):
        yield "prescriber", "执业助理医师、试用期人员开具的处方，须经执业医师签名后方有效。"


def above_grade(draft: Draft, on: date) -> Iterator[Fault]:
    """An antimicrobial above the doctor's grade; in an emergency, for more than one day."""
    for field, medicine, line in _above_grade(draft):
        if not _is_rescue(draft, line):
            name = f"{medicine.generic_name}为{GRADES[medicine.antimicrobial_grade]}抗菌药物"
            yield f"{field}.medicine", f"{name}，医师无相应处方权；急诊越级使用限1天用量。"


def above_in_emergency(draft: Draft, on: date) -> Iterator[Fault]:
    """An antimicrobial above the doctor's grade for one day of an emergency."""
    for field, medicine, line in _above_grade(draft):
        if _is_rescue(draft, line):
            name = f"急诊越级使用{medicine.generic_name}"
            yield f"{field}.medicine", f"{name}，应当详细记录用药指征，并于24小时内补办手续。"


def outpatient_special(draft: Draft, on: date) -> Iterator[Fault]:
    """An antimicrobial of the special grade for an outpatient."""
    for field, medicine, _ in lines_of(draft):
        special = medicine.antimicrobial_grade is Antimicrobials.SPECIAL
        if special and (draft.online or not draft.emergency):
            name = medicine.generic_name
            yield f"{field}.medicine", f"{name}为特殊使用级抗菌药物，不得在门诊使用。"


def _above_grade(draft: Draft) -> Iterator[tuple[str, MedicineFacts, DraftLine]]:
    right = _RANK[draft.prescriber.antimicrobials]
    return (one for one in lines_of(draft) if _RANK[one[1].antimicrobial_grade] > right)


def _is_rescue(draft: Draft, line: DraftLine) -> bool:
    return draft.emergency and line.days <= DAYS_ABOVE_GRADE


BLOCK, WARN = Severity.BLOCK, Severity.WARN
ORDER_53 = "处方管理办法"
ORDER_84 = "抗菌药物临床应用管理办法"

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.prescriber_registered",    BLOCK, ORDER_53, "第八条",     True,  not_registered),
    Rule(COUNTERSIGNATURE,              WARN,  ORDER_53, "第九、十二条", False, uncountersigned),
    Rule("rx.antimicrobial_grade",      BLOCK, ORDER_84, "第二十四条", False, above_grade),
    Rule("rx.antimicrobial_emergency",  WARN,  ORDER_84, "第二十八条", False, above_in_emergency),
    Rule("rx.antimicrobial_outpatient", BLOCK, ORDER_84, "第二十七条", False, outpatient_special),
)
# fmt: on
