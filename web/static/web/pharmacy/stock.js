/** The shelf: lots by expiry, what expires soon, of one medicine; `#days` narrows it. */
import { get } from "../base/api.js";
import { button, cell, fill, group, h } from "../base/dom.js";
import { attempt, paged, start } from "../base/page.js";
import { _ } from "../base/words.js";
import { finder, nameOf } from "./medicines.js";
import "./refusals.js";

const SOON = [["", "全部"], ["30", "30 天内到期"], ["90", "90 天内到期"], ["180", "180 天内到期"]];

start(async (main) => {
  const place = h("section", { "aria-live": "polite" }), medicine = finder();
  const days = h("select", { name: "days", class: "weui-input", "aria-label": _("近效期") }, SOON.map(([value, words]) => h("option", { value }, _(words))));
  const show = attempt(() => paged(place, (cursor) => lots(medicine.value()?.code, days.value, cursor), (one) => one, _("没有这样的批次。")));
  fill(main,
    group(_("查找"), medicine.view, h("div", { class: "weui-cell" }, h("span", { class: "weui-cell__bd" }, days))),
    h("div", { class: "bar" }, button(_("查找"), show, { kind: "default" })),
    group("", cell(_("入库"), { href: "/pharmacy/receive" }), cell(_("药房间调拨"), { href: "/pharmacy/transfers" })),
    place);
  days.addEventListener("change", show);
  await show();
});

async function lots(medicine, days, cursor) {
  const page = await get("/api/stock/lots", { medicine, days, cursor });
  const rows = await Promise.all(page.lots.map(async (one) => row(one, await nameOf(one.medicine))));
  return { rows, next: page.next };
}

export function state(lot) {
  if (lot.recalled) return _("召回中");
  if (lot.state === "quarantined") return lot.came_back ? _("退回，已隔离") : _("已隔离");
  return lot.usable ? "" : _("已过期");
}

function row(lot, name) {
  const said = state(lot);
  const about = [_("批号 %(number)s", { number: lot.number }), _("有效期至 %(day)s", { day: lot.expires_on }), said].filter(Boolean).join(" · ");
  return cell(name, { desc: about, value: String(lot.on_hand), href: `/pharmacy/lot#${lot.medicine}/${lot.id}`, warn: Boolean(said) });
}
