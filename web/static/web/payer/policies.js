/** Products and policies of the payer, as data: a new one is published here, nothing is deployed. */
import { get } from "../base/api.js";
import { cell, fill, h } from "../base/dom.js";
import { day, yuan } from "../base/format.js";
import { paged, start } from "../base/page.js";
import { _ } from "../base/words.js";

start(async (main) => {
  const products = h("div"), policies = h("div");
  fill(main, h("h2", { class: "weui-cells__title" }, _("产品")), products, h("h2", { class: "weui-cells__title" }, _("保单")), policies);
  await Promise.all([
    paged(products, rows("/api/products", "products"), product, _("还没有产品。")),
    paged(policies, rows("/api/policies", "policies"), policy, _("还没有保单。")),
  ]);
});

function rows(path, name) {
  return async (cursor) => {
    const page = await get(path, { cursor });
    return { rows: page[name], next: page.next };
  };
}

function product(one) {
  const terms = h("div"), code = encodeURIComponent(one.code);
  const made = h("details", { class: "card" }, h("summary", {}, `${one.name} · ${one.code}`), terms);
  made.addEventListener("toggle", async () => {
    if (!made.open || terms.children.length) return;
    const { editions } = await get(`/api/products/${code}`);
    fill(terms, editions.map(edition));
  });
  return made;
}

function edition(one) {
  const { terms } = one;
  const rates = CLASSES.filter((name) => name in (terms.rates_bp || {})).map((name) => `${_(name)} ${terms.rates_bp[name] / 100}%`).join("、");
  const limits = Object.entries(terms.ceilings_fen || {}).map(([name, fen]) => `${LIMITS[name] || name} ${yuan(fen)}`).join("、");
  const said = [[_("版次"), one.edition], [_("生效"), day(one.valid_from)], [_("各类计入比例"), rates], [_("年免赔额"), yuan(terms.deductible_fen || 0)],
    [_("分段赔付"), (terms.tiers || []).map(([from, bp]) => `${yuan(from)}+ ${bp / 100}%`).join("、")], [_("限额"), limits || _("无")], [_("等待期（天）"), terms.waiting_days ?? 0]];
  return h("dl", { class: "facts" }, said.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
}

const CLASSES = ["甲", "乙", "丙"]; // the catalogue's, in its order
const LIMITS = { item: _("每项"), bill: _("每单"), day: _("每天"), year: _("每年"), family: _("家庭每年") };

function policy(one) {
  const insured = typeof one.insured === "number" ? one.insured : (one.people ?? "");
  return cell(one.number, { desc: `${one.product || ""} · ${day(one.valid_from)}–${day(one.valid_until)}`, value: insured === "" ? undefined : _("%(number)s 人", { number: insured }) });
}
