/** Pharmacies as the search gives them: put in order, and each shown with who would pay what. */
import { h } from "../base/dom.js";
import { moment, yuan } from "../base/format.js";
import { _ } from "../base/words.js";

const last = Number.MAX_SAFE_INTEGER;

export const minutes = (one) => Math.min(...one.ways.courier.map((each) => each.minutes), last);
const away = (one) => one.distance_m ?? last;
/** What has only some of it comes after what has all, whatever it costs. */
const whole = (one) => (one.whole ? 0 : 1);

export const ORDERS = {
  own: [_("自付最少"), (a, b) => whole(a) - whole(b) || a.patient_fen - b.patient_fen || away(a) - away(b)],
  near: [_("距离最近"), (a, b) => away(a) - away(b)],
  fast: [_("最快送到"), (a, b) => whole(a) - whole(b) || minutes(a) - minutes(b)],
  whole: [_("药最全"), (a, b) => whole(a) - whole(b) || b.lines.length - a.lines.length || away(a) - away(b)],
};

export function distance(metres) {
  if (metres === null) return _("距离不详");
  return metres < 1000 ? _("%(metres)s 米", { metres }) : _("%(km)s 公里", { km: (metres / 1000).toFixed(1) });
}

export function hours(standing) {
  if (standing.open) return standing.closes_at ? _("营业中，至 %(at)s", { at: moment(standing.closes_at) }) : _("营业中");
  return standing.opens_at ? _("休息中，%(at)s 开门", { at: moment(standing.opens_at) }) : _("休息中");
}

/** Who pays how much: the patient first. */
export function shares(one, known) {
  const rows = [[_("您自付"), one.patient_fen], ...Object.entries(one.payers).map(([slug, fen]) => [known.get(slug) || slug, fen])];
  return h("dl", { class: "facts" }, rows.map(([name, fen]) => h("div", {}, h("dt", {}, name), h("dd", {}, yuan(fen)))));
}

/** One pharmacy of the list. */
export function card(one, index, known, content) {
  const courier = one.ways.courier.map((each) => _("%(name)s 配送费 %(fee)s，约 %(minutes)s 分钟", { name: known.get(each.courier) || each.courier, fee: yuan(each.fee_fen), minutes: each.minutes }));
  return h("article", { class: "card offer", id: `offer-${index}`, "data-pharmacy": one.pharmacy, tabindex: "-1" },
    h("h3", {}, h("span", { class: "index" }, index + 1), ` ${one.name}`),
    h("p", { class: "rx-about" }, [distance(one.distance_m), hours(one.hours)].join(" · ")),
    h("p", {}, one.whole ? _("✓ 药齐全") : _("⚠ 只有第 %(lines)s 种药，其余要另取", { lines: one.lines.join("、") })),
    h("p", { class: "own" }, _("自付 "), h("strong", {}, yuan(one.patient_fen)), h("span", { class: "rx-about" }, _("（总价 %(total)s）", { total: yuan(one.total_fen) }))),
    h("details", {}, h("summary", {}, _("谁付多少")), shares(one, known), steps(one, known)),
    courier.length ? h("p", { class: "rx-about" }, courier.join("；")) : h("p", { class: "rx-about" }, _("只能到店自取")),
    content);
}

/** Why: which rule took how much of which medicine. */
function steps(one, known) {
  const told = one.steps.filter((step) => step.steps.length);
  return told.length ? h("ul", { class: "why" }, told.map((step) => h("li", {}, _("第 %(line)s 种药，%(payer)s：", { line: step.line, payer: known.get(step.payer) || step.payer }),
    step.steps.map((each) => `${each.zh} ${yuan(each.fen)}`).join("，")))) : null;
}
