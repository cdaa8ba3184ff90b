/** One lot, `#MEDICINE/LOT`: count it, put it aside or back, destroy, send to another pharmacy, scan boxes in. */
import { each, get, write } from "../base/api.js";
import { cell, fill, group, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { attempt, empty, fragment, show, start, toast } from "../base/page.js";
import { session } from "../base/session.js";
import { asked } from "../base/sign.js";
import { _ } from "../base/words.js";
import { filled } from "./forms.js";
import { nameOf } from "./medicines.js";
import { bar } from "./bar.js";
import { kindOf } from "./wedge.js";
import "./refusals.js";

start(render);

async function render(main) {
  const [medicine, id] = fragment(), lot = await found(medicine, id);
  if (!lot) return fill(main, empty(_("这个批次已经没有库存。")));
  const [name, { placings }, boxes] = await Promise.all([nameOf(medicine), get(`/api/stock/lots/${id}/state`), boxesOf(id)]);
  const done = async (words) => { toast(words); await show(render); };
  return fill(main,
    bar(attempt((text) => box(lot, text, done)), _("扫描药盒追溯码，登记到本批次")),
    group(name, cell(_("批号"), { value: lot.number }), cell(_("有效期至"), { value: lot.expires_on }), cell(_("现有"), { value: String(lot.on_hand) }), cell(_("其中有追溯码"), { value: String(lot.coded) })),
    group(_("操作"), deeds(lot, boxes, done)),
    boxes.length ? group(_("追溯码"), boxes.map((one) => cell(one.code, { value: String(one.on_hand) }))) : null,
    placings.length ? group(_("隔离记录"), placings.map((one) => cell(one.state === "open" ? _("恢复") : _("隔离"), { desc: one.reason, value: moment(one.at) }))) : null);
}

async function found(medicine, id) {
  for await (const lot of each("/api/stock/lots", "lots", { medicine, size: 50 })) if (lot.id === id) return lot;
  return null;
}

async function boxesOf(id) {
  const found = [];
  for await (const box of each(`/api/stock/lots/${id}/boxes`, "boxes", { size: 50 })) found.push(box);
  return found;
}

/** Of the boxes with codes those that are meant, by their codes; null if the person left. */
async function picked(title, boxes) {
  if (!boxes.length) return [];
  const inputs = boxes.map((one) => h("input", { type: "checkbox", value: one.code }));
  const rows = boxes.map((one, index) => h("label", { class: "weui-cell check" },
    h("span", { class: "weui-cell__hd" }, inputs[index]), h("span", { class: "weui-cell__bd" }, one.code), h("span", { class: "weui-cell__ft" }, String(one.on_hand))));
  if (!(await asked(title, [h("p", {}, _("其中有追溯码的，请勾选。")), rows], _("确定")))) return null;
  return inputs.filter((one) => one.checked).map((one) => one.value);
}

function deeds(lot, boxes, done) {
  const aside = lot.state === "quarantined";
  return [
    cell(_("盘点"), { onclick: attempt(() => count(lot, boxes, done)) }),
    aside ? null : cell(_("隔离"), { onclick: attempt(() => put(lot, "quarantined", done)) }),
    aside && !lot.came_back ? cell(_("恢复上架"), { onclick: attempt(() => put(lot, "open", done)) }) : null,
    aside ? cell(_("销毁"), { warn: true, onclick: attempt(() => destroy(lot, boxes, done)) }) : null,
    aside ? null : cell(_("调拨给其他药房"), { onclick: attempt(() => send(lot, boxes, done)) }),
  ];
}

async function count(lot, boxes, done) {
  const said = await filled(_("盘点"), [["units", _("实有数量"), "number"], ["reason", _("差异原因"), "text", true]]);
  if (!said) return;
  const missing = said.units < lot.on_hand ? await picked(_("少了哪几盒？"), boxes) : [];
  if (!missing) return;
  const { state } = await write("/api/stock/counts", { lot: lot.id, ...said, missing });
  await done(state === "waiting" ? _("差异须由第二人确认。") : _("已盘点。"));
}

async function put(lot, state, done) {
  const said = await filled(state === "open" ? _("恢复上架") : _("隔离"), [["reason", _("原因"), "text"]]);
  if (!said) return;
  await write(`/api/stock/lots/${lot.id}/state`, { state, ...said });
  await done(_("已记录。"));
}

async function destroy(lot, boxes, done) {
  const said = await filled(_("销毁"), [["units", _("数量"), "number"], ["document", _("销毁记录编号"), "text"]]);
  if (!said) return;
  const gone = await picked(_("销毁哪几盒？"), boxes);
  if (!gone) return;
  const { state } = await write(`/api/stock/lots/${lot.id}/destroy`, { ...said, boxes: gone });
  await done(state === "waiting" ? _("须由第二人确认。") : _("已销毁。"));
}

async function send(lot, boxes, done) {
  const { organisations: all } = await get("/api/organisations"), own = session().organisation;
  const others = all.filter((one) => one.kind === "pharmacy" && one.slug !== own);
  const said = await filled(_("调拨给其他药房"), [["to", _("药房"), new Map(others.map((one) => [one.slug, one.name]))], ["units", _("数量"), "number"]]);
  if (!said) return;
  const sent = await picked(_("调拨哪几盒？"), boxes.filter((one) => one.on_hand === one.holds));
  if (!sent) return;
  await write("/api/stock/consignments", { lot: lot.id, ...said, boxes: sent });
  await done(_("已发出，等待对方收货。"));
}

async function box(lot, text, done) {
  if (kindOf(text) !== "box") return toast(_("这不是追溯码。"), "bad");
  await write(`/api/stock/lots/${lot.id}/boxes`, { boxes: [text.trim()] });
  return done(_("已登记追溯码 …%(end)s", { end: text.trim().slice(-6) }));
}

