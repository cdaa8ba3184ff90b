/**
 * The form in which a prescription is written: patient, diagnoses, medicines, circumstances; beside it
 * what the rules find, what it costs and who pays, asked anew with every change (the last answer wins).
 */
import { post } from "../base/api.js";
import { button, fill, h } from "../base/dom.js";
import { attempt, toast } from "../base/page.js";
import { said } from "../base/problems.js";
import { _ } from "../base/words.js";
import { circumstances } from "./circumstances.js";
import { cap, heading, labelled, latest, shortcuts, text } from "./controls.js";
import { diagnoses } from "./diagnoses.js";
import * as findings from "./findings.js";
import { line } from "./line.js";
import { search } from "./medicines.js";
import * as prices from "./prices.js";
import * as templates from "./templates.js";

const WAIT_MS = 600; // each question is a look at the patient's cover, and stands in the log

/**
 * `about` is what the draft says of the patient: `{online: true, consultation}`; with `desk` an
 * identity number is asked for instead. `given` is a content to begin with, `lines` its lines with
 * their medicines. `checks: false` where no draft is written but a change. `send(values, lines)` issues.
 * The element has `add(diagnosis)`.
 */
export function form({ about = {}, desk = false, given = {}, lines = [], known = [], checks = true, deed, send }) {
  const state = { lines: [], judged: [], last: "", left: h("div", { "aria-live": "polite" }), results: h("div", { class: "results", "aria-live": "polite" }, untold()) };
  const number = desk ? text({ name: "patient", inputmode: "text", maxlength: "18", required: true, accesskey: "p" }) : null;
  const place = h("div", { class: "all-lines" });
  const reach = (field) => lead(field, state, found, rest, number);
  const check = latest((body) => post("/api/prescriptions/check", body), (answer) => told(answer, state, reach), WAIT_MS);
  const changed = () => {
    if (!checks) return;
    const body = written(true), text = JSON.stringify(body);
    state.judged = state.lines.filter((one) => one.values());
    fill(state.left, unjudged(state.lines.length - state.judged.length));
    if (text === state.last) return;
    state.last = text;
    state.results.setAttribute("aria-busy", String(body !== null));
    if (body !== null) return check(body);
    check.drop(); // an answer under way is about a draft that is no more
    fill(state.results, untold());
  };
  const found = diagnoses(changed), rest = circumstances(given, changed, checks), box = search((medicine) => add(medicine, {}).focus());
  function add(medicine, values) {
    const made = line(medicine, values, { changed, next: () => box.input.focus(), drop: () => drop(made) });
    state.lines.push(made);
    order();
    changed();
    return made;
  }
  function drop(one) {
    state.lines = state.lines.filter((other) => other !== one);
    order();
    changed();
    box.input.focus();
  }
  const order = () => {
    state.lines.forEach((one, index) => one.number(index + 1));
    fill(place, state.lines.map((one) => one.element));
  };
  const ready = () => state.lines.map((one) => ({ values: one.values(), medicine: one.medicine })).filter((one) => one.values);
  /** What a draft takes, or null while it is not complete; `partly`: as far as it can be judged. */
  function written(partly) {
    const complete = ready();
    if (!complete.length || (number && number.value.trim().length !== 18)) return null;
    if (!partly && complete.length !== state.lines.length) return null;
    const who = number ? { patient: number.value.trim().toUpperCase(), online: false } : about;
    return { ...who, ...rest.values(), diagnoses: found.values(), lines: complete.map((one) => one.values) };
  }
  const issue = attempt(async () => {
    const body = written(false);
    if (body === null) return toast(_("请填好患者、每种药品的剂量、天数和数量。"), "bad");
    state.judged = state.lines;
    return send(body, ready().map((one) => ({ ...one.medicine, ...one.values })), (list) => fill(state.results, findings.shown(list, reach)));
  });
  number?.addEventListener("input", changed);
  for (const one of given.diagnoses ?? []) found.add({ code: one.code, name: one.name });
  for (const one of lines) add(one.medicine, one);
  shortcuts({ "Control+Enter": issue, "Alt+m": () => box.input.focus(), "Alt+d": () => found.focus() });
  const use = (kept) => kept.forEach((one) => add(one.medicine, one));
  const pack = () => ready().map((one) => ({ ...one.values, medicine: one.medicine }));
  return h("div", { class: "prescribing" },
    h("div", { class: "card form" },
      number ? labelled(_("患者身份证号"), number) : null,
      heading(_("诊断"), " ", cap("Alt+D")), known.length ? knownOnes(known, found) : null, found.element,
      heading(_("药品"), " ", cap("Alt+M")), box.element, place, templates.part(pack, use),
      heading(_("患者情况")), rest.element,
      h("div", { class: "bar" }, button(deed ?? _("签名开具"), issue), cap("Ctrl+Enter"))),
    h("aside", { class: "card", "aria-label": _("规则核对与价格") }, heading(_("规则核对")), state.left, state.results));
}

/** What the patient brought evidence of: one tap each. */
function knownOnes(known, found) {
  const tap = (one) => h("button", { type: "button", class: "weui-btn weui-btn_default weui-btn_mini", onclick: () => found.add({ code: one.code, name: one.name }) }, `＋ ${one.name} ${one.code}`);
  return h("div", { class: "ticks", "aria-label": _("既往诊断") }, known.map(tap));
}

function untold() {
  return h("p", { class: "tip" }, _("填写诊断和药品后，这里显示规则核对、价格与保障。"));
}

/** What is not complete is in no answer: nobody may take it for judged. */
function unjudged(left) {
  return left ? h("p", { class: "tip", "data-unjudged": left }, _("！还有 %(number)s 种药品未填完，未核对，也未计价。", { number: left })) : null;
}

async function told({ value, fault }, state, reach) {
  const about = state.last;
  const priced = value ? await prices.shown(value).catch(() => null) : null;
  if (state.last !== about) return; // changed meanwhile: another answer comes
  state.results.setAttribute("aria-busy", "false");
  if (fault) {
    state.last = ""; // asked again with the next change, even one back to the same draft
    return fill(state.results, h("p", { class: "bad", role: "alert", "data-code": fault.code }, said(fault)));
  }
  return fill(state.results, findings.shown(value.findings, reach), priced);
}

/**
 * Bring the doctor to a path into the draft: `lines[0].days`, `diagnoses`, `reason_for_longer`. Lines
 * are numbered as they were judged: one that is not complete has no number there.
 */
function lead(field, state, found, rest, number) {
  const at = /^lines\[(\d+)\](?:\.(\w+))?/.exec(field);
  if (at) return state.judged[Number(at[1])]?.focus(at[2]);
  if (field.startsWith("diagnoses")) return found.focus();
  if (field.startsWith("patient")) return number?.focus();
  if (field === "lines") return document.getElementById("medicine-search").focus();
  return rest.focus(field.split("[")[0]);
}
