/** What has happened to a prescription, from its entries alone; and every content that it has had. */
import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { day, moment } from "../base/format.js";
import { attempt } from "../base/page.js";
import { title } from "../base/statement.js";
import { _ } from "../base/words.js";
import { medicines } from "./medicines.js";

const REASONS = {
  allergy_test: "缺少过敏试验结果", diagnosis_mismatch: "用药与诊断不符", dose: "用量需要修改", route_or_form: "用法或剂型不合适",
  duplication: "重复用药", interaction: "药物之间有冲突", format: "处方书写不规范", other: "其他原因",
  out_of_stock: "缺货", unsuitable: "不宜调配", doubtful: "处方有疑问", not_collected: "长时间未取", allergy: "可能过敏",
  substitution: "建议换药", clarification: "需要医生说明", intended: "用药无误", clarified: "已作说明", patient_wishes: "按患者意愿",
  no_alternative: "没有替代药", prescribing_error: "处方有误", clinical: "病情变化", patient_request: "患者要求",
  nobody_home: "无人签收", wrong_address: "地址有误", refused: "收件人拒收", damaged: "包裹破损", cold_chain: "冷链中断",
};
const QUIET = ["record.view", "record.refuse"];

/** The steps, the newest first; a reviewer's remark stands with its step. */
export function history(found, known) {
  const steps = found.filter((one) => !QUIET.includes(one.kind)).reverse();
  return h("ol", { class: "steps-done" }, steps.map((one) => h("li", { "data-kind": one.kind },
    h("strong", {}, words(one)),
    h("span", { class: "when" }, [moment(one.statement.at), where(one.statement.facts, known)].filter(Boolean).join(" · ")),
    remark(one.statement.facts))));
}

function words({ kind, statement }) {
  if (kind !== "prescription.review") return title(statement);
  return statement.facts.decision === "approve" ? _("药师审核：通过") : _("药师审核：退回");
}

function where(facts, known) {
  const slug = facts.pharmacy || facts.hospital || facts.courier || facts.payer;
  return slug ? known.get(slug) || slug : "";
}

function remark(facts) {
  const reason = facts.reason && facts.reason !== "none" ? REASONS[facts.reason] || facts.reason : "";
  return reason ? h("p", { class: "note" }, _("说明：%(reason)s", { reason: _(reason) })) : null;
}

/** Former contents, asked for by a tap, since each look is recorded. */
export function versions(id, found) {
  if (!found.some((one) => one.kind === "prescription.change")) return null;
  const place = h("div", {});
  const open = attempt(async () => {
    const { versions: all } = await get(`/api/prescriptions/${id}/versions`);
    fill(place, all.map((one) => h("section", { class: "version" },
      h("h3", {}, one.replaced_at ? _("第 %(number)s 版（%(day)s 起不再有效）", { number: one.number, day: day(one.replaced_at) }) : _("第 %(number)s 版（现行）", one)),
      medicines(content(one.fields)))));
  });
  return h("details", { class: "card", ontoggle: (event) => event.target.open && !place.children.length && open() },
    h("summary", {}, _("医生修改过这张处方，查看各版本")), place);
}

function content(fields) {
  const lines = Object.entries(fields).filter(([name]) => name.startsWith("line/"));
  return { lines: Object.fromEntries(lines.map(([name, line]) => [name.slice(5), line])), parts: { units: {} }, erased: false };
}
