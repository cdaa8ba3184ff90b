/** Recall a lot of a medicine; how far each recall is. */
import { get } from "../base/api.js";
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, paged, show, start, toast } from "../base/page.js";
import { learn } from "../base/problems.js";
import { command } from "../base/sign.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";

const WHY = { quality: _("质量问题"), contamination: _("污染"), labelling: _("标签错误"), safety: _("安全风险"), other: _("其他原因") };
const ENDS = { finished: _("已完成"), corrected: _("批号有误，另行召回"), unfounded: _("查无依据") };
const GRADES = { 1: _("一级（最严重）"), 2: _("二级"), 3: _("三级") };

learn({
  "recall.in_force": "该批号或该药品的全部批号已在召回中。", "recall.lifted": "这次召回已经结束。", "recall.other_authority": "这次召回由其他监管部门发起，由其结束。",
  "medicine.unknown": "没有这种药品，请从列表中选择。",
});
start(render);

async function render(main) {
  const made = h("div"), known = await organisations();
  fill(main, form(() => show(render)), h("h2", { class: "weui-cells__title" }, _("全部召回")), made);
  const load = async (cursor) => {
    const page = await get("/api/recalls", { cursor });
    return { rows: page.recalls, next: page.next };
  };
  await paged(made, load, (one) => recall(one, known), _("没有召回。"));
}

function choice(words) {
  return h("select", { class: "weui-select" }, Object.entries(words).map(([value, said]) => h("option", { value }, said)));
}

function form(again) {
  const medicine = h("input", { name: "medicine", autocomplete: "off", maxlength: "40", placeholder: _("名称、拼音或编码") }), found = h("div");
  const number = h("input", { name: "number", autocomplete: "off", maxlength: "40" }), grade = choice(GRADES), reason = choice(WHY);
  medicine.addEventListener("input", attempt(() => suggest(medicine, found)));
  const sign = attempt(async () => {
    if (!medicine.value.trim()) return toast(_("请选择药品。"), "bad");
    const body = { medicine: medicine.value.trim(), number: number.value.trim(), grade: Number(grade.value), reason: reason.value };
    await command("/api/recalls", body, { kind: "pharmacy.recall" });
    toast(_("召回已生效，各药房立即停发。"));
    return again();
  });
  return [
    group(_("发起召回"), field(_("药品"), medicine), found, field(_("批号"), number, _("留空表示全部批号")), field(_("级别"), grade), field(_("原因"), reason)),
    h("div", { class: "bar" }, button(_("签名并召回"), sign, { kind: "warn" })),
  ];
}

async function suggest(input, place) {
  const asked = input.value.trim();
  if (asked.length < 2) return fill(place);
  const { medicines } = await get("/api/medicines", { q: asked, size: 8 });
  if (input.value.trim() !== asked) return place;
  return fill(place, medicines.map((one) => cell(one.generic_name, {
    desc: `${one.specification} · ${one.code}`,
    onclick: () => { input.value = one.code; fill(place); },
  })));
}

function recall(one, known) {
  const far = h("div"), end = choice(ENDS);
  end.setAttribute("aria-label", _("结束的原因"));
  const look = attempt(async () => fill(far, progress(await get(`/api/recalls/${one.id}/progress`), known)));
  const lift = attempt(async () => {
    await command(`/api/recalls/${one.id}/lift`, { reason: end.value }, { kind: "pharmacy.lift" });
    show(render);
  });
  return h("section", { class: "card", "data-recall": one.id },
    h("h2", {}, `${one.generic_name} · ${one.number || _("全部批号")}`),
    h("p", { class: "quiet" }, one.medicine),
    h("p", {}, `${GRADES[one.grade]} · ${WHY[one.reason]} · ${moment(one.recalled_at)}`, one.lifted_at ? ` · ${ENDS[one.lift_reason]}` : ""),
    far,
    h("div", { class: "bar" }, button(_("进展"), look, { kind: "default", small: true }), one.lifted_at ? null : [end, button(_("结束召回"), lift, { kind: "default", small: true })]));
}

function progress(one, known) {
  const few = _("不足 5 人，不显示");
  const rows = [[_("已通知患者"), one.told ?? few], [_("通知期限"), moment(one.notify_by)], [_("批号不明的数量"), one.unregistered]];
  const shelves = one.pharmacies.map((it) => [known.get(it.pharmacy) || it.pharmacy, [_("现存 %(units)s", it), it.collected_at ? _("已封存 %(collected_units)s", it) : _("尚未封存")].join(" · ")]);
  return h("dl", { class: "facts" }, [...rows, ...shelves].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
}
