/** How a line is to be used, in the words that its label says (`pharmacy/labels.py`). */
import { _ } from "../base/words.js";

const FREQUENCIES = {
  qd: "每天1次", bid: "每天2次", tid: "每天3次", qid: "每天4次", qw: "每周1次", biw: "每周2次", tiw: "每周3次",
  q2w: "每两周1次", q4h: "每4小时1次", q6h: "每6小时1次", q8h: "每8小时1次", q12h: "每12小时1次", qn: "每晚1次",
  qod: "隔天1次", st: "立即使用，只用1次", prn: "需要时使用",
};
const ROUTES = {
  1: "口服", 2: "直肠给药", 3: "舌下含服", 401: "皮下注射", 402: "皮内注射", 403: "肌肉注射", 404: "静脉给药", 5: "吸入",
  605: "阴道用药", 607: "滴眼", 608: "滴鼻", 609: "喷喉", 610: "含化", 611: "敷于伤口", 612: "涂擦皮肤", 699: "局部外用", 9: "遵医嘱",
};

/** "口服，每次 10mg，每天2次，共 7 天". A code without words is shown as it is. */
export function usage(line) {
  const route = ROUTES[line.route], often = FREQUENCIES[line.frequency];
  return _("%(route)s，每次 %(dose)s%(unit)s，%(often)s，共 %(days)s 天", {
    route: route ? _(route) : line.route, dose: line.dose, unit: line.dose_unit,
    often: often ? _(often) : line.frequency, days: line.days,
  });
}

/** Whole years on the day `on`, of somebody born on `born` ("1951-03-08"). */
export function age(born, on = new Date()) {
  const [year, month, day] = born.split("-").map(Number);
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(on).split("-").map(Number);
  const before = today[1] < month || (today[1] === month && today[2] < day);
  return today[0] - year - (before ? 1 : 0);
}
