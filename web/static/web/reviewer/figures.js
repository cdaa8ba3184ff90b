/** How the hospital's reviews went in a month, and what its appraised sample comes to. */
import { get } from "../base/api.js";
import { button, fill, group, h } from "../base/dom.js";
import { attempt, empty, failed, start } from "../base/page.js";
import { _ } from "../base/words.js";
import { clock, facts, labelled } from "../doctor/controls.js";
import { RETURN_REASONS, WARNINGS, named } from "../doctor/terms.js";
import { VERDICTS } from "./codes.js";

start(async (main) => {
  const now = new Date().toLocaleDateString("sv", { timeZone: "Asia/Shanghai" }).slice(0, 7);
  const month = h("input", { type: "month", value: now, required: true }), place = h("div", { class: "columns" });
  fill(main, h("div", { class: "card" }, labelled(_("月份"), month), h("div", { class: "bar" }, button(_("查看"), attempt(() => shown(place, month.value))))), place);
  await shown(place, month.value);
});

async function shown(place, month) {
  const [reviewed, appraised] = await Promise.all([part(reviews, "/api/reviews/statistics", month), part(appraisals, "/api/appraisals/statistics", month)]);
  fill(place, reviewed, appraised);
}

async function part(draw, path, month) {
  try {
    return draw(await get(path, { month }));
  } catch (fault) {
    return fault.code === "appraisal.not_drawn" ? group(_("处方点评"), empty(_("这个月还没有抽样"))) : failed(fault, () => location.reload());
  }
}

function reviews(found) {
  const seconds = (one) => (one === null ? _("无") : clock(one));
  return group(_("处方审核"), h("div", { class: "card" },
    facts([
      [_("已审核"), found.reviewed], [_("通过"), found.approved], [_("退回"), total(found.returned)], [_("待复核"), found.checked],
      [_("等待中位数（分:秒）"), seconds(found.waited_median_s)], [_("等待95百分位（分:秒）"), seconds(found.waited_p95_s)],
      [_("超过%(number)s分钟", { number: found.timeout_min }), found.overdue],
    ].map(([name, value]) => [name, String(value)])),
    facts(Object.entries(found.returned).map(([reason, number]) => [_("退回：%(reason)s", { reason: named(RETURN_REASONS, reason) }), String(number)])),
    rules(found.rules)));
}

function total(counts) {
  return Object.values(counts).reduce((sum, one) => sum + one, 0);
}

/** The warnings that the reviewed contents bore, and what was decided of them. */
function rules(found) {
  const names = Object.keys(found);
  if (!names.length) return null;
  const columns = Object.keys(found[names[0]]);
  const words = { reviewed: _("审核"), approved: _("通过"), returned: _("退回"), checked: _("待复核") };
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": _("各项提示") }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, _("提示")), columns.map((one) => h("th", { scope: "col" }, words[one] ?? one)))),
    h("tbody", {}, names.map((rule) => h("tr", {}, h("th", { scope: "row" }, named(WARNINGS, rule)), columns.map((one) => h("td", { class: "number" }, String(found[rule][one] ?? ""))))))));
}

function appraisals(found) {
  const share = found.reasonable_bp === null ? _("无") : `${(found.reasonable_bp / 100).toFixed(2)} %`;
  return group(_("处方点评"), h("div", { class: "card" }, facts([
    [_("抽样总体"), String(found.population)], [_("已点评"), String(found.judged)], [_("合理率"), share],
    ...Object.entries(found.verdicts).map(([verdict, number]) => [VERDICTS[verdict], String(number)]),
  ])));
}
