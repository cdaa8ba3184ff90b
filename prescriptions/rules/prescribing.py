"""
How much may be prescribed, of what, and how it is written: order 53 and the rules for long-term
prescriptions.

Decisions: pieces of a decoction (饮片) are not counted among the five medicines. An infant
(婴幼儿) is below three years. A line names a medicine of the catalogue, so it has its generic name
(art. 17) and no other; what a hospital uploads is held against it by ``prescriptions.national``.
"""

from collections.abc import Iterator
from datetime import date

from prescriptions.facts import Control, is_herbal_piece, packs_needed
from prescriptions.rules.calendar import INFANT_YEARS, age
from prescriptions.rules.terms import Draft, Fault, Rule, Severity, lines_of

MEDICINES_MAX = 5
DAYS_ORDINARY, DAYS_EMERGENCY = 7, 3
DAYS_WITH_REASON, DAYS_LONG_TERM_MAX = 28, 84
ATC_LEVEL_5 = 7
VAGUE = ("遵医嘱", "自用")


def too_many_medicines(draft: Draft, on: date) -> Iterator[Fault]:
    """More than five medicines, pieces of a decoction apart."""
    counted = [line.medicine for line in draft.lines if not is_herbal_piece(line.medicine)]
    kinds = len({medicine.generic_name for medicine in counted})
    if kinds > MEDICINES_MAX:
        yield "lines", f"每张处方不得超过{MEDICINES_MAX}种药品，本方有{kinds}种。"


def too_many_days(draft: Draft, on: date) -> Iterator[Fault]:
    """More than seven days, in an emergency three; with a stated reason, more than 28."""
    if draft.long_term:
        return
    usual = DAYS_EMERGENCY if draft.emergency else DAYS_ORDINARY
    allowed = DAYS_WITH_REASON if draft.reason_for_longer.strip() else usual
    kind = "急诊处方" if draft.emergency else "处方"
    for field, medicine, line in lines_of(draft):
        if line.days > allowed:
            limit = f"{kind}一般不得超过{usual}日用量，注明理由可延长至{DAYS_WITH_REASON}日"
            yield f"{field}.days", f"{limit}；{medicine.generic_name}开具了{line.days}日。"


def too_many_long_term_days(draft: Draft, on: date) -> Iterator[Fault]:
    """All issues of a long-term prescription over four weeks, or with a reason over twelve."""
    if not draft.long_term:
        return
    allowed = DAYS_LONG_TERM_MAX if draft.reason_for_longer.strip() else DAYS_WITH_REASON
    for field, medicine, line in lines_of(draft):
        days = line.days * draft.issues
        if days > allowed:
            limit = f"长期处方不超过{DAYS_WITH_REASON}日用量，注明理由可至{DAYS_LONG_TERM_MAX}日"
            yield f"{field}.days", f"{limit}；{medicine.generic_name}开具了{days}日。"


def not_for_long_term(draft: Draft, on: date) -> Iterator[Fault]:
    """A controlled medicine or an antimicrobial in a long-term prescription."""
    if not draft.long_term:
        return
    for field, medicine, _ in lines_of(draft):
        tuberculosis = medicine.atc.startswith("J04")
        if medicine.control is not Control.NONE or (medicine.antimicrobial and not tuberculosis):
            name = medicine.generic_name
            yield f"{field}.medicine", f"{name}属特殊管理药品或抗微生物药物，不得用于长期处方。"


def no_diagnosis(draft: Draft, on: date) -> Iterator[Fault]:
    """No diagnosis."""
    if not any(code.strip() for code in draft.diagnoses):
        yield "diagnoses", "除特殊情况外，处方应当注明临床诊断。"


def pieces_among_others(draft: Draft, on: date) -> Iterator[Fault]:
    """Pieces of Chinese herbal medicine on one form with other medicines."""
    if len({is_herbal_piece(line.medicine) for line in draft.lines}) > 1:
        yield "lines", "中药饮片应当单独开具处方。"


def vague_use(draft: Draft, on: date) -> Iterator[Fault]:
    """A note on use that says "as the doctor said" or "for own use"."""
    for field, _, line in lines_of(draft):
        for word in VAGUE:
            if word in line.note:
                yield f"{field}.note", f"药品用法不得使用“{word}”等含糊不清字句。"


def infant_without_weight(draft: Draft, on: date) -> Iterator[Fault]:
    """A child under three without a weight."""
    if draft.weight_g is None and age(draft.patient_born, on) < INFANT_YEARS:
        yield "weight_g", "为新生儿、婴幼儿开具处方，应当写日、月龄，必要时注明体重。"


def same_medicine_twice(draft: Draft, on: date) -> Iterator[Fault]:
    """The same generic name, or the same substance (ATC level 5), a second time."""
    seen: set[str] = set()
    for field, medicine, _ in lines_of(draft):
        substance = {medicine.atc} if len(medicine.atc) == ATC_LEVEL_5 else set()
        if seen & (itself := {medicine.generic_name} | substance):
            yield f"{field}.medicine", f"重复给药：{medicine.generic_name}与前列药品为同一成分。"
        seen |= itself


def more_than_needed(draft: Draft, on: date) -> Iterator[Fault]:
    """More whole packages than dose, frequency and days take."""
    for field, medicine, line in lines_of(draft):
        need = packs_needed(medicine, line.dose, line.dose_unit, line.per_day, line.days)
        if need is not None and line.quantity > need:
            wanted = f"{medicine.generic_name}{line.days}日需{need}{medicine.unit}"
            yield f"{field}.quantity", f"{wanted}，开具了{line.quantity}{medicine.unit}。"


BLOCK, WARN = Severity.BLOCK, Severity.WARN
ORDER_53 = "处方管理办法"
LONG_TERM = "长期处方管理规范（试行）"

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.five_drugs",           BLOCK, ORDER_53,  "第六条",     True,  too_many_medicines),
    Rule("rx.days_supply",          BLOCK, ORDER_53,  "第十九条",   False, too_many_days),
    Rule("rx.long_term_days",       BLOCK, LONG_TERM, "条号",       False, too_many_long_term_days),
    Rule("rx.long_term_excluded",   BLOCK, LONG_TERM, "第五条",     False, not_for_long_term),
    Rule("rx.diagnosis_missing",    BLOCK, ORDER_53,  "第六条",     False, no_diagnosis),
    Rule("rx.herbal_pieces_alone",  BLOCK, ORDER_53,  "第六条",     False, pieces_among_others),
    Rule("rx.vague_use",            BLOCK, ORDER_53,  "第六条",     False, vague_use),
    Rule("rx.infant_weight",        WARN,  ORDER_53,  "第六条",     False, infant_without_weight),
    Rule("rx.duplicate_medicine",   BLOCK, ORDER_53,  "第三十五条", False, same_medicine_twice),
    Rule("rx.quantity_above_need",  WARN,  ORDER_53,  "第十九条",   False, more_than_needed),
)
# fmt: on
