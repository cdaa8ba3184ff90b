/** What a prescription says, for whoever is to give it out. */
import { cell, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { _ } from "../base/words.js";
import { allergiesOf } from "./checks.js";
import { age, usage } from "./usage.js";

const SEX = { male: "男", female: "女" };

/** `units` by line; `change(units)` if less of a line is to be given, or nothing to change. */
export function content(rx, units, change) {
  return [patient(rx), lines(rx, units, change), rx.amendments.length ? amended(rx) : null];
}

export function patient(rx) {
  const told = rx.fields, born = told["patient/born"], allergies = allergiesOf(rx);
  const sex = SEX[told["patient/sex"]] ? _(SEX[told["patient/sex"]]) : null;
  const years = born ? _("%(years)s 岁", { years: age(born) }) : null;
  const diagnoses = Object.entries(told).filter(([name]) => name.startsWith("diagnosis/")).map(([, one]) => one.name || one.code);
  return h("section", { class: "card patient" },
    h("h2", {}, told["patient/name"] || _("姓名未显示")),
    h("p", {}, [sex, years, born].filter(Boolean).join(" · ")),
    h("p", {}, h("strong", {}, _("诊断：")), diagnoses.join("、") || _("未显示")),
    h("p", { class: allergies ? "bad" : null }, h("strong", {}, _("过敏史：")), allergies || told.allergies || _("处方未记载过敏")),
    h("p", {}, [told["hospital/name"], told["hospital/department"], told["doctor/name"]].filter(Boolean).join(" · ")),
    h("p", {}, _("有效至 %(at)s", { at: moment(rx.valid_until) }), rx.way === "courier" ? ` · ${_("配送到家")}` : ` · ${_("到店自取")}`));
}

function lines(rx, units, change) {
  const shown = Object.entries(rx.lines).map(([number, line]) => row(number, line, units, change));
  return group(_("药品"), shown);
}

function row(number, line, units, change) {
  const asked = units[number] || 0;
  const about = [usage(line), line.note, line.skin_test].filter(Boolean).join("；");
  return h("div", { class: "weui-cell medicine", "data-line": number },
    h("span", { class: "weui-cell__bd" },
      h("strong", {}, `${number}. ${line.generic_name}`),
      h("span", { class: "weui-cell__desc" }, `${line.form} ${line.specification}`),
      h("span", { class: "weui-cell__desc" }, about),
      line.instead ? h("strong", {}, _("换发：%(name)s（患者已同意）", { name: maker(line.instead) })) : null),
    h("span", { class: "weui-cell__ft" }, change ? amount(number, line, units, change) : _("%(units)s %(unit)s", { units: asked, unit: line.unit })));
}

/** A medicine by its maker: of a substitute all else is the same. */
export function maker(one) {
  return [one.generic_name, one.specification, one.manufacturer || one.approval_number || one.code].join(" ");
}

/** Units to give, up to what is authorized: less of it is a part, the rest stays owed. */
function amount(number, line, units, change) {
  const most = line.quantity, input = h("input", {
    type: "number", class: "units", min: "0", max: String(most), value: String(units[number] || 0), inputmode: "numeric",
    "aria-label": _("%(name)s 发药数量", { name: line.generic_name }),
  });
  input.addEventListener("change", () => {
    const wanted = Math.min(most, Math.max(0, Math.floor(Number(input.value) || 0)));
    const { [number]: before, ...rest } = units;
    change(wanted ? { ...rest, [number]: wanted } : rest);
  });
  return h("span", { class: "amount" }, input, ` / ${most} ${line.unit}`);
}

function amended(rx) {
  const shown = rx.amendments.map((one) => cell(one.kind, { desc: JSON.stringify(one.fields), value: one.at ? moment(one.at) : "" }));
  return group(_("更正"), shown);
}
