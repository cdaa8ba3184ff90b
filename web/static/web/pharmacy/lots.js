/** The lots that are proposed for each medicine, the boxes scanned, and another choice with its reason. */
import { each } from "../base/api.js";
import { cell, fill, group, h } from "../base/dom.js";
import { _ } from "../base/words.js";
import { byMedicine, named, proposed } from "./shelf.js";

/** Out of which lots the `units` of a prescription's lines come: what is kept while somebody chooses. */
export class Chosen {
  constructor(rx, units) {
    Object.assign(this, { rx, units: { ...units }, boxes: new Map(), picked: new Map(), reason: "", stock: new Map() });
  }

  /** What lies on the shelf of each medicine, read once. */
  async lots() {
    const codes = [...new Set(Object.values(this.rx.lines).map((one) => one.code))];
    await Promise.all(codes.map(async (medicine) => {
      const found = [];
      for await (const lot of each("/api/stock/lots", "lots", { medicine, size: 50 })) found.push(lot);
      this.stock.set(medicine, found);
    }));
  }

  boxesOf(medicine) {
    return [...this.boxes.values()].filter((one) => one.medicine === medicine);
  }

  /** The lots of one medicine: those that the pharmacist chose, or what expires first. */
  taken(medicine, wanted) {
    const found = proposed(this.stock.get(medicine), wanted, this.boxesOf(medicine));
    return this.picked.has(medicine) ? { taken: this.picked.get(medicine), missing: 0 } : found;
  }

  /** The lots as a command names them: of every medicine, or only where somebody chose. */
  named(all) {
    return [...byMedicine(this.rx.lines, this.units)]
      .filter(([code]) => all || this.picked.has(code) || this.boxesOf(code).length)
      .flatMap(([code, units]) => named(this.taken(code, units).taken));
  }

  get why() {
    return this.reason ? { reason: this.reason } : {};
  }
}

export function shelfOf(work) {
  const wanted = [...byMedicine(work.rx.lines, work.units)], place = h("div", {});
  const draw = () => fill(place, group(_("批次（先到期先出）"), wanted.map(([code, units]) => one(work, code, units))));
  draw();
  return [place, boxes(work), choosing(work, wanted, draw)];
}

/** Why the lots that somebody chose cannot be signed for, in words; empty if they can. */
export function wrongLots(work) {
  for (const [code, wanted] of byMedicine(work.rx.lines, work.units)) {
    if (!work.picked.has(code)) continue;
    const picked = work.picked.get(code), units = picked.reduce((sum, one) => sum + one.units, 0);
    if (units !== wanted) return _("%(name)s：各批次共 %(units)s，应为 %(wanted)s。", { name: name(work, code), units, wanted });
    if (!work.reason && skips(work.stock.get(code), picked)) return _("另有批次更早到期；不用它请写明原因。");
  }
  return "";
}

/** Whether something is left of a lot that expires before one that is taken. */
function skips(lots, picked) {
  const usable = lots.filter((lot) => lot.usable && !lot.recalled);
  const units = (lot) => picked.find((one) => one.lot.id === lot.id)?.units || 0;
  const last = usable.findLast((lot) => units(lot) > 0);
  return usable.some((lot) => lot.expires_on < last.expires_on && units(lot) < lot.on_hand);
}

function name(work, code) {
  return Object.values(work.rx.lines).find((line) => line.code === code).generic_name;
}

function one(work, code, units) {
  const { taken, missing } = work.taken(code, units);
  const said = taken.filter((part) => part.units > 0).map(({ lot, units: some }) => _("批号 %(number)s，有效期至 %(day)s，%(units)s 件", { number: lot.number, day: lot.expires_on, units: some }));
  const short = missing ? _("库存缺 %(units)s 件", { units: missing }) : null;
  return h("div", { class: "weui-cell", "data-medicine": code },
    h("span", { class: "weui-cell__bd" }, h("span", {}, name(work, code)),
      said.map((words) => h("span", { class: "weui-cell__desc" }, words)),
      short ? h("span", { class: "bad" }, short) : null));
}

function boxes(work) {
  if (!work.boxes.size) return null;
  const drop = (code) => () => { work.boxes.delete(code); work.draw(); };
  return group(_("已扫追溯码"), [...work.boxes.values()].map((box) =>
    cell(box.code, { desc: _("%(name)s，批号 %(lot)s，点击移除", { name: name(work, box.medicine), lot: box.lot }), value: String(box.units), onclick: drop(box.code) })));
}

/** Other lots than those that expire first, and why. */
function choosing(work, wanted, draw) {
  const rows = wanted.flatMap(([code, units]) => {
    const chosen = new Map(work.taken(code, units).taken.map(({ lot, units: some }) => [lot.id, some]));
    return work.stock.get(code).filter((lot) => lot.usable && !lot.recalled).map((lot) => choice(work, code, lot, chosen, draw));
  });
  const reason = h("input", { class: "weui-input", value: work.reason, maxlength: "200", onchange: (event) => { work.reason = event.target.value.trim(); } });
  return h("details", { class: "card" }, h("summary", {}, _("改用其他批次")), rows,
    h("label", { class: "weui-cell" }, h("span", { class: "weui-cell__hd weui-label" }, _("原因")), h("span", { class: "weui-cell__bd" }, reason)));
}

function choice(work, code, lot, chosen, draw) {
  const input = h("input", {
    type: "number", class: "units", min: "0", max: String(lot.on_hand), value: String(chosen.get(lot.id) || 0), inputmode: "numeric",
    "aria-label": _("批号 %(number)s 的数量", { number: lot.number }),
  });
  input.addEventListener("change", () => {
    chosen.set(lot.id, Math.max(0, Math.floor(Number(input.value) || 0)));
    const all = work.stock.get(code);
    work.picked.set(code, [...chosen].map(([id, units]) => ({ lot: all.find((each) => each.id === id), units })));
    draw();
  });
  const about = _("%(day)s 到期，现有 %(units)s", { day: lot.expires_on, units: lot.on_hand });
  return h("div", { class: "weui-cell" },
    h("span", { class: "weui-cell__bd" }, h("span", {}, `${name(work, code)} ${lot.number}`), h("span", { class: "weui-cell__desc" }, about)),
    h("span", { class: "weui-cell__ft" }, input));
}
