/** What else the rules ask beside diagnoses and medicines. Empty answers are left out: not judged. */
import { h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { labelled, select, text, tick } from "./controls.js";
import { LIVERS, choices } from "./terms.js";

const TICKS = [["emergency", _("急诊")], ["pregnant", _("妊娠")], ["lactating", _("哺乳")], ["severe_pain", _("癌痛或慢性重度疼痛（材料已存档）")]];

/** `{element, values(), focus(name)}`; `drafts`: a plan and a validity can be chosen as well. */
export function circumstances(given, changed, drafts) {
  const inputs = written(given);
  const ticks = Object.fromEntries(TICKS.map(([name, words]) => [name, tick(words, given[name], changed)]));
  const plan = planned(given, changed, drafts);
  for (const input of Object.values(inputs)) input.addEventListener("input", changed);
  const details = h("details", { class: "more-facts", open: Boolean(given.long_term) },
    h("summary", { accesskey: "c" }, _("患者情况、长期处方与理由")),
    h("div", { class: "inputs" },
      labelled(_("体重（公斤）"), inputs.weight), labelled(_("肌酐清除率（ml/min）"), inputs.egfr), labelled(_("肝功能"), inputs.liver),
      drafts ? labelled(_("有效期"), inputs.valid_days) : null),
    h("div", { class: "ticks" }, Object.values(ticks).map((one) => one.element), plan.tick),
    plan.element,
    labelled(_("延长用量的理由"), inputs.reason_for_longer), labelled(_("超剂量的理由"), inputs.reason_for_overdose));
  const element = h("div", {}, labelled(_("过敏史（没有请填“无”）"), inputs.allergies), details);
  return { element, focus: (name) => reach(name, inputs, ticks, plan, details), values: () => values(inputs, ticks, plan, drafts) };
}

function written(given) {
  const number = (value) => text({ inputmode: "decimal", value: value ?? "", maxlength: "5", size: "5" });
  const reason = (value) => text({ value: value ?? "", maxlength: "200" });
  return {
    allergies: text({ value: given.allergies ?? "", maxlength: "500" }),
    weight: number(given.weight_g ? String(given.weight_g / 1000) : ""),
    egfr: number(given.egfr),
    liver: select(choices(LIVERS), given.liver ?? ""),
    valid_days: select([1, 2, 3].map((days) => [String(days), _("%(days)s 天", { days })]), "3"),
    reason_for_longer: reason(given.reason_for_longer),
    reason_for_overdose: reason(given.reason_for_overdose),
  };
}

/** A long-term prescription is fetched in issues, so many days apart; each is as much as the lines say. */
function planned(given, changed, drafts) {
  const issues = text({ inputmode: "numeric", value: given.issues ?? "1", maxlength: "2", size: "4" });
  const interval = text({ inputmode: "numeric", value: given.interval_days ?? "", maxlength: "3", size: "4" });
  const fields = h("div", { class: "inputs", hidden: !given.long_term || !drafts }, labelled(_("分几次取药"), issues), labelled(_("间隔天数"), interval));
  const box = tick(_("长期处方"), given.long_term, () => { fields.hidden = !box.input.checked || !drafts; changed(); });
  for (const input of [issues, interval]) input.addEventListener("input", changed);
  return { tick: box.element, input: box.input, element: fields, issues, interval };
}

function reach(name, inputs, ticks, plan, details) {
  details.open = true;
  const known = { weight_g: inputs.weight, issues: plan.issues, interval_days: plan.interval, long_term: plan.input };
  const found = known[name] ?? inputs[name] ?? ticks[name]?.input ?? plan.input;
  found.scrollIntoView({ block: "center" });
  found.focus();
}

function values(inputs, ticks, plan, drafts) {
  const found = { allergies: inputs.allergies.value.trim() };
  for (const [name, one] of Object.entries(ticks)) if (one.input.checked) found[name] = true;
  for (const name of ["reason_for_longer", "reason_for_overdose"]) if (inputs[name].value.trim()) found[name] = inputs[name].value.trim();
  if (Number(inputs.weight.value) > 0) found.weight_g = Math.round(Number(inputs.weight.value) * 1000);
  if (Number(inputs.egfr.value) > 0) found.egfr = Math.round(Number(inputs.egfr.value));
  if (inputs.liver.value) found.liver = inputs.liver.value;
  if (plan.input.checked) found.long_term = true;
  if (!drafts) return found;
  found.valid_days = Number(inputs.valid_days.value);
  if (plan.input.checked && Number(plan.issues.value) > 1) {
    Object.assign(found, { issues: Math.round(Number(plan.issues.value)), interval_days: Math.round(Number(plan.interval.value)) || 1 });
  }
  return found;
}
