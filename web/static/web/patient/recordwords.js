/** What the fields of a record are called, and what they say, for who finds one wrong. */
import { _ } from "../base/words.js";

const NAMES = {
  "patient/name": "姓名", "patient/sex": "性别", "patient/born": "出生日期", "patient/age": "年龄", allergies: "过敏史", weight_g: "体重（克）",
  pregnant: "是否怀孕", lactating: "是否哺乳", egfr: "肾功能", liver: "肝功能", diagnosis: "诊断", line: "药品", why: "理由",
};
const SEXES = { male: "男", female: "女" };

/** "诊断 1"; a field that patients have no word for keeps its name. */
export function called(name) {
  const [, what, number] = /^(diagnosis|line)\/(\d+)$/.exec(name) || [];
  return what ? `${_(NAMES[what])} ${number}` : NAMES[name] ? _(NAMES[name]) : name;
}

export function plain(value) {
  if (typeof value === "boolean") return value ? _("是") : _("否");
  if (value === null || typeof value !== "object") return SEXES[value] ? _(SEXES[value]) : String(value);
  return value.generic_name ? `${value.generic_name} ${value.specification}` : [value.name, value.code].filter(Boolean).join(" ");
}

/** `[field, value]` of what a patient may dispute in a prescription, as it is shown. */
export function disputable(rx) {
  const lines = Object.entries(rx.lines).map(([number, line]) => [`line/${number}`, line]);
  const said = Object.entries(rx.fields).filter(([name]) => name in NAMES || name.startsWith("diagnosis/"));
  return [...said, ...lines].filter(([, value]) => value !== null && value !== "");
}
