/** Words for looks, as `hospital/lookwords.py` has them (a test keeps both equal). */
import { _ } from "../base/words.js";

export const ROLES = {
  patient: "监护人", doctor: "医师", reviewer: "审方药师", pharmacist: "药师", courier: "配送员", agent: "理赔系统",
  system: "医院系统", officer: "理赔专员", researcher: "研究人员", regulator: "监管人员", cashier: "收银系统",
};
export const PURPOSES = {
  own: "本人查阅", own_proof: "本人出具凭证", own_copy: "本人获取全部副本", find: "查找可配药的药店", list: "列表查阅", treatment: "诊疗",
  medication_review: "用药评估", claim: "理赔审核", underwriting: "投保核保", research: "医学研究", prescribing: "开具处方前核对",
  review: "处方审核", countersign: "处方会签", dispense: "核对发药", deliver: "配送药品", register: "麻精药品登记",
  appraisal: "处方点评", oversight: "监管审查", emergency: "紧急救治", guardianship: "监护人代为查阅",
  research_records: "研究使用（去标识化数据）", research_counts: "研究使用（汇总计数）", second: "核对同事的紧急查看请求",
  correction: "处理您的更正请求", insured_payment: "医保移动支付，向微信支付和医保提供姓名与证件号摘要",
};
export const BASES = {
  own_record: "本人的记录", prescriber: "开方医师", consulted: "接诊医师", awaiting: "您向该科室提出的问诊", review: "负责审核该处方",
  countersign: "被请求会签该处方", patient_choice: "您选择了这家机构", own_register: "法定的麻精药品登记", appraisal: "法定的处方点评",
  regulator: "监管职责", retention: "您要求删除后依法保留的记录", second_signer: "同院医师对紧急查看的第二签署", correction: "您请求该医院更正的记录",
  "guardianship/": "监护关系", "grant/": "您签署的查看授权", "optin/": "您签署的数据共享同意", "emergency/": "紧急情况，未经您事先同意",
  patient_code: "您出示的取药码", printed_code: "您或监护人打印的取药凭证", courier_order: "您选择了配送到家", double_check: "第二名药师复核发药", owed: "这家药房还欠您的药", "rx/": "对应的处方",
};
export const FIELDS = {
  "": "全部内容", "patient/": "姓名等身份信息", "patient/name": "姓名", "patient/id_number": "身份证号", "diagnosis/": "诊断", "line/": "药品",
  "doctor/": "开方医师", "doctor/license": "医师执业编号", "hospital/": "医院与科室", allergies: "过敏史", "dispensing/": "实际发药",
  "coverage/": "医保与商保待遇", recipient: "收件人", phone: "电话", text: "正文", complaint: "病情描述", "earlier/": "既往诊断",
  author: "发言人", at: "时间", media_type: "附件类型", reason: "紧急查看的理由", request: "药师的修改请求",
};
const OF_LISTS = { parcels: { text: "收货地址" } };
const WITHOUT_FIELDS = { looks: "查阅记录" };

/** An unknown word is shown as it stands: a look that cannot be explained must be seen all the more. */
function word(words, name) {
  return Object.hasOwn(words, name) ? _(words[name]) : name;
}

export function role(name) {
  return word(ROLES, name);
}

/** What was seen: "姓名、药品". */
export function seen({ fields, of }) {
  const own = OF_LISTS[of] || {};
  const words = fields.map((one) => (Object.hasOwn(own, one) ? _(own[one]) : word(FIELDS, one)));
  return words.join("、") || word(WITHOUT_FIELDS, of);
}

export function purpose(name) {
  return word(PURPOSES, name);
}

/** A basis is a word, or a subject of the log, of which the family has a word. */
export function basis(text) {
  const slash = text.indexOf("/"), family = slash < 0 ? text : text.slice(0, slash + 1);
  return Object.hasOwn(BASES, family) ? _(BASES[family]) : text;
}
