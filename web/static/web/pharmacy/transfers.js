/** Goods between pharmacies: what comes is accepted or refused, what was sent is taken back. */
import { get, write } from "../base/api.js";
import { button, cell, fill, h } from "../base/dom.js";
import { attempt, paged, show, start, toast } from "../base/page.js";
import { session } from "../base/session.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { filled } from "./forms.js";
import { nameOf } from "./medicines.js";
import "./refusals.js";

const STATES = { sent: "在途", refused: "已拒收，待取回", accepted: "已收货", returned: "已取回" };
const STORAGE = new Map([["", "未注明"], ["room", "常温"], ["cool", "阴凉"], ["cold", "冷藏"]]);

start(render);

async function render(main) {
  const names = await organisations();
  await paged(main, async (cursor) => {
    const page = await get("/api/stock/consignments", { cursor });
    const rows = await Promise.all(page.consignments.map(async (one) => row(one, await nameOf(one.medicine), names)));
    return { rows, next: page.next };
  }, (one) => one, _("没有调拨记录。"));
}

function row(one, name, names) {
  const mine = one.from === session().organisation, other = mine ? one.to : one.from;
  const who = mine ? _("发往 %(name)s", { name: names.get(other) || other }) : _("来自 %(name)s", { name: names.get(other) || other });
  const about = [who, _("批号 %(number)s", { number: one.number }), _("有效期至 %(day)s", { day: one.expires_on }), _(STATES[one.state]), one.reason].filter(Boolean).join(" · ");
  const acts = mine ? (["sent", "refused"].includes(one.state) ? [back(one)] : []) : one.state === "sent" ? [accept(one), refuse(one)] : [];
  return h("div", {}, cell(name, { desc: about, value: String(one.units) }), acts.length ? h("div", { class: "bar" }, acts) : null);
}

function deed(one, words, verb, fields, kind) {
  return button(words, attempt(async () => {
    const said = await filled(words, fields);
    if (!said) return;
    await write(`/api/stock/consignments/${one.id}/${verb}`, said);
    toast(_("已记录。"));
    await show(render);
  }), { kind, small: true });
}

const accept = (one) => deed(one, _("收货"), "accept", [["storage", _("运输温度"), new Map([...STORAGE].map(([value, words]) => [value, _(words)])), true]], "primary");
const refuse = (one) => deed(one, _("拒收"), "refuse", [["reason", _("原因"), "text"]], "default");
const back = (one) => deed(one, _("取回"), "take-back", [["reason", _("原因"), "text"]], "default");
