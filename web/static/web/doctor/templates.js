/**
 * The doctor's own sets of lines, on this device alone: medicines and how they are used, and nothing
 * that was written about a patient. Kept by account, since a desk may have several doctors.
 */
import { fill, h } from "../base/dom.js";
import { toast } from "../base/page.js";
import { session } from "../base/session.js";
import { _ } from "../base/words.js";
import { text } from "./controls.js";

const MOST = 50;
const KEPT = ["medicine", "dose", "dose_unit", "frequency", "days", "quantity", "route"];

function name() {
  return `rx.templates.${session().account}`;
}

/** `[{name, lines: [{medicine: facts of the catalogue, dose, …}]}]`. */
export function all() {
  return JSON.parse(localStorage.getItem(name()) || "[]");
}

function keep(found) {
  localStorage.setItem(name(), JSON.stringify(found.slice(0, MOST)));
}

/** Keep lines (`{medicine, ...values}`) under a name, in place of those that had it. */
export function save(title, lines) {
  const kept = lines.map((one) => Object.fromEntries(KEPT.map((field) => [field, one[field]])));
  keep([{ name: title, lines: kept }, ...all().filter((one) => one.name !== title)]);
}

/** The part of the form: choose one, keep the present lines as one, drop one. */
export function part(lines, use) {
  const place = h("div", { class: "ticks" }), title = text({ "aria-label": _("模板名称"), placeholder: _("模板名称"), maxlength: "30" });
  const mini = (words, act, label) => h("button", { type: "button", class: "weui-btn weui-btn_default weui-btn_mini", onclick: act, "aria-label": label }, words);
  const draw = () => fill(place, all().map((one) => h("span", { class: "template" },
    mini(one.name, () => use(one.lines)),
    mini("✕", () => { keep(all().filter((other) => other.name !== one.name)); draw(); }, _("删除模板 %(name)s", { name: one.name })))));
  const add = () => {
    const found = lines();
    if (!title.value.trim() || !found.length) return toast(_("请先填好药品和模板名称。"), "bad");
    save(title.value.trim(), found);
    title.value = "";
    draw();
    return toast(_("模板已保存在这台设备上，不含患者信息。"));
  };
  draw();
  return h("details", { class: "templates" }, h("summary", { accesskey: "t" }, _("常用处方模板")), place,
    h("div", { class: "inputs pair" }, title, mini(_("把当前药品存为模板"), add)));
}
