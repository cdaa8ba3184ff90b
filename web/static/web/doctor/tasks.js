/** What waits for the doctor: pharmacists' requests, colleagues' prescriptions and pleas, corrections. */
import { get } from "../base/api.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { ago, moment } from "../base/format.js";
import { attempt, paged, show, start, toast } from "../base/page.js";
import { asked, command } from "../base/sign.js";
import { _ } from "../base/words.js";
import * as requested from "./requests.js";

start(render);

async function render(main) {
  const again = () => show(render);
  const [{ requests }, { pleas }] = await Promise.all([get("/api/change-requests"), get("/api/break-glass")]);
  const pending = h("div", {}), corrections = h("div", {});
  await Promise.all([
    paged(pending, load("/api/countersignatures", "prescriptions"), countersigned, _("没有等待会签的处方")),
    paged(corrections, load("/api/corrections/awaiting", "corrections"), correction, _("没有等待答复的更正请求")),
  ]);
  fill(main, h("div", { class: "columns" },
    section("requests", _("药师请求修改"), requests.length ? requests.map((one) => request(one, again)) : none(_("没有等待答复的请求"))),
    section("countersign", _("等待会签"), pending),
    section("pleas", _("等待第二名医师签署的紧急查看"), pleas.length ? group("", pleas.map((one) => plea(one, again))) : none(_("没有等待签署的紧急查看"))),
    section("corrections", _("患者请求更正记录"), corrections)));
}

function section(name, title, ...content) {
  return h("section", { "data-list": name }, h("h2", { class: "weui-cells__title" }, title), content);
}

function none(words) {
  return h("div", { class: "state", "data-state": "empty" }, h("p", {}, words));
}

function load(path, name) {
  return async (cursor) => {
    const page = await get(path, { cursor });
    return { rows: page[name], next: page.next };
  };
}

/** Answered by another content, or by leaving it as it is. */
function request(one, again) {
  const told = (words) => { toast(words); again(); };
  return requested.shown(one, h("p", { class: "tip" }, ago(one.asked_at)),
    h("div", { class: "bar" },
      h("a", { class: "weui-btn weui-btn_primary", href: `/doctor/change#${one.prescription}` }, _("修改处方")),
      button(_("不修改"), attempt(() => requested.keep(`/api/prescriptions/${one.prescription}`, told)), { kind: "default" }),
      h("a", { class: "weui-btn weui-btn_default", href: `/doctor/prescription#${one.prescription}` }, _("查看处方"))));
}

function countersigned(one) {
  return cell(_("同事开具的处方"), { desc: ago(one.created_at), value: _("有效期至 %(at)s", { at: moment(one.valid_until) }), href: `/doctor/countersign#${one.id}` });
}

function correction(one) {
  return cell(_("更正请求"), { desc: ago(one.asked_at), value: one.overdue ? _("已超期") : _("答复期限 %(at)s", { at: moment(one.answer_until) }), warn: one.overdue, href: `/doctor/correction#${one.id}` });
}

/** The colleague's reason is read first (the look is recorded), then the second signature opens the glass. */
function plea(one, again) {
  const second = attempt(async () => {
    const path = `/api/break-glass/${one.id}`;
    const { reason } = await get(path);
    const agreed = await asked(_("紧急查看"), [h("p", { class: "words" }, reason), h("p", {}, _("签署后同事可立即查看患者的处方历史；患者会看到，监管部门会审查。"))], _("下一步"));
    if (!agreed) return;
    await command(`${path}/second`, {}, { kind: "emergency.open" });
    toast(_("已签署，紧急查看开启"));
    again();
  });
  return cell(_("同事的紧急查看请求"), { desc: ago(one.pleaded_at), value: _("%(at)s 前有效", { at: moment(one.until) }), onclick: second });
}
