/**
 * The parcels of the caller's company, and one of them at `#RX`. Opening the list is a recorded look
 * at addresses: one page is asked for at a time, and kept only as long as the page is open.
 */
import { each, get } from "../base/api.js";
import { button, cell, fill, h } from "../base/dom.js";
import { attempt, empty, fragment, start } from "../base/page.js";
import { organisations } from "../base/statement.js";
import { _ } from "../base/words.js";
import { shown } from "./parcel.js";
import "./refusals.js";

const GROUPS = [["dispensed", "待取件"], ["in_transit", "配送中"]];
const known = new Map();

start(async (main) => {
  const [prescription] = fragment(), names = await organisations();
  if (prescription) return one(main, prescription, names);
  return all(main, names);
});

async function all(main, names) {
  const places = new Map(GROUPS.map(([status]) => [status, h("div", { class: "weui-cells" })]));
  const more = h("div", { class: "more" }), none = empty(_("目前没有包裹。"));
  fill(main, none, GROUPS.map(([status, title]) => section(_(title), places.get(status))), more);
  async function next(cursor) {
    const page = await get("/api/parcels", { cursor });
    for (const parcel of page.parcels) places.get(parcel.status)?.append(row(parcel, names));
    for (const place of places.values()) place.parentElement.hidden = !place.children.length;
    none.hidden = [...places.values()].some((place) => place.children.length);
    fill(more, page.next ? button(_("更多"), attempt(() => next(page.next)), { kind: "default" }) : null);
  }
  await next();
}

function section(title, cells) {
  return h("section", { hidden: true }, h("h2", { class: "weui-cells__title" }, title), cells);
}

/** What waits is named by its pharmacy; the address is shown once it is to be brought there. */
function row(parcel, names) {
  known.set(parcel.prescription, parcel);
  const where = parcel.status === "in_transit" ? parcel.to.text : names.get(parcel.from) || parcel.from;
  const failed = parcel.failed ? _("已失败 %(times)s 次", { times: parcel.failed }) : null;
  const notes = [parcel.cold ? _("冷藏") : null, failed, parcel.number].filter(Boolean);
  return cell(where, { desc: notes.join(" · ") || null, href: `#${parcel.prescription}` });
}

async function one(main, prescription, names) {
  if (!known.has(prescription)) {
    for await (const parcel of each("/api/parcels", "parcels", { size: 50 })) known.set(parcel.prescription, parcel);
  }
  const parcel = known.get(prescription);
  if (!parcel) return fill(main, empty(_("这个包裹不在您这里了。")), back());
  return shown(main, parcel, names, () => known.delete(prescription));
}

function back() {
  return h("div", { class: "bar" }, h("a", { class: "weui-btn weui-btn_default", href: "#" }, _("全部包裹")));
}
