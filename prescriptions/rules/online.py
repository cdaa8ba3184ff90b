"""
What is prescribed over the internet: to whom, for which illness, by whom.

Decisions: the evidence that makes a visit a follow-up is what the doctor confirmed in the signed
acceptance of an open consultation; without one there is no online prescription. A diagnosis is an
earlier one if its ICD-10 category is (``hospital.consultations.content.category``); another only
warns, since the law forbids first visits and not second findings.
"""

from collections.abc import Iterator
from datetime import date

from prescriptions.rules.calendar import age
from prescriptions.rules.terms import Draft, Fault, Rule, Severity

GUARDED_BELOW_YEARS = 6
YEARS_OF_PRACTICE = 3


def first_visit(draft: Draft, on: date) -> Iterator[Fault]:
    """An online prescription without a consultation in which an earlier diagnosis was seen."""
    if draft.online and not (draft.consulted and draft.consulted.follow_up):
        yield "consultation", "不得对首诊患者开展互联网诊疗；须有接诊医师已确认既往诊断的问诊。"


def new_diagnosis(draft: Draft, on: date) -> Iterator[Fault]:
    """An online prescription for an illness that is not among the earlier diagnoses."""
    if not draft.online or draft.consulted is None:
        return
    for index, code in enumerate(draft.diagnoses):
        if code not in draft.consulted.known:
            yield (
                f"diagnoses[{index}].code",
                f"诊断{code}不在既往诊断之列，病情变化时应当到院就诊。",
            )


def too_few_years(draft: Draft, on: date) -> Iterator[Fault]:
    """An online prescription by a doctor with less than three years of independent practice."""
    since = draft.prescriber.practising_since
    if draft.online and (since is None or age(since, on) < YEARS_OF_PRACTICE):
        yield "online", f"开展互联网诊疗的医师应当具有{YEARS_OF_PRACTICE}年以上独立临床工作经验。"


def child_without_guardian(draft: Draft, on: date) -> Iterator[Fault]:
    """An online prescription for a child under six without guardian and specialist."""
    if not draft.online or age(draft.patient_born, on) >= GUARDED_BELOW_YEARS:
        return
    if not draft.guardian_present:
        yield "consultation", f"为{GUARDED_BELOW_YEARS}岁以下儿童开具互联网处方，应当有监护人陪伴。"
    if not draft.prescriber.paediatric:
        child = f"为{GUARDED_BELOW_YEARS}岁以下儿童"
        yield "consultation", f"{child}开具互联网处方，应当有相关专业医师（儿科）陪伴。"


BLOCK, WARN = Severity.BLOCK, Severity.WARN
ONLINE = "互联网诊疗管理办法（试行）"

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.online_first_visit",   BLOCK, ONLINE, "第十六条",   False, first_visit),
    Rule("rx.online_new_diagnosis", WARN,  ONLINE, "第十六条",   False, new_diagnosis),
    Rule("rx.online_doctor_years",  BLOCK, ONLINE, "第二十五条", True,  too_few_years),
    Rule("rx.child_needs_guardian", BLOCK, ONLINE, "第十九条",   True,  child_without_guardian),
)
# fmt: on
