"""
What can be wrong with a prescription that is appraised, and the class that it then has.

Pure: no Django, no clock.

Source: 医院处方点评管理规范（试行）, 卫医管发〔2010〕28号: articles 17 (不规范, 15 problems), 18
(用药不适宜, 9) and 19 (超常, 4); the codes are those of its work sheet (处方点评工作表). That there
are these classes is confirmed; the articles' numbers and the wording are unconfirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Verdict(StrEnum):
    """The class of an appraised prescription; all but the first are unreasonable (不合理)."""

    REASONABLE = "reasonable"
    IRREGULAR = "irregular"
    UNSUITABLE = "unsuitable"
    ABNORMAL = "abnormal"


NAMES = {
    Verdict.REASONABLE: "合理",
    Verdict.IRREGULAR: "不规范",
    Verdict.UNSUITABLE: "用药不适宜",
    Verdict.ABNORMAL: "超常",
}
UNREASONABLE = (Verdict.IRREGULAR, Verdict.UNSUITABLE, Verdict.ABNORMAL)
"""From the lightest to the gravest."""

PROBLEMS: dict[Verdict, dict[str, str]] = {
    Verdict.IRREGULAR: {
        "1-1": "前记、正文、后记内容缺项，书写不规范或字迹难以辨认",
        "1-2": "医师签名、签章不规范，或与留样不一致",
        "1-3": "药师未对处方进行适宜性审核",
        "1-4": "新生儿、婴幼儿处方未写明日、月龄",
        "1-5": "西药、中成药与中药饮片未分别开具处方",
        "1-6": "未使用药品规范名称开具处方",
        "1-7": "药品的剂量、规格、数量、单位等书写不规范或不清楚",
        "1-8": "用法、用量使用“遵医嘱”“自用”等含糊不清字句",
        "1-9": "处方修改未签名并注明修改日期，或超剂量使用未注明原因和再次签名",
        "1-10": "未写临床诊断或临床诊断书写不全",
        "1-11": "单张门急诊处方超过五种药品",
        "1-12": "门诊处方超过7日用量，急诊处方超过3日用量，需延长而未注明理由",
        "1-13": "麻醉、精神、医疗用毒性、放射性药品处方未执行国家有关规定",
        "1-14": "未按照抗菌药物临床应用管理规定开具抗菌药物处方",
        "1-15": "中药饮片处方未按君、臣、佐、使的顺序排列，或未标注调剂、煎煮等特殊要求",
    },
    Verdict.UNSUITABLE: {
        "2-1": "适应证不适宜",
        "2-2": "遴选的药品不适宜",
        "2-3": "药品剂型或给药途径不适宜",
        "2-4": "无正当理由不首选国家基本药物",
        "2-5": "用法、用量不适宜",
        "2-6": "联合用药不适宜",
        "2-7": "重复给药",
        "2-8": "有配伍禁忌或者不良相互作用",
        "2-9": "其它用药不适宜情况",
    },
    Verdict.ABNORMAL: {
        "3-1": "无适应证用药",
        "3-2": "无正当理由开具高价药",
        "3-3": "无正当理由超说明书用药",
        "3-4": "无正当理由为同一患者同时开具两种以上药理作用相同的药物",
    },
}
"""Class → code → what it says, as the pharmacist reads it."""
EVERY_PROBLEM = {code: words for of in PROBLEMS.values() for code, words in of.items()}


def verdict_of(problems: Sequence[str]) -> Verdict:
    """
    The class of a prescription with these problems: that of the gravest; reasonable without any.

    >>> verdict_of(["1-10", "2-5"])
    <Verdict.UNSUITABLE: 'unsuitable'>
    """
    found = [one for one in UNREASONABLE if not PROBLEMS[one].keys().isdisjoint(problems)]
    return found[-1] if found else Verdict.REASONABLE


def up_to(verdict: Verdict) -> list[str]:
    """The codes that a prescription of this class may have, its own and lighter ones, sorted."""
    lighter = UNREASONABLE[: UNREASONABLE.index(verdict) + 1]
    return sorted(code for one in lighter for code in PROBLEMS[one])
