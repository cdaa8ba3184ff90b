/** How to take a medicine, as a picture of the day and in plain words; the words are the label's of the pharmacy. */
import { h, svg } from "../base/dom.js";
import { _ } from "../base/words.js";

const OFTEN = {
  qd: "每天1次", bid: "每天2次", tid: "每天3次", qid: "每天4次", qw: "每周1次", biw: "每周2次", tiw: "每周3次",
  q2w: "每两周1次", q4h: "每4小时1次", q6h: "每6小时1次", q8h: "每8小时1次", q12h: "每12小时1次", qn: "每晚1次",
  qod: "隔天1次", st: "立即使用，只用1次", prn: "需要时使用",
};
const NATIONAL = { 11: "qd", 12: "bid", 13: "tid", 14: "qid", 21: "qw", 22: "biw", 23: "tiw", 24: "q2w", 33: "q4h", 35: "q6h", 36: "q8h", 37: "q12h", 41: "qn", 42: "qod", 61: "st", 62: "prn" };
const ROUTES = {
  1: "口服", 2: "塞入肛门", 3: "舌下含服", 401: "皮下注射", 402: "皮内注射", 403: "肌肉注射", 404: "静脉注射或滴注", 5: "吸入", 605: "阴道用药",
  607: "滴眼", 608: "滴鼻", 609: "喷喉", 610: "含化", 611: "敷于伤口", 612: "涂擦皮肤", 699: "局部外用", 9: "按医师或药师的说明使用",
};
const UNITS = { g: "克", mg: "毫克", "μg": "微克", "µg": "微克", ug: "微克", mcg: "微克", ml: "毫升", mL: "毫升", l: "升", L: "升", IU: "国际单位", iu: "国际单位", U: "单位", u: "单位" };
/** Which parts of the day: morning, noon, evening, bedtime. Null: no part of the day is said. */
const PARTS = { qd: "1000", bid: "1010", tid: "1110", qid: "1111", qn: "0001", q12h: "1010", q8h: "1110", q6h: "1111" };
const DAY = [[_("早上"), sunrise], [_("中午"), sun], [_("晚上"), sunset], [_("睡前"), moon]];

/** A number without the zeros that say nothing: "0.5000" → "0.5". */
function amount(text) {
  return String(text).includes(".") ? String(text).replace(/0+$/, "").replace(/\.$/, "") : String(text);
}

export function dose(line) {
  return `${amount(line.dose)} ${_(UNITS[line.dose_unit] || line.dose_unit)}`;
}

/** "口服，每次 0.5 克，每天3次，共 7 天": what the doctor signed, in words. */
export function usage(line) {
  const often = frequency(line);
  const days = often === "st" ? null : often === "prn" ? _("%(days)s 天的用量", line) : _("共 %(days)s 天", line);
  const said = [_(ROUTES[line.route] || "按医师或药师的说明使用"), _("每次 %(dose)s", { dose: dose(line) }), _(OFTEN[often] || line.frequency), days];
  return said.filter(Boolean).join("，");
}

function frequency(line) {
  return NATIONAL[line.frequency] || String(line.frequency).toLowerCase();
}

/** The day as four fields, with the dose in those at which it is taken; null where no part of the day is said. */
export function timeline(line) {
  const parts = PARTS[frequency(line)];
  if (!parts) return null;
  const fields = DAY.map(([name, draw], index) => {
    const taken = parts[index] === "1";
    const icon = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, draw());
    return h("li", { class: taken ? "taken" : null }, icon, h("span", {}, name), h("strong", {}, taken ? dose(line) : "—"));
  });
  return h("ol", { class: "doses", "aria-label": _("一天的用药时间") }, fields);
}

function sun() {
  return [svg("circle", { cx: 12, cy: 12, r: 4 }), svg("path", { d: "M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2" })];
}

function sunrise() {
  return [svg("path", { d: "M7 17a5 5 0 0110 0M2 17h20M12 4v5M9 6l3-3 3 3M4 10l2 2M20 10l-2 2" })];
}

function sunset() {
  return [svg("path", { d: "M7 17a5 5 0 0110 0M2 17h20M12 3v6M9 7l3 3 3-3M4 10l2 2M20 10l-2 2" })];
}

function moon() {
  return svg("path", { d: "M19 14a8 8 0 11-9-10 7 7 0 009 10z" });
}
