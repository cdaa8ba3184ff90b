/**
 * 四查十对: which of the four checks the page has arranged, and which need a look of their own before
 * they can be ticked. What is signed is the pharmacist's word that all four were made.
 */
import { _ } from "../base/words.js";
import { age, usage } from "./usage.js";

const CHILD = 14, OLD = 80, NONE = /^(无|没有|否认|none|)[。.]?$/i;

/** Check → why it needs a look, in words; of an ordinary prescription there is none. */
export function toLookAt(rx, units) {
  const found = {}, say = (check, words) => (found[check] ||= []).push(words);
  const years = rx.fields["patient/born"] ? age(rx.fields["patient/born"]) : null;
  if (years === null || !rx.fields["patient/name"]) say("prescription", _("姓名或年龄未显示"));
  if (rx.amendments.length) say("prescription", _("处方内容有更正"));
  if (isPart(rx, units)) say("medicine", _("只发部分药品"));
  for (const [number, line] of Object.entries(rx.lines)) {
    if (line.skin_test) say("incompatibility", _("第 %(number)s 种药须有皮试结果：%(result)s", { number, result: line.skin_test }));
  }
  const allergies = allergiesOf(rx);
  if (allergies) say("incompatibility", _("过敏史：%(names)s", { names: allergies }));
  if (years !== null && years < CHILD) say("appropriateness", _("儿童，%(years)s 岁", { years }));
  if (years !== null && years >= OLD) say("appropriateness", _("高龄，%(years)s 岁", { years }));
  return found;
}

/** What the doctor wrote of allergies, in free words; empty where that says there are none. */
export function allergiesOf(rx) {
  const said = (rx.fields.allergies || "").trim();
  return NONE.test(said) ? "" : said;
}

/** Whether less leaves the shelf than was prescribed. */
export function isPart(rx, units) {
  return Object.entries(rx.lines).some(([number, line]) => (units[number] || 0) < line.quantity);
}

/** The values of the fields that a comparison names; `line/*` stands for every line. */
export function compared(rx, names) {
  if (names.includes("line/*/dose")) return Object.values(rx.lines).map(usage);
  return names.flatMap((name) => {
    const [head, star, part] = name.split("/");
    if (head === "line") return Object.values(rx.lines).map((line) => line[part]);
    if (name.endsWith("/")) return under(rx, name).map((one) => one.name);
    if (name === "patient/born" && rx.fields[name]) return [_("%(years)s 岁", { years: age(rx.fields[name]) })];
    return star === "*" ? [] : [rx.fields[name]];
  }).filter((one) => one !== undefined && one !== "");
}

function under(rx, prefix) {
  return Object.entries(rx.fields).filter(([name]) => name.startsWith(prefix)).map(([, value]) => value);
}
