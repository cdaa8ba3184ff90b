/** What codes of claims mean, for officers. */
import { learn } from "../base/problems.js";
import { _ } from "../base/words.js";

export const CAUSES = { pended: _("程序转来"), asked: _("已请患者提供信息"), reopened: _("重新审核"), appealed: _("患者申诉") };
export const SIGNALS = {
  same_code: _("同一追溯码出现两次"), impossible_travel: _("时间地点不可能"), early_refill: _("提前续药"),
  doctor_outlier: _("医生明显偏离同行"), pharmacy_outlier: _("药房明显偏离同行"),
};
export const WHY = {
  evidence_unproven: _("证据未能证明"), above_limit: _("超过程序可决定的金额"), stands_out: _("有可疑之处"), unsure: _("需要人工判断"),
  mistake: _("决定有误"), new_evidence: _("有新证据"), fraud: _("涉嫌欺诈"),
  covered: _("患者认为在保障范围内"), wrong_amount: _("患者认为金额有误"), wrong_facts: _("患者认为事实有误"), other: _("其他"),
};
export const REASONS = {
  none: _("无"), evidence_missing: _("证据缺失"), quantity_differs: _("数量不符"), above_ceiling: _("超过限额"),
  not_covered: _("不在保障范围"), field_missing: _("缺少信息"), fraud: _("欺诈"), other: _("其他"),
};
export const STAGES = {
  open: _("未决定"), approved: _("已批准"), refused: _("已拒绝"), settled: _("已结算"), remitted: _("已转账"),
};

learn({
  "access.wrong_insurer": "这张处方没有您机构应付的部分。",
  "claim.decided": "这笔理赔已有决定。",
  "claim.same_person": "您已经手过这笔理赔，须由另一位经办人决定。",
  "claim.four_eyes": "金额超过一人可决定的上限，请先转给另一位经办人。",
  "claim.still_asked": "患者还可以提供所请求的信息，请等待。",
  "claim.already_asked": "已经请患者提供信息，请等待答复。",
  "claim.already_paid": "这笔理赔已经付款，不能撤销决定。",
  "claim.not_decided": "这笔理赔还没有决定。",
  "claim.settled": "这笔理赔已经结算，不能再改。",
  "claim.bad_decision": "批准金额、决定与原因不相符。",
});

/** A `<select>` over the words of a table. */
export function options(words, h) {
  return h("select", { class: "weui-select" }, Object.entries(words).map(([value, said]) => h("option", { value }, said)));
}
