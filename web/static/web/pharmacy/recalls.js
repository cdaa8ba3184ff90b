/** Recalls that concern this pharmacy, and one of them, `#RECALL`: its lots here, what was given out, collected. */
import { get, write } from "../base/api.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, fragment, paged, show, start, toast } from "../base/page.js";
import { _ } from "../base/words.js";
import { nameOf } from "./medicines.js";
import "./refusals.js";

const WHY = { quality: _("质量问题"), contamination: _("污染"), labelling: _("标签错误"), safety: _("安全风险"), other: _("其他原因") };

start(render);

async function render(main) {
  const [id] = fragment();
  if (id) return one(main, id);
  return paged(main, async (cursor) => {
    const page = await get("/api/stock/recalls", { cursor });
    return { rows: await Promise.all(page.recalls.map(row)), next: page.next };
  }, (shown) => shown, _("没有与本药房有关的召回。"));
}

async function row(recall) {
  const state = recall.state === "lifted" ? _("已结束") : recall.collected_at ? _("已下架") : _("待下架");
  const about = [_("批号 %(number)s", { number: recall.number || _("全部") }), _("%(grade)s级召回", recall), state].join(" · ");
  return cell(await nameOf(recall.medicine), { desc: about, href: `#${recall.id}`, warn: state === _("待下架") });
}

async function one(main, id) {
  const [recall, list] = await Promise.all([get(`/api/recalls/${id}/here`), get("/api/stock/recalls", { size: 50 })]);
  const collected = list.recalls.find((each) => each.id === id)?.collected_at;
  const act = attempt(async () => {
    await write(`/api/recalls/${id}/collect`, {});
    toast(_("已确认下架。"));
    await show(render);
  });
  fill(main,
    group(await nameOf(recall.medicine), cell(_("批号"), { value: recall.number || _("全部") }), cell(_("级别"), { value: String(recall.grade) }),
      cell(_("原因"), { value: WHY[recall.reason] }), cell(_("通知患者期限"), { value: moment(recall.notify_by) })),
    group(_("本药房的批次"), recall.lots.map((lot) => cell(lot.number, { value: String(lot.on_hand), href: `/pharmacy/lot#${recall.medicine}/${lot.id}` }))),
    group(_("已发出的处方：%(number)s", { number: recall.prescriptions.length + (recall.next ? "+" : "") }), recall.prescriptions.map((each) => cell(each.id, { href: `/pharmacy/return#${each.id}` }))),
    recall.state === "in_force" && !collected ? h("div", { class: "bar" }, button(_("确认已下架"), act)) : null);
}
