/** The medicines of a prescription, each with the picture of its day. */
import { h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { timeline, usage } from "./dose.js";

/** Cards of the lines; `units`: how many of each are (still) to be fetched. */
export function medicines(rx) {
  const lines = Object.entries(rx.lines);
  if (rx.erased || !lines.length) return h("p", { class: "card" }, _("内容已按您的要求删除，只留下凭证。"));
  return lines.map(([number, line]) => card(number, line, rx.parts.units[number]));
}

function card(number, line, units) {
  const count = units === undefined ? line.quantity : units;
  return h("article", { class: "card medicine", "data-line": number },
    h("h3", {}, line.generic_name),
    h("p", { class: "spec" }, `${line.specification} · ${line.form}`),
    h("p", {}, h("strong", {}, usage(line))),
    timeline(line),
    h("p", {}, _("共 %(count)s %(unit)s", { count, unit: line.unit })),
    line.note ? h("p", { class: "note" }, _("医嘱：%(note)s", line)) : null);
}

/** What else was signed, as rows: diagnosis, doctor, hospital. */
export function about(rx) {
  const f = rx.fields;
  const diagnoses = Object.keys(f).filter((name) => name.startsWith("diagnosis/")).map((name) => f[name].name || f[name].code);
  const rows = [
    [_("患者"), f["patient/name"]], [_("诊断"), diagnoses.join("、")], [_("医生"), f["doctor/name"]],
    [_("医院"), f["hospital/name"]], [_("科室"), f["hospital/department"]], [_("过敏"), f.allergies],
  ];
  return rows.filter(([, value]) => value);
}

export function facts(rows) {
  return h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
