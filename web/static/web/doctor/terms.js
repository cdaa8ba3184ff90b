/** Codes of the clinic in words: what the API writes shortly, doctor and reviewer read in Chinese. */
import { FACTS, VALUES } from "../base/facts.js";
import { learn } from "../base/problems.js";
import { _ } from "../base/words.js";

/** Code → name and doses a day (`prescriptions/facts.py`); null: nobody can say beforehand. */
export const FREQUENCIES = {
  qd: ["每天一次", 1], bid: ["每天二次", 2], tid: ["每天三次", 3], qid: ["每天四次", 4], qn: ["每晚一次", 1],
  q4h: ["每4小时一次", 6], q6h: ["每6小时一次", 4], q8h: ["每8小时一次", 3], q12h: ["每12小时一次", 2],
  qod: ["隔天一次", 1 / 2], qw: ["每周一次", 1 / 7], biw: ["每周二次", 2 / 7], tiw: ["每周三次", 3 / 7],
  q2w: ["每两周一次", 1 / 14], st: ["立即", 1], prn: ["必要时使用", null],
};
export const ROUTES = {
  1: "口服", 2: "直肠给药", 3: "舌下给药", 401: "皮下注射", 402: "皮内注射", 403: "肌肉注射", 404: "静脉注射或静脉滴注",
  5: "吸入给药", 605: "阴道用药", 607: "滴眼", 608: "滴鼻", 609: "喷喉", 610: "含化", 611: "敷伤口", 612: "擦皮肤",
  699: "其他局部用药途径", 9: "其他用药途径",
};
export const SKIN_TESTS = { "": "未注明", negative: "阴性", positive: "阳性", exempt: "免试（疗程中无反应）" };
export const LIVERS = { "": "未注明", a: "轻度（Child-Pugh A）", b: "中度（Child-Pugh B）", c: "重度（Child-Pugh C）" };
export const STATES = {
  draft: "草稿", pending: "待会签", issued: "待审核", checked: "待复核", approved: "审核通过", returned: "已退回",
  authorized: "已授权药房", paid: "已支付", dispensed: "已发药", in_transit: "配送中", returning: "退回药房途中",
  undelivered: "未送达", delivered: "已取药", claimed: "已理赔", taken_back: "已退药", cancelled: "已取消", expired: "已过期",
};
export const TALKS = {
  draft: "未提出", asked: "待接诊", open: "问诊中", closed: "已结束", withdrawn: "已撤回", declined: "建议到院", lapsed: "超时结束",
};
export const FORMS = {
  ordinary: "普通处方", emergency: "急诊处方", paediatric: "儿科处方", narcotic: "麻、精一处方", psychotropic_2: "精二处方", toxic: "毒性药品处方",
};
export const RETURN_REASONS = {
  allergy_test: "过敏或皮试", diagnosis_mismatch: "诊断与用药不符", dose: "用法用量", route_or_form: "剂型或给药途径",
  duplication: "重复给药", interaction: "配伍禁忌或相互作用", format: "处方书写", other: "其他",
};
export const ASKED_FOR = {
  out_of_stock: "缺货", substitution: "建议换药", dose: "用法用量", interaction: "相互作用", allergy: "过敏", clarification: "请说明", other: "其他",
};
export const KEEP_REASONS = {
  intended: "按原意开具", clarified: "已向药师说明", patient_wishes: "患者意愿", no_alternative: "没有替代", other: "其他",
};
export const CANCEL_REASONS = { prescribing_error: "开方错误", clinical: "病情变化", patient_request: "患者要求", other: "其他" };
export const DECLINE_REASONS = {
  first_visit: "首诊，须到院就诊", needs_examination: "需要检查", condition_changed: "病情变化", wrong_department: "科室不符", other: "其他",
};
/** What a warning is called where only its rule's id is at hand (`prescriptions/rules/words.py`). */
export const WARNINGS = {
  "rx.countersignature": "须经执业医师复签", "rx.antimicrobial_emergency": "急诊越级使用抗菌药物", "rx.infant_weight": "婴幼儿未注明体重",
  "rx.quantity_above_need": "数量超出疗程所需", "rx.online_new_diagnosis": "诊断不在既往诊断之列", "rx.fetched_in_person": "不得网络零售，须到店自取",
  "rx.allergy_related": "可能交叉过敏", "rx.duplicate_group": "同类药品重复", "rx.interaction_care": "药物相互作用",
  "rx.overdose_reasoned": "超剂量用药，已注明理由，本次签名即为再次签名", "rx.child_care": "儿童慎用", "rx.child_weight": "儿童未注明体重",
  "rx.pregnancy_care": "妊娠期慎用", "rx.kidneys_care": "肾功能不全慎用", "rx.liver_care": "肝功能不全慎用", "rx.lactation_care": "哺乳期慎用",
  "rx.disease_care": "合并疾病慎用", "rx.indication": "诊断与药品不符", "rx.viral_antibiotic": "病毒性感染使用抗菌药物", "rx.skin_test": "未注明皮试结果",
};
/** The reason that lifts a finding, if one does: rule → the field of the form. */
export const LIFTED_BY = {
  "rx.days_supply": "reason_for_longer", "rx.long_term_days": "reason_for_longer", "rx.long_term_in_all": "reason_for_longer",
  "rx.overdose": "reason_for_overdose",
};

/** A code of one of these tables in words; an unknown one as it is. */
export function named(table, code) {
  const found = table[code];
  return found === undefined ? String(code ?? "") : _(Array.isArray(found) ? found[0] : found);
}

/** `[code, words]` of a table, for a choice. */
export function choices(table) {
  return Object.keys(table).map((code) => [code, named(table, code)]);
}

// What statements say with these codes is shown in the same words.
const MOVES = {
  issue: "开具", submit: "提交会签", countersign: "会签", refuse: "退回", approve: "通过", check: "通过，待复核", confirm: "复核通过", send_back: "退回",
  keep: "不修改", change: "修改", extend: "延长", cancel: "取消", void: "作废", accept: "接诊", decline: "建议到院", refer: "建议到院", close: "结束",
  none: "无", reasonable: "合理", irregular: "不规范", unsuitable: "用药不适宜", abnormal: "超常",
};
Object.assign(VALUES, TALKS, STATES, WARNINGS, FORMS, RETURN_REASONS, KEEP_REASONS, CANCEL_REASONS, DECLINE_REASONS, MOVES);
Object.assign(FACTS, { from: "原状态", to: "新状态", move: "步骤", doctor: "医师", problems: "问题", correction: "更正请求" });

learn({
  "prescription.rule_broken": "违反开方规则，不能开具。",
  "prescription.draft_too_old": "草稿已隔日，须重新开具。",
  "prescription.wrong_consultation": "问诊不存在、不属于您或已结束。",
  "prescription.consultation_ended": "问诊已结束，不能再开具互联网处方。",
  "prescription.bad_validity": "有效期不合规定。",
  "prescription.bad_extension": "只能延长到开具之日起第三天24时。",
  "patient.unknown": "没有这个身份证号的患者，请先在本院建档。",
  "identity.bad_id_number": "身份证号有误，请核对。",
  "medicine.unknown": "没有这种药品。",
  "access.not_granted": "患者没有授权您查看，也没有有效的紧急查看。",
  "access.own_prescription": "不能审核自己开具、会签或领取的处方。",
  "access.same_reviewer": "须由另一名药师复核。",
  "countersign.not_entitled": "您的处方本身需要会签，不能为他人会签。",
  "consultation.no_evidence": "患者没有提供既往诊断，不能按复诊接诊。",
  "consultation.too_few_years": "独立临床工作满三年后才能在线接诊。",
  "consultation.child_needs_guardian": "六岁以下儿童须有监护人陪伴，由儿科医师接诊。",
  "consultation.not_real_name": "请先完成医师实名核验。",
  "consultation.unanswered": "请先答复患者，再结束问诊。",
  "consultation.new_messages": "患者刚发来新消息，请先阅读。",
  "consultation.wrong_state": "问诊目前的状态不允许此操作。",
  "consultation.full": "消息或图片已达上限。",
  "review.nothing_waits": "目前没有等待您审核的处方。",
  "review.not_leased": "这张处方已不在您手中。",
  "review.in_hand": "另一名药师正在审核这张处方。",
  "change.nothing_asked": "药师的请求已有答复。",
  "emergency.no_reason": "请写明紧急原因。",
  "emergency.own": "不能签署自己的紧急查看。",
  "emergency.closed": "半小时已过，须重新请求。",
  "series.nothing_left": "没有可处理的调配了。",
  "appraisal.not_drawn": "这个月还没有抽样。",
  "appraisal.own_review": "不能点评自己审核过的处方。",
  "appraisal.judged": "这张处方已点评。",
  "appraisal.unfit": "结论应与最重的问题一致；合理处方没有问题。",
  "correction.still_open": "处方尚未发药，请直接修改处方。",
  "correction.no_words": "请写明理由。",
  "statement.other": "服务器给出的内容与您的操作不符，没有签名。",
});
