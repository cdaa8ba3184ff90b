/** What consultations are called, for the list and the chat. */
import { learn } from "../base/problems.js";
import { _ } from "../base/words.js";

const STATES = {
  draft: "未提交", asked: "等待医生接诊", open: "问诊中", closed: "已结束", withdrawn: "已撤回", declined: "医生建议到院就诊", lapsed: "已超时",
};

export function stateOf(one) {
  return _(STATES[one.state] || one.state);
}

/** The hospital's and the department's names. */
export function place(one, names) {
  return `${names.get(one.hospital) || one.hospital} · ${one.department}`;
}

learn({
  "body.picture": "这张图片无法读取，请换一张（JPEG、PNG 或 WebP）。",
  "consultation.bad_evidence": "既往就诊日期应在今天之前。",
  "consultation.full": "本次问诊的消息或图片已达上限。",
  "consultation.out_of_time": "本次问诊已超过时限。",
  "consultation.too_many_open": "您同时进行的问诊太多，请先结束一个。",
  "consultation.unknown": "没有这次问诊。",
  "consultation.wrong_patient": "这是别人的问诊。",
  "consultation.wrong_state": "问诊目前的状态不允许此操作。",
  "identity.missing": "请先完成实名认证。",
});
