/** The month's sample: which prescriptions were drawn, which are judged; a case opens on its own page. */
import { get } from "../base/api.js";
import { button, cell, fill, h } from "../base/dom.js";
import { day } from "../base/format.js";
import { attempt, empty, failed, paged, start } from "../base/page.js";
import { _ } from "../base/words.js";
import { facts, labelled } from "../doctor/controls.js";
import { VERDICTS, lastMonth } from "./codes.js";

start(async (main) => {
  const month = h("input", { type: "month", value: lastMonth(), required: true }), place = h("div", { "data-list": "cases" });
  const ask = attempt(() => shown(place, month.value));
  fill(main, h("div", { class: "card" }, labelled(_("月份"), month), h("div", { class: "bar" }, button(_("查看抽样"), ask))), place);
  await shown(place, month.value);
});

async function shown(place, month) {
  const head = h("section", { class: "card" }), list = h("div", {});
  try {
    await paged(list, async (after) => {
      const page = await get("/api/appraisals", { month, after });
      fill(head, facts([[_("抽样总体"), _("%(number)s 张", { number: page.population })], [_("抽样种子"), `${page.seed.slice(0, 16)}…`], [_("抽取时间"), day(page.drawn_at)]]));
      return { rows: page.cases, next: page.next };
    }, row, _("这个月没有抽到处方"));
    fill(place, head, list);
  } catch (fault) {
    fill(place, fault.code === "appraisal.not_drawn" ? empty(_("这个月还没有抽样")) : failed(fault, attempt(() => shown(place, month))));
  }
}

function row(one) {
  return cell(_("第 %(number)s 号", one), {
    desc: [day(one.issued_at), ...one.problems].join(" · "), value: one.verdict ? VERDICTS[one.verdict] : _("待点评"), href: `/reviewer/case#${one.prescription}`,
  });
}
