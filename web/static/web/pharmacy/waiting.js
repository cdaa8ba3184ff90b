/** What waits at the pharmacy: parcels that come back, checks for colleagues, recalls, transfers. */
import { get } from "../base/api.js";
import { button, cell, field, fill, group, h } from "../base/dom.js";
import { attempt, empty, start, toast } from "../base/page.js";
import { command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { handing } from "./given.js";
import "./refusals.js";

start(async (main) => {
  const [checks, recalls, transfers] = await Promise.all([
    get("/api/double-checks"), get("/api/stock/recalls", { size: 50 }), get("/api/stock/consignments", { size: 50 }),
  ]);
  const back = h("section", {});
  const open = recalls.recalls.filter((one) => one.state === "in_force" && !one.collected_at).length;
  const coming = transfers.consignments.filter((one) => one.state === "sent").length;
  fill(main,
    group(_("待办"),
      cell(_("为同事复核"), { href: "/pharmacy/second", value: String(checks.waiting.length) }),
      cell(_("召回待处理"), { href: "/pharmacy/recalls", value: String(open) }),
      cell(_("调拨在途"), { href: "/pharmacy/transfers", value: String(coming) }),
      cell(_("退药"), { href: "/pharmacy/return" })),
    counter(), back);
  await comingBack(back);
});

/** Somebody fetches what was given out earlier: by the number of the prescription. */
function counter() {
  const input = h("input", { name: "prescription", autocomplete: "off", spellcheck: "false" }), place = h("div", {});
  const act = attempt(async () => {
    const id = input.value.trim();
    const found = await get(`/api/prescriptions/${encodeURIComponent(id)}/dispensing`);
    const owed = found.remainder ? Object.entries(found.remainder.lines).map(([line, units]) => cell(_("第 %(line)s 种药", { line }), { value: String(units) })) : [];
    fill(place, owed.length ? group(_("欠药"), owed) : null, handing(id, () => fill(place, empty(_("药品已交给患者。")))));
  });
  return h("section", {},
    group(_("已发药的处方"), field(_("处方编号"), input, _("查欠药，或在柜台交付"))),
    h("div", { class: "bar" }, button(_("查找"), act, { kind: "default" })), place);
}

async function comingBack(place) {
  const cells = h("div", { class: "weui-cells" }), more = h("div", { class: "more" });
  fill(place, h("h2", { class: "weui-cells__title" }, _("退回途中的包裹")), cells, more);
  async function next(cursor) {
    const page = await get("/api/parcels/coming-back", { cursor });
    cells.append(...page.parcels.map(parcel));
    fill(more, page.next ? button(_("更多"), () => next(page.next), { kind: "default" }) : null);
    if (!cells.children.length) fill(cells, empty(_("没有退回途中的包裹。")));
  }
  await next();
}

function parcel(one) {
  const title = one.number || one.prescription, shown = h("div", {});
  const act = attempt(async () => {
    await command(`/api/prescriptions/${one.prescription}/take-back`, {}, { kind: "pharmacy.take_back", yes: _("签名收回") });
    toast(_("已收回，药品在待处理区。"));
    shown.remove();
  });
  return fill(shown, cell(title, { desc: one.cold ? _("内有冷藏药品") : null, value: h("span", {}, _("收回")), onclick: act }));
}
