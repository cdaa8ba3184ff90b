"""
What a warning is called in Chinese, where only its rule's id is at hand.

An entry states ids, and so does the statement that a doctor signs; findings, with their texts, are
shown while the draft is written. A name says nothing of the patient.
"""

from collections.abc import Iterable

WARNINGS = {
    "rx.countersignature": "须经执业医师复签",
    "rx.antimicrobial_emergency": "急诊越级使用抗菌药物",
    "rx.infant_weight": "婴幼儿未注明体重",
    "rx.quantity_above_need": "数量超出疗程所需",
    "rx.online_new_diagnosis": "诊断不在既往诊断之列",
    "rx.fetched_in_person": "不得网络零售，须到店自取",
    "rx.allergy_related": "可能交叉过敏",
    "rx.duplicate_group": "同类药品重复",
    "rx.interaction_care": "药物相互作用",
    "rx.overdose_reasoned": "超剂量用药，已注明理由，本次签名即为再次签名",
    "rx.child_care": "儿童慎用",
    "rx.child_weight": "儿童未注明体重",
    "rx.pregnancy_care": "妊娠期慎用",
    "rx.kidneys_care": "肾功能不全慎用",
    "rx.liver_care": "肝功能不全慎用",
    "rx.lactation_care": "哺乳期慎用",
    "rx.disease_care": "合并疾病慎用",
    "rx.indication": "诊断与药品不符",
    "rx.viral_antibiotic": "病毒性感染使用抗菌药物",
    "rx.skin_test": "未注明皮试结果",
}


def in_words(warnings: Iterable[str]) -> str:
    """The names of some warnings, in their order."""
    return "；".join(WARNINGS[rule] for rule in warnings)
