/** What a patient answers a payer: an appeal against a refusal; the field that is asked for, or not. */
import { button, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";

const REASONS = { covered: _("应在保障范围内"), wrong_amount: _("金额算错了"), wrong_facts: _("所依据的情况有误"), other: _("其他原因") };
const FIELDS = { allergies: _("过敏史"), "diagnosis/": _("诊断"), "dispensing/": _("实际发药"), "hospital/": _("医院和科室"), "line/": _("药品") };
const GIVEN_MS = 30 * 86_400_000;

/** The sections in which something can be answered. */
export function answers(rx, one, known, again) {
  return [one.asks ? asks(rx, one, known, again) : null, one.appeal_until && one.refused_fen ? appeal(rx, one, again) : null];
}

function asks(rx, one, known, again) {
  const field = FIELDS[one.asks.field] || one.asks.field, name = known.get(one.payer) || one.payer;
  const give = attempt(async () => {
    const until = new Date(Date.now() + GIVEN_MS).toISOString();
    await command("/api/me/grants", { to: one.payer, purpose: "claim", opens: [one.asks.field], until }, { kind: "consent.grant" });
    toast(_("已提供，理赔继续审核。"));
    await again();
  });
  const withhold = attempt(async () => {
    await command(`/api/claims/${rx.id}/withhold`, { payer: one.payer, field: one.asks.field }, { kind: "insurance.withhold" });
    toast(_("已答复：不提供。"));
    await again();
  });
  return h("div", { class: "warning card", "data-asks": one.asks.field },
    h("p", {}, _("%(name)s 请您允许查看：%(field)s。请在 %(at)s 前答复；不提供可能影响理赔。", { name, field, at: moment(one.asks.until) })),
    h("div", { class: "bar" }, button(_("允许查看 30 天"), give), button(_("不提供"), withhold, { kind: "default" })));
}

function appeal(rx, one, again) {
  const select = h("select", { class: "weui-select", name: `reason-${one.payer}` }, Object.entries(REASONS).map(([value, words]) => h("option", { value }, words)));
  const act = attempt(async () => {
    await command(`/api/claims/${rx.id}/appeal`, { payer: one.payer, reason: select.value }, { kind: "insurance.appeal" });
    toast(_("申诉已提交，由另一位专员重新审核。"));
    await again();
  });
  return h("details", { class: "appeal" },
    h("summary", {}, _("不同意这个决定？%(at)s 前可以申诉一次", { at: moment(one.appeal_until) })),
    h("label", { class: "place" }, h("span", {}, _("申诉理由")), select),
    button(_("签名申诉"), act));
}
