/** What a prescription says, as doctor and reviewer read it: people, diagnoses, lines, circumstances. */
import { h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { facts, heading } from "./controls.js";
import { FREQUENCIES, LIVERS, ROUTES, SKIN_TESTS, named } from "./terms.js";

const SEXES = { male: _("男"), female: _("女"), 1: _("男"), 2: _("女") };
const WORDS = [["allergies", _("过敏史")], ["reason_for_longer", _("延长用量的理由")], ["reason_for_overdose", _("超剂量的理由")]];
const YES = [["emergency", _("急诊")], ["pregnant", _("妊娠")], ["lactating", _("哺乳")], ["severe_pain", _("癌痛或慢性重度疼痛")], ["long_term", _("长期处方")]];

/** The person of a record's fields: "韦例安 · 男 · 68岁". */
export function person(fields) {
  const sex = fields["patient/sex"], born = fields["patient/born"];
  return [fields["patient/name"], SEXES[sex] ?? sex, fields["patient/age"] ?? (born ? _("%(born)s 生", { born }) : "")].filter(Boolean).join(" · ");
}

/** Diagnoses of a record's fields, in order. */
export function diagnosesOf(fields, prefix = "diagnosis/") {
  return Object.keys(fields).filter((name) => name.startsWith(prefix))
    .sort((one, other) => Number(one.slice(prefix.length)) - Number(other.slice(prefix.length))).map((name) => fields[name]);
}

/** "阿莫西林胶囊 0.25g×24粒：每次0.5g，每天三次，口服，7天，共2盒". */
export function inWords(one) {
  const often = named(FREQUENCIES, one.frequency), way = one.route ? named(ROUTES, one.route) : "";
  return [_("每次%(dose)s%(unit)s", { dose: one.dose, unit: one.dose_unit }), often, way, _("%(days)s天", { days: one.days }),
    _("共%(quantity)s%(unit)s", { quantity: one.quantity, unit: one.unit ?? "" })].filter(Boolean).join("，");
}

/** A table of lines; `marked(number)`: what stands beside one. */
export function table(lines) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": _("药品") }, h("table", { class: "lines" },
    h("thead", {}, h("tr", {}, [_("药品"), _("每次"), _("频次"), _("用法"), _("天数"), _("数量")].map((words) => h("th", { scope: "col" }, words)))),
    h("tbody", {}, Object.entries(lines).map(([number, one]) => row(number, one)))));
}

function row(number, one) {
  const skin = one.skin_test ? _("皮试%(result)s", { result: named(SKIN_TESTS, one.skin_test) }) : "";
  const small = [skin, one.note].filter(Boolean).join("；");
  return h("tr", {},
    h("th", { scope: "row" }, `${number}. ${one.generic_name}`, h("small", {}, ` ${one.specification ?? ""}`), small ? h("p", {}, small) : null),
    h("td", {}, `${one.dose}${one.dose_unit}`), h("td", {}, named(FREQUENCIES, one.frequency)), h("td", {}, named(ROUTES, one.route)),
    h("td", {}, String(one.days)), h("td", {}, `${one.quantity}${one.unit ?? ""}`));
}

/** All of a content: `fields` of the record, `lines` of it by number. */
export function shown(fields, lines, amendments = []) {
  const told = diagnosesOf(fields);
  return h("div", { class: "content" },
    facts([
      [_("患者"), person(fields)],
      [_("医院"), [fields["hospital/name"], fields["hospital/department"]].filter(Boolean).join(" · ")],
      [_("诊断"), told.map((one) => `${one.name ?? ""} ${one.code}`).join("；")],
      ...WORDS.map(([name, words]) => [words, fields[name]]),
      [_("体重"), fields.weight_g ? _("%(number)s 公斤", { number: fields.weight_g / 1000 }) : ""],
      [_("肌酐清除率"), fields.egfr ? `${fields.egfr} ml/min` : ""],
      [_("肝功能"), fields.liver ? named(LIVERS, fields.liver) : ""],
      [_("特殊情况"), YES.filter(([name]) => fields[name]).map(([, words]) => words).join("、")],
    ]),
    table(lines),
    amendments.length ? [heading(_("附注（更正与异议）")), amendments.map(amendment)] : null);
}

function amendment(one) {
  return facts(Object.entries(one.fields ?? {}).map(([name, words]) => [name, typeof words === "string" ? words : JSON.stringify(words)]));
}
