"""
Medicines under the state's watch: narcotics, psychotropics, toxic medicines.

Decisions where the law leaves room: an injection's "single dose" (一次常用量) is one day, one dose; "as needed" is no single dose. Methylphenidate's 15 days are for attention deficit disorder
(ICD-10 F90) alone. A class II psychotropic may be extended with a stated reason like any other
medicine (``rx.days_supply`` then sets the end).
"""

from collections.abc import Iterator
from datetime import date

from prescriptions.facts import Control, MedicineFacts, is_injection
from prescriptions.rules.terms import Draft, DraftLine, Fault, Rule, Severity, lines_of

STRICTEST = (Control.NARCOTIC, Control.PSYCHOTROPIC_1)
DAYS_SUSTAINED, DAYS_OTHER, DAYS_ATTENTION = 7, 3, 15
DAYS_PAIN_INJECTION, DAYS_PAIN_SUSTAINED, DAYS_PAIN_OTHER = 3, 15, 7
DAYS_PSYCHOTROPIC_2, DAYS_TOXIC = 7, 2
PETHIDINE, DIHYDROETORPHINE, METHYLPHENIDATE = "N02AB02", "N02AE90", "N06BA04"
ATTENTION_DEFICIT = "F90"


def controlled_online(draft: Draft, on: date) -> Iterator[Fault]:
    """A controlled medicine prescribed over the internet."""
    for field, medicine, _ in lines_of(draft):
        if draft.online and medicine.control is not Control.NONE:
            name = medicine.generic_name
            yield f"{field}.medicine", f"{name}属特殊管理药品，不得在互联网上开具处方。"


def controlled_unentitled(draft: Draft, on: date) -> Iterator[Fault]:
    """A narcotic or a class I psychotropic by a doctor without the right to prescribe it."""
    for field, medicine, _ in lines_of(draft):
        strictest = medicine.control in STRICTEST
        if strictest and not draft.prescriber.controlled:
            missing = "医师未取得麻醉药品和第一类精神药品处方权"
            yield f"{field}.medicine", f"{missing}，不得开具{medicine.generic_name}。"


def controlled_for_oneself(draft: Draft, on: date) -> Iterator[Fault]:
    """A narcotic or a class I psychotropic that a doctor prescribes to himself."""
    for field, medicine, _ in _strictest(draft):
        if draft.for_oneself:
            yield f"{field}.medicine", f"医师不得为自己开具{medicine.generic_name}。"


def controlled_days(draft: Draft, on: date) -> Iterator[Fault]:
    """A narcotic or a class I psychotropic beyond its days, or an injection beyond one dose."""
    for field, medicine, line in _strictest(draft):
        single = is_injection(medicine) and not draft.severe_pain
        if single and not _is_single_dose(line):
            yield f"{field}.days", f"{medicine.generic_name}为注射剂，每张处方为一次常用量。"
        elif not single and line.days > (allowed := _days_allowed(draft, medicine)):
            limit = f"{medicine.generic_name}每张处方不得超过{allowed}日常用量"
            yield f"{field}.days", f"{limit}，开具了{line.days}日。"


def single_use_only(draft: Draft, on: date) -> Iterator[Fault]:
    """Pethidine or dihydroetorphine for more than one dose, whatever the illness."""
    for field, medicine, line in lines_of(draft):
        if medicine.atc in (PETHIDINE, DIHYDROETORPHINE) and not _is_single_dose(line):
            yield (
                f"{field}.days",
                f"{medicine.generic_name}处方为一次常用量，仅限于医疗机构内使用。",
            )


def psychotropic_2_days(draft: Draft, on: date) -> Iterator[Fault]:
    """A class II psychotropic over seven days without a stated reason."""
    for field, medicine, line in lines_of(draft):
        allowed = draft.reason_for_longer.strip() or line.days <= DAYS_PSYCHOTROPIC_2
        if medicine.control is Control.PSYCHOTROPIC_2 and not allowed:
            limit = f"{medicine.generic_name}每张处方一般不得超过{DAYS_PSYCHOTROPIC_2}日常用量"
            yield f"{field}.days", f"{limit}，延长须注明理由；开具了{line.days}日。"


def toxic_days(draft: Draft, on: date) -> Iterator[Fault]:
    """A toxic medicine over two days."""
    for field, medicine, line in lines_of(draft):
        if medicine.control is Control.TOXIC and line.days > DAYS_TOXIC:
            limit = f"{medicine.generic_name}为毒性药品，每次处方剂量不得超过{DAYS_TOXIC}日极量"
            yield f"{field}.days", f"{limit}，开具了{line.days}日。"


def controlled_among_others(draft: Draft, on: date) -> Iterator[Fault]:
    """A narcotic or a class I psychotropic on one form with other medicines."""
    strictest = {field for field, _, _ in _strictest(draft)}
    if strictest and len(strictest) < len(draft.lines):
        yield "lines", "麻醉药品和第一类精神药品应当使用专用处方，不得与其他药品同方开具。"


def _strictest(draft: Draft) -> Iterator[tuple[str, MedicineFacts, DraftLine]]:
    return (one for one in lines_of(draft) if one[1].control in STRICTEST)


def _days_allowed(draft: Draft, medicine: MedicineFacts) -> int:
    sustained = any(word in medicine.form for word in ("缓释", "控释"))
    if draft.severe_pain:
        if is_injection(medicine):
            return DAYS_PAIN_INJECTION
        return DAYS_PAIN_SUSTAINED if sustained else DAYS_PAIN_OTHER
    attention = any(code.upper().startswith(ATTENTION_DEFICIT) for code in draft.diagnoses)
    if medicine.atc == METHYLPHENIDATE and attention:
        return DAYS_ATTENTION
    return DAYS_SUSTAINED if sustained else DAYS_OTHER


def _is_single_dose(line: DraftLine) -> bool:
    return line.days == 1 and line.per_day is not None and line.per_day <= 1


BLOCK = Severity.BLOCK
ORDER_53 = "处方管理办法"
ONLINE = "互联网诊疗管理办法（试行）"
TOXIC = "医疗用毒性药品管理办法"
REGULATION = "麻醉药品和精神药品管理条例"

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.controlled_online",   BLOCK, ONLINE,   "第十九条",             True,  controlled_online),
    Rule("rx.controlled_right",    BLOCK, ORDER_53, "第十一条",             False, controlled_unentitled),
    Rule("rx.controlled_oneself",  BLOCK, ORDER_53, "第十一条",             False, controlled_for_oneself),
    Rule("rx.controlled_days",     BLOCK, ORDER_53, "第二十三、二十四条",   False, controlled_days),
    Rule("rx.single_use",          BLOCK, ORDER_53, "第二十六条",           False, single_use_only),
    Rule("rx.psychotropic_2_days", BLOCK, ORDER_53, "第二十三条",           False, psychotropic_2_days),
    Rule("rx.toxic_days",          BLOCK, TOXIC,    "第九条",               True,  toxic_days),
    Rule("rx.controlled_form",     BLOCK, REGULATION, "第四十条",           False, controlled_among_others),
)
# fmt: on
