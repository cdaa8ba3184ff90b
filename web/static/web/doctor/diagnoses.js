/** The diagnoses of a prescription that is written: ICD-10 and a name, the first is the main one. */
import { fill, h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { text } from "./controls.js";

/** Frequent ones, so that a name brings its code; any other is typed. */
const FREQUENT = [
  ["I10.x00", "高血压"], ["E11.900", "2型糖尿病"], ["E78.500", "高脂血症"], ["I25.103", "冠状动脉粥样硬化性心脏病"], ["I48.x01", "心房颤动"],
  ["I50.900", "心力衰竭"], ["J06.900", "急性上呼吸道感染"], ["J20.900", "急性支气管炎"], ["J45.900", "支气管哮喘"], ["J44.900", "慢性阻塞性肺疾病"],
  ["J18.900", "肺炎"], ["K29.500", "慢性胃炎"], ["K21.900", "胃食管反流病"], ["K25.900", "胃溃疡"], ["E03.900", "甲状腺功能减退症"],
  ["E05.900", "甲状腺功能亢进症"], ["M10.900", "痛风"], ["M81.900", "骨质疏松症"], ["N39.000", "泌尿道感染"], ["N40.x00", "前列腺增生"],
  ["G47.000", "失眠"], ["F41.900", "焦虑状态"], ["F32.900", "抑郁发作"], ["G40.900", "癫痫"], ["G20.x00", "帕金森病"],
  ["L20.900", "特应性皮炎"], ["J30.400", "变应性鼻炎"], ["H10.900", "结膜炎"], ["B34.900", "病毒性感染"], ["R52.900", "疼痛"],
];
const BY_NAME = new Map(FREQUENT.map(([code, name]) => [name, code]));

/** `{element, values(), add(), focus(index)}`; `changed` is told of every change. */
export function diagnoses(changed) {
  const rows = [], place = h("ul", { class: "diagnoses" });
  const name = text({ list: "frequent-diagnoses", placeholder: _("诊断名称"), "aria-label": _("诊断名称"), maxlength: "100", accesskey: "d" });
  const code = text({ placeholder: "ICD-10", "aria-label": _("ICD-10 编码"), maxlength: "20", size: "9" });
  const draw = () => fill(place, rows.map((one, index) => row(one, index, () => { rows.splice(index, 1); draw(); changed(); })));
  function add(one) {
    if (!one.code || !one.name || rows.some((other) => other.code === one.code)) return;
    rows.push(one);
    draw();
    changed();
  }
  const taken = () => {
    add({ code: code.value.trim(), name: name.value.trim() });
    if (rows.some((one) => one.code === code.value.trim())) name.value = code.value = "";
    name.focus();
  };
  name.addEventListener("input", () => { code.value = BY_NAME.get(name.value.trim()) ?? code.value; });
  for (const input of [name, code]) input.addEventListener("keydown", (event) => enter(event, name, code, taken));
  const element = h("div", {}, place,
    h("div", { class: "inputs pair" }, name, code, h("button", { type: "button", class: "weui-btn weui-btn_default weui-btn_mini", onclick: taken }, _("添加诊断"))),
    h("datalist", { id: "frequent-diagnoses" }, FREQUENT.map(([one, words]) => h("option", { value: words }, one))));
  return { element, add, focus: () => name.focus(), values: () => rows.map((one, index) => ({ ...one, main: index === 0 })) };
}

function enter(event, name, code, taken) {
  if (event.key !== "Enter" || event.ctrlKey || event.isComposing) return;
  event.preventDefault();
  if (name.value.trim() && code.value.trim()) taken();
  else (name.value.trim() ? code : name).focus();
}

function row(one, index, drop) {
  return h("li", {}, h("span", {}, index === 0 ? h("strong", {}, _("主诊断 ")) : null, `${one.name} ${one.code}`),
    h("button", { type: "button", class: "weui-btn weui-btn_default weui-btn_mini", onclick: drop, "aria-label": _("删除 %(name)s", { name: one.name }) }, _("删除")));
}
