/** Counts and waits by kind and stage, with curves; what is of fewer than five patients is withheld. */
import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { start } from "../base/page.js";
import { KINDS } from "/static/ledger/words.js";
import { _, language } from "../base/words.js";
import { STAGES, seconds } from "./words.js";
import uPlot from "../vendor/uplot/uplot.js";

const COLOURS = ["#06753b", "#1a5fb4", "#c64600", "#813d9c", "#a51d2d", "#5e5c64"];
const WITHHELD = _("不足 5 人，不显示");

start(async (main) => {
  sheet();
  const span = h("select", { class: "weui-select", "aria-label": _("时间范围") }, [["hour", _("最近一小时")], ["day", _("最近一天")]].map(([value, said]) => h("option", { value }, said)));
  const place = h("div");
  span.addEventListener("change", () => show(place, span.value));
  fill(main, h("div", { class: "bar" }, span), place);
  await show(place, span.value);
});

/** uPlot's own rules, for this page alone. */
function sheet() {
  document.head.append(h("link", { rel: "stylesheet", href: "/static/web/vendor/uplot/uplot.css" }));
}

async function show(place, span) {
  const [figures, organisations] = await Promise.all([get("/api/board/figures", { window: span }), every(span)]);
  const counts = h("div", { class: "plot" }), waits = h("div", { class: "plot" });
  fill(place,
    h("section", { class: "card" }, h("h2", {}, _("各类条目数量")), counts, table([_("类别"), _("合计")], figures.counts.map((one) => [name(one.kind), one.total ?? WITHHELD]))),
    h("section", { class: "card" }, h("h2", {}, _("各环节用时（中位数，秒）")), waits,
      table([_("环节"), _("次数"), _("中位数"), _("九成以内"), _("最慢百分之一")], figures.waits.map((one) => [STAGES[one.stage] || one.stage, one.total ?? WITHHELD, seconds(one.p50_s), seconds(one.p90_s), seconds(one.p99_s)]))),
    h("section", { class: "card" }, h("h2", {}, _("各机构")), table([_("机构"), _("条目"), _("用时（中位数）"), _("不显示的类别")], organisations.map(organisation))));
  const times = figures.begins.map((at) => Date.parse(at) / 1000);
  curve(counts, times, figures.counts.map((one) => [name(one.kind), one.numbers]));
  curve(waits, times, figures.waits.map((one) => [STAGES[one.stage] || one.stage, one.p50s]));
}

/** The organisations, page after page, by their slugs. */
async function every(span) {
  const found = [];
  let after;
  do {
    const page = await get("/api/board/organisations", { window: span, size: 50, after });
    found.push(...page.organisations);
    after = page.next;
  } while (after);
  return found;
}

function name(kind) {
  return _(KINDS[kind] || kind);
}

function organisation(one) {
  const said = Object.entries(one.counts).map(([kind, number]) => `${name(kind)} ${number}`).join("、");
  const waits = Object.entries(one.waits).map(([stage, times]) => `${STAGES[stage] || stage} ${seconds(times.p50_s)}`).join("、");
  return [one.name, said || _("无"), waits || _("无"), one.withheld.map((kind) => STAGES[kind] || name(kind)).join("、")];
}

function table(names, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": names[0] }, h("table", {},
    h("thead", {}, h("tr", {}, names.map((one) => h("th", { scope: "col" }, one)))),
    h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((one) => h("td", {}, String(one))))))));
}

/** The six liveliest series; the table beneath says the same to who does not see the curve. */
function curve(place, times, series) {
  const sum = (numbers) => numbers.reduce((all, one) => all + (one || 0), 0);
  const shown = series.toSorted(([, one], [, other]) => sum(other) - sum(one)).slice(0, COLOURS.length);
  if (!shown.length) return;
  const axis = { stroke: getComputedStyle(document.body).color, grid: { stroke: "rgba(128,128,128,.3)" } };
  const clock = (at) => new Date(at * 1000).toLocaleTimeString(language, { timeZone: "Asia/Shanghai", hour12: false, hour: "2-digit", minute: "2-digit" });
  new uPlot({
    width: Math.min(place.clientWidth || 320, 1100), height: 240,
    axes: [{ ...axis, values: (_plot, ticks) => ticks.map(clock) }, axis],
    series: [{ label: _("时间"), value: (_plot, at) => (at ? clock(at) : "") }, ...shown.map(([label], index) => ({ label, stroke: COLOURS[index], width: 2 }))],
  }, [times, ...shown.map(([, numbers]) => numbers)], place);
}
