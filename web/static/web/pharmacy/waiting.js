/** What waits at the pharmacy: to be handed over, to be fetched, parcels coming back; checks, recalls, transfers. */
import { get, write } from "../base/api.js";
import { cell, field, fill, group, h, button } from "../base/dom.js";
import { attempt, empty, paged, start, toast } from "../base/page.js";
import { asked, command } from "../base/sign.js";
import { _ } from "../base/words.js";
import { handing } from "./given.js";
import "./refusals.js";

start(async (main) => {
  const [checks, recalls, transfers] = await Promise.all([
    get("/api/double-checks"), get("/api/stock/recalls", { size: 50 }), get("/api/stock/consignments", { size: 50 }),
  ]);
  const counter = h("div", {}), back = h("div", {});
  const open = recalls.recalls.filter((one) => one.state === "in_force" && !one.collected_at).length;
  const coming = transfers.consignments.filter((one) => one.state === "sent").length;
  fill(main,
    group(_("待办"),
      cell(_("为同事复核"), { href: "/pharmacy/second", value: String(checks.waiting.length) }),
      cell(_("召回待处理"), { href: "/pharmacy/recalls", value: String(open) }),
      cell(_("调拨在途"), { href: "/pharmacy/transfers", value: String(coming) }),
      cell(_("欠药"), { href: "/pharmacy/owed" }),
      cell(_("退药"), { href: "/pharmacy/return" })),
    finding(),
    title(_("柜台")), counter, title(_("退回途中的包裹")), back);
  await paged(counter, rows("/api/counter", "waiting"), waits, _("柜台没有等待的处方。"));
  await paged(back, rows("/api/parcels/coming-back", "parcels"), parcel, _("没有退回途中的包裹。"));
});

function title(words) {
  return h("h2", { class: "weui-cells__title" }, words);
}

function rows(path, name) {
  return async (cursor) => {
    const page = await get(path, { cursor });
    return { rows: page[name], next: page.next };
  };
}

/** Paid: the patient's code opens it, or the order of a courier. Given out: it is handed over here, or to the courier. */
function waits(one) {
  const number = one.prescription.slice(0, 8);
  if (one.status === "paid" && one.way === "courier") {
    return cell(number, { desc: _("已付款，配送到家：点按备药"), onclick: attempt(() => takeUp(one.prescription)) });
  }
  if (one.status === "paid") return cell(number, { desc: _("已付款，等患者出示取药码"), href: "/pharmacy/" });
  if (one.way === "courier") return cell(number, { desc: _("已发药，等待配送员取件") });
  return cell(number, { desc: _("已发药，待交付"), onclick: () => hand(one.prescription) });
}

/** The patient is at home: the authorization to this pharmacy, by courier, stands in for the code. */
async function takeUp(prescription) {
  const { scans } = await write(`/api/prescriptions/${prescription}/take-up`, {});
  location.assign(`/pharmacy/#${scans[0].id}`);
}

function hand(prescription) {
  const sheet = h("section", { class: "card" });
  fill(sheet, handing(prescription, () => fill(sheet, empty(_("药品已交给患者。")))));
  found.replaceChildren(sheet);
  sheet.querySelector("input").focus();
}

const found = h("div", {});

/** By the number of the prescription: what is still owed of it, and the hand-over. */
function finding() {
  const input = h("input", { name: "prescription", autocomplete: "off", spellcheck: "false" });
  const act = attempt(async () => {
    const id = input.value.trim(), { remainder } = await get(`/api/prescriptions/${encodeURIComponent(id)}/dispensing`);
    hand(id);
    if (remainder) found.prepend(group(_("欠药"), Object.entries(remainder.lines).map(([line, units]) => cell(_("第 %(line)s 种药", { line }), { value: String(units) }))));
  });
  return h("section", {},
    group(_("已发药的处方"), field(_("处方编号"), input, _("查欠药，或在柜台交付"))),
    h("div", { class: "bar" }, button(_("查找"), act, { kind: "default" })), found);
}

function parcel(one) {
  const number = one.number || one.prescription.slice(0, 8);
  const shown = cell(number, { desc: one.cold ? _("内有冷藏药品") : null, value: _("收回"), onclick: attempt(async () => {
    if (!(await asked(_("收回包裹"), h("p", {}, number), _("下一步")))) return;
    await command(`/api/prescriptions/${one.prescription}/take-back`, {}, { kind: "pharmacy.take_back", yes: _("签名收回") });
    toast(_("已收回，药品在待处理区。"));
    shown.remove();
  }) });
  return shown;
}
